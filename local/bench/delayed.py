"""AWS and a payment provider as far away as they are: what `answering.py` says, after a while.

`python -m local.bench.delayed <store ms> <provider ms>` prints its URL, and reads the workers' as
JSON, by their providers' names. A call of the table waits as long as DynamoDB takes, an invocation
of a worker is handed on to the real function (hosted.py), and the provider cancels whatever it is
asked to, after its own time.
"""

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from typing import Any
from urllib.request import Request, urlopen

from local.bench import stub
from local.bench.answering import World
from local.bench.plain_http import serving
from local.isolation import isolate_this_process

OF_THE_TABLE = frozenset({"Query", "GetItem", "UpdateItem"})
LONG = 30


class FarWorld:
    """`workers` are set once they are there: they have to be told of this AWS first."""

    def __init__(self, store_ms: float, provider_url: str) -> None:
        self.workers: dict[str, str] = {}
        self._seconds = store_ms / 1000
        self._near = World()
        self._secret = {"environment": "sandbox", "secretKey": "sk_test_1", "baseUrl": provider_url}

    def __call__(self, operation: str, request: dict[str, Any]) -> tuple[int, Any]:
        if operation == "Invoke":
            return 200, self._work(request)
        if operation == "StartSyncExecution":
            return 200, self._execute(request)
        if operation == "GetSecretValue":
            said = {"Name": request["SecretId"], "SecretString": json.dumps(self._secret)}
            return 200, said
        status, answer = self._near(operation, request)
        if operation in OF_THE_TABLE:
            time.sleep(self._seconds)
        if operation == "Query":
            answer = answer | {"Items": self._spread(answer["Items"])}
        return status, answer

    def _spread(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The session is the first item, its transactions are the providers' in turn."""
        names = [{"provider": {"S": name}} for name in self.workers]
        session, *transactions = items
        return [session, *(item | name for item, name in zip(transactions, cycle(names)))]

    def _execute(self, request: dict[str, Any]) -> dict[str, Any]:
        order = json.loads(request["input"])
        groups = [order | group for group in order.pop("groups")]
        with ThreadPoolExecutor(len(groups)) as pool:
            output = json.dumps(list(pool.map(self._work, groups)))
        return {
            "executionArn": "arn", "startDate": 0, "stopDate": 0,
            "status": "SUCCEEDED", "output": output,
        }  # fmt: skip

    def _work(self, message: dict[str, Any]) -> Any:
        url = self.workers[message["provider"]]
        with urlopen(Request(url, json.dumps(message).encode()), timeout=LONG) as answer:  # noqa: S310 - on 127.0.0.1
            return json.load(answer)


@contextmanager
def provider(milliseconds: float) -> Iterator[str]:
    """The URL of one that cancels any PaymentIntent, and takes so long."""

    def respond(head: str, body: bytes) -> tuple[int, bytes]:  # noqa: ARG001
        time.sleep(milliseconds / 1000)
        return 200, b'{"id":"pi_1","object":"payment_intent","status":"canceled"}'

    with serving(respond) as url:
        yield url


def main() -> None:
    isolate_this_process()
    store_ms, provider_ms = map(float, sys.argv[1:])
    with provider(provider_ms) as url:
        world = FarWorld(store_ms, url)
        with stub.listening(world) as aws:
            print(aws, flush=True)
            world.workers = json.loads(sys.stdin.readline())
            sys.stdin.read()


if __name__ == "__main__":
    main()

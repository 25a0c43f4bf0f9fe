"""A handler in a process of its own, called again and again: see subjects.py, which starts it.

It reads what to do, a line of JSON each, and answers with what the requests took.
"""

import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.transactions import Transaction, TransactionStatus
from local.bench.cases import Case, Event, bare, of_every_handler, of_the_stream
from local.bench.owners import Owners
from local.places import ROOT

Handler = Callable[[Event, object], Any]


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda tells a function of its own call."""

    function_name: str = "measured"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:measured"
    aws_request_id: str = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"

    def get_remaining_time_in_millis(self) -> int:
        return 90_000


@dataclass(frozen=True, slots=True)
class Confirming:
    """A provider that cancels at once, and takes no time for it: an adapter's own comes on top."""

    name: str
    supports_cancel: bool = True
    supports_retrieve: bool = True

    def cancel(self, transaction: Transaction, key: str, timeout: float) -> ProviderAnswer:  # noqa: ARG002
        return ProviderAnswer(CancelOutcome.CANCELLED)

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:  # noqa: ARG002
        return ProviderStatus(TransactionStatus.CANCELLED)


def _confirm_at_once() -> None:
    # Here, since it brings Powertools along, which adds to every call: the bare handler has none.
    from checkout.providers import registry

    vars(registry)["provider_of"] = lambda parts: Confirming(parts.name)


class Subject:
    """`name` is a case's. The batches of the stream are named by their size."""

    def __init__(self, name: str, sizes: list[int]) -> None:
        cases = [bare(), *of_every_handler(), *of_the_stream(sizes)]
        self._case = next(each for each in cases if each.name == name)
        if self._case.resource:
            _confirm_at_once()
        self._handler = _handler(self._case)
        self._made = 0

    def times(self, requests: int) -> dict[str, list[float]]:
        """In milliseconds: of the processor, all threads together, and on the wall."""
        processor, wall = [], []
        for event in self._events(requests):
            began, cpu = time.perf_counter(), time.process_time()
            answer = self._handler(event, Context())
            processor.append(1000 * (time.process_time() - cpu))
            wall.append(1000 * (time.perf_counter() - began))
            self._check(answer)
        return {"processor": processor, "wall": wall}

    def profile(self, requests: int) -> dict[str, Any]:
        owners, events = Owners(), self._events(requests)
        with owners.watching():
            answers = [self._handler(event, Context()) for event in events]
        for each in answers:
            self._check(each)
        return {"shares": owners.shares(), "calls": owners.calls / requests}

    def _events(self, requests: int) -> list[Event]:
        first = self._made
        self._made += requests
        return [self._case.event(each) for each in range(first, self._made)]

    def _check(self, answer: Any) -> None:
        if not self._case.right(answer):
            raise AssertionError(f"{self._case.name}: {answer}")


def _handler(case: Case) -> Handler:
    folder = ROOT / "functions" / case.folder
    path = folder / "app.py" if case.resource else ROOT / "local" / "bench" / "bare.py"
    return loaded(path)


def loaded(path: Path) -> Handler:
    spec = importlib.util.spec_from_file_location("app", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Handler = module.handler
    return handler


@contextmanager
def answers() -> Iterator[TextIO]:
    """Where our answers go. What the handler prints goes nowhere, by the same way as on Lambda."""
    with os.fdopen(os.dup(1), "w") as out, open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 1)
        yield out


def main() -> None:
    name, *sizes = sys.argv[1:]
    with answers() as out:
        subject = Subject(name, [int(each) for each in sizes])
        for line in sys.stdin:
            asked = json.loads(line)
            answer = getattr(subject, asked["of"])(asked["requests"])
            print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()

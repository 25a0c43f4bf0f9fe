"""One function of ours in a process of its own, invoked by HTTP on 127.0.0.1.

`python -m local.bench.hosted <resource>` prints its URL, then what each invocation took.
"""

import json
import sys
import time

from local.bench.measured import Context, answers, loaded
from local.bench.plain_http import serving
from local.places import ROOT
from tests.template.cloudformation import properties


def _every_provider_is_stripe() -> None:
    # The real adapter over real HTTP, for as many providers as there are names.
    from checkout.providers import registry

    registry.PROVIDERS.update(dict.fromkeys(registry.PROVIDERS, registry.PROVIDERS["stripe"]))


def main() -> None:
    with answers() as out:
        _every_provider_is_stripe()
        handler = loaded(ROOT / properties(sys.argv[1])["CodeUri"] / "app.py")

        def invoke(head: str, body: bytes) -> tuple[int, bytes]:  # noqa: ARG001
            event = json.loads(body)
            began = time.perf_counter()
            answer = handler(event, Context())
            print(1000 * (time.perf_counter() - began), file=out, flush=True)
            return 200, json.dumps(answer).encode()

        # Lambda gives an environment one call at a time.
        with serving(invoke, one_at_a_time=True) as url:
            print(url, file=out, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()

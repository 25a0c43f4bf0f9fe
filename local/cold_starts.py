"""Cold starts of the workers, side by side, under AWS's Runtime Interface Emulator.

`make cold-starts`. Each round starts every provider's worker once, in an environment of its own,
with an order that names no transaction: so what is measured is the start of the runtime, all
imports, and the making of the adapter with its clients, and no network. In one run the numbers
compare; from one machine to another, or one hour to the next, they do not.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from checkout.providers.registry import PROVIDERS
from local import build, listeners, show
from local.console import Problem, run, say, step
from local.isolation import isolated
from local.places import BUILD, LOCAL, ROOT, tool
from local.waiting import wait_until

SANDBOX = "sandbox"
# A provider's worker may take this much more than the sandbox's.
LIMIT = 1.15
# Seconds.
LONG = 60
EVENT = ROOT / "events" / "cancel_transactions.json"
RIE = LOCAL / "cache" / "aws-lambda-rie"
# No function of a real provider needs more than these, and the sandbox's needs one more.
VARIABLES = {
    "TABLE_NAME": "checkout",
    "SANDBOX_LEDGER_TABLE_NAME": "ledger",
    "SECRETS_PREFIX": "stack/",
    "POWERTOOLS_SERVICE_NAME": "checkout",
    "POWERTOOLS_METRICS_NAMESPACE": "cold-starts",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "AWS_LAMBDA_FUNCTION_TIMEOUT": "12",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
}


def emulator() -> Path:
    """The emulator, as it comes with SAM, made executable."""
    name = f"aws-lambda-rie-{build.this_machine().architecture}"
    found = next((LOCAL / "env" / "sam").glob(f"lib/*/site-packages/samcli/local/rapid/{name}"))
    RIE.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(found, RIE)
    RIE.chmod(0o755)
    return RIE


@contextmanager
def worker(rie: Path, provider: str, log: Path) -> Iterator[str]:
    """The URL that invokes it."""
    layer, code = BUILD / "CheckoutLayer" / "python", BUILD / "CancelWithStripeFunction"
    environment = isolated(os.environ) | VARIABLES | {
        "PROVIDER": provider,
        "PYTHONPATH": f"{layer}{os.pathsep}{code}",
        "AWS_LAMBDA_FUNCTION_NAME": f"cancel-with-{provider}",
    }  # fmt: skip
    ports = [listeners.any_free_port() for _ in range(2)]
    command = [
        str(rie),
        "--runtime-interface-emulator-address", f"127.0.0.1:{ports[0]}",
        "--runtime-api-address", f"127.0.0.1:{ports[1]}",
        str(tool("ric", "python")), "-m", "awslambdaric", "app.handler",
    ]  # fmt: skip
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=environment, stdout=out, stderr=out, start_new_session=True
        )
        try:
            wait_until(lambda: not listeners.is_free(ports[0]), "the emulator listens", LONG, 0.01)
            yield f"http://127.0.0.1:{ports[0]}/2015-03-31/functions/function/invocations"
        finally:
            # And the runtime, which is a child of it.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def cold_start(rie: Path, provider: str, log: Path) -> float:
    """Milliseconds of the first call. Raises Problem: it did not answer as it should."""
    order = {**json.loads(EVENT.read_text()), "provider": provider, "transactions": []}
    with worker(rie, provider, log) as url:
        request = Request(url, json.dumps(order).encode())  # noqa: S310 - our own, on 127.0.0.1
        began = time.perf_counter()
        with urlopen(request, timeout=LONG) as answer:  # noqa: S310
            said = json.loads(answer.read())
        took = 1000 * (time.perf_counter() - began)
    if said != {"provider": provider, "outcomes": []}:
        raise Problem(f"The worker of {provider} did not answer as it should; its log is {log}.")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(prog="make cold-starts")
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    build.build(build.this_machine(), BUILD)
    rie, log = emulator(), LOCAL / "logs" / "cold-starts.log"
    names = [name for name in PROVIDERS if not name.startswith(f"{SANDBOX}-")]
    times: dict[str, list[float]] = {name: [] for name in names}
    with step(f"{rounds} cold starts of each of {len(names)} workers"):
        for turn in range(rounds + 1):
            for name in names:
                took = cold_start(rie, name, log)
                if turn:  # the first round only fills the caches of the disk
                    times[name].append(took)
    report(times)


def report(times: dict[str, list[float]]) -> None:
    """By the fastest, which noise disturbs least. Raises Problem: one takes more than it may."""
    fastest = {name: min(each) for name, each in times.items()}
    ratios = {name: each / fastest[SANDBOX] for name, each in fastest.items()}
    median = {name: statistics.median(each) for name, each in times.items()}
    rows = [
        [name, f"{fastest[name]:.0f}", f"{median[name]:.0f}", f"{ratios[name]:.2f}"]
        for name in sorted(times, key=ratios.__getitem__)
    ]
    print(show.table(["worker of", "fastest ms", "median ms", "ratio to the sandbox's"], rows))
    slow = [name for name, ratio in ratios.items() if ratio > LIMIT]
    if slow:
        raise Problem(f"More than {LIMIT} times the sandbox's: {', '.join(slow)}.")
    say(f"  none takes more than {LIMIT} times the sandbox's")


if __name__ == "__main__":
    run(main)

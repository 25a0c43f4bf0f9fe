"""Cold starts of every function, side by side, under AWS's Runtime Interface Emulator.

Each round starts each function once, in an environment of its own. The emulator reports the time
of its init phase, which is the start of the runtime and all imports. Its first call is timed here:
that phase, the making of its clients, and a call of an AWS that is here, answers at once and has
nothing. In one run the numbers compare; from one machine to another, or one hour to the next, they
do not.
"""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.request import Request, urlopen

from checkout.providers.registry import PROVIDERS
from local import build, listeners
from local.bench import stub
from local.console import Problem, step
from local.isolation import isolated
from local.places import BUILD, LOCAL, ROOT, tool
from local.waiting import wait_until

SANDBOX, BARE = "sandbox", "bare handler"
# Seconds.
LONG = 60
RIE = LOCAL / "cache" / "aws-lambda-rie"
# Of the latest start alone: each one begins it anew.
LOG = LOCAL / "logs" / "cold-starts.log"
# The emulator starts a function with its first call, and reports before it passes the call on.
INIT_REPORT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")
# All that any function reads: one that needs less ignores the rest.
VARIABLES = {
    "TABLE_NAME": "checkout",
    "IDEMPOTENCY_TABLE_NAME": "idempotency",
    "SANDBOX_LEDGER_TABLE_NAME": "ledger",
    "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:cancel",
    "WORKER_PREFIX": "stack-cancel-with-",
    "UNMATCHED_REPORTS_QUEUE_URL": "http://127.0.0.1/123456789012/unmatched",
    "SECRETS_PREFIX": "stack/",
    "STACK_NAME": "stack",
    "EVENT_BUS_NAME": "checkout",
    "EVENT_ORIGIN": "/cancel-a-session/stack",
    "EVENT_FAILURES_QUEUE_URL": "http://127.0.0.1/123456789012/event-failures",
    "MERCHANT_SECRETS_PREFIX": "stack-merchant-webhooks/",
    "MERCHANT_EVENTS_QUEUE_URL": "http://127.0.0.1/123456789012/merchant-events",
    "MERCHANT_EVENTS_DEAD_LETTER_QUEUE_URL": "http://127.0.0.1/123456789012/dead-letters",
    "RECOVERY_STARTS_PER_SECOND": "50",
    "GIVE_UP_HOURS": "24",
    "POWERTOOLS_SERVICE_NAME": "checkout",
    "POWERTOOLS_METRICS_NAMESPACE": "cold-starts",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "AWS_LAMBDA_FUNCTION_TIMEOUT": "90",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
}


@dataclass(frozen=True)
class Case:
    """A function to start: where its code is, and what it is first called with."""

    name: str
    code: Path
    event: Mapping[str, Any]
    variables: Mapping[str, str] = field(default_factory=dict)
    handler: str = "app.handler"


@dataclass(frozen=True)
class Start:
    """The times of one cold start, in milliseconds. The first call waits for the init phase."""

    init_ms: float
    first_call_ms: float


Time = Callable[[Start], float]


def _event(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return found


def bare() -> Case:
    return Case(BARE, ROOT / "local" / "bench", {}, handler="bare.handler")


def functions() -> list[Case]:
    """Those that are no workers."""
    names = {
        "cancel_session": "CancelSessionFunction",
        "get_session": "GetSessionFunction",
        "list_sessions": "ListSessionsFunction",
        "complete_cancellations": "CompleteCancellationsFunction",
        "reconcile": "ReconcileFunction",
        "receive_webhook": "ReceiveWebhookFunction",
        "match_reports": "MatchReportsFunction",
        "publish_events": "PublishEventsFunction",
        "send_webhooks": "SendWebhooksFunction",
        "operate": "OperateFunction",
    }
    return [Case(name, BUILD / folder, _event(name)) for name, folder in names.items()]


def workers() -> list[Case]:
    """One of each provider, with an order that names no transaction."""
    order, code = _event("cancel_transactions"), BUILD / "CancelWithStripeFunction"
    names = [name for name in PROVIDERS if not name.startswith(f"{SANDBOX}-")]
    return [
        Case(name, code, {**order, "provider": name, "transactions": []}, {"PROVIDER": name})
        for name in names
    ]


def emulator() -> Path:
    """The emulator, as it comes with SAM, made executable."""
    name = f"aws-lambda-rie-{build.this_machine().architecture}"
    found = next((LOCAL / "env" / "sam").glob(f"lib/*/site-packages/samcli/local/rapid/{name}"))
    RIE.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(found, RIE)
    RIE.chmod(0o755)
    return RIE


@contextmanager
def running(rie: Path, case: Case, aws: str) -> Iterator[str]:
    """The URL that invokes it."""
    paths = [str(BUILD / "CheckoutLayer" / "python"), str(case.code)]
    environment = isolated(os.environ, aws) | VARIABLES | dict(case.variables) | {
        "PYTHONPATH": os.pathsep.join(paths),
        "AWS_LAMBDA_FUNCTION_NAME": case.name.replace(" ", "-"),
    }  # fmt: skip
    ports = [listeners.any_free_port() for _ in range(2)]
    command = [
        str(rie),
        "--runtime-interface-emulator-address", f"127.0.0.1:{ports[0]}",
        "--runtime-api-address", f"127.0.0.1:{ports[1]}",
        str(tool("ric", "python")), "-m", "awslambdaric", case.handler,
    ]  # fmt: skip
    with LOG.open("wb") as out:
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


def init_ms(log: str) -> float:
    """What the emulator reports. Raises Problem: not one successful init phase."""
    reports = INIT_REPORT.findall(log)
    if len(reports) != 1:
        raise Problem(f"{len(reports)} init phases are reported in {LOG}.")
    return float(reports[0])


def cold_start(rie: Path, case: Case, aws: str) -> Start:
    """Raises Problem: it failed."""
    with running(rie, case, aws) as url:
        request = Request(url, json.dumps(case.event).encode())  # noqa: S310 - on 127.0.0.1
        began = perf_counter()
        with urlopen(request, timeout=LONG) as answer:  # noqa: S310
            said = json.loads(answer.read())
        took = 1000 * (perf_counter() - began)
    if isinstance(said, dict) and ("errorType" in said or said.get("statusCode") == 500):
        raise Problem(f"{case.name} failed with {said.get('errorType', 500)}; its log is {LOG}.")
    return Start(init_ms(LOG.read_text()), took)


def measure(cases: Sequence[Case], rounds: int) -> dict[str, list[Start]]:
    """The starts of each case, by its name. Needs the environment `ric`, and builds."""
    build.build(build.this_machine(), BUILD)
    rie = emulator()
    starts: dict[str, list[Start]] = {case.name: [] for case in cases}
    with stub.listening() as aws, step(f"{rounds} cold starts of each of {len(cases)} functions"):
        for turn in range(rounds + 1):
            for case in cases:
                start = cold_start(rie, case, aws)
                if turn:  # the first round only fills the caches of the disk
                    starts[case.name].append(start)
    return starts


def fastest(starts: Sequence[Start], time: Time) -> float:
    """Noise only adds, so it disturbs this least."""
    return min(time(start) for start in starts)


def ratios(starts: Mapping[str, Sequence[Start]], to: str, time: Time) -> dict[str, float]:
    unit = fastest(starts[to], time)
    return {name: fastest(each, time) / unit for name, each in starts.items()}

"""Every file of events/ in a container, with `sam local invoke`, against the running stack."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from local import containers, invoke
from local.isolation import isolated
from local.places import ROOT, tool
from local.stack import Stack
from tests.local.moments import together

# Made for machines without Docker: prints `export DOCKER_HOST=...`. Installs what it needs.
STAND_IN = ROOT.parent / "shared" / "tools" / "sam-local-engine"
FUNCTIONS = {
    "get_session": "GetSessionFunction",
    "list_sessions": "ListSessionsFunction",
    "cancel_session": "CancelSessionFunction",
    "cancel_transactions": "CancelWithSandboxFunction",
    "complete_cancellations": "CompleteCancellationsFunction",
    "reconcile": "ReconcileFunction",
    "receive_webhook": "ReceiveWebhookFunction",
    "match_reports": "MatchReportsFunction",
    "publish_events": "PublishEventsFunction",
    "send_webhooks": "SendWebhooksFunction",
    "operate": "OperateFunction",
}
# The first one builds an image, with the layer in it; in CI the engine itself is made before that.
pytestmark = pytest.mark.timeout(600)

Invoke = Callable[[str], dict[str, Any]]


def start_stand_in() -> None:
    environment = {**os.environ, "SAM": str(tool("sam", "sam"))}
    environment["PATH"] = f"{tool('uv', 'uv').parent}{os.pathsep}{environment.get('PATH', '')}"
    # What it starts outlives this checkout, which must not be the folder that it works in.
    done = subprocess.run(
        [STAND_IN], env=environment, cwd="/", stdout=subprocess.PIPE, text=True, check=True
    )
    os.environ["DOCKER_HOST"] = done.stdout.strip().partition("DOCKER_HOST=")[2]


@pytest.fixture(scope="module")
def engine() -> str:
    """Its address. In CI there is one, or this fails."""
    in_ci = bool(os.environ.get("CI"))
    if containers.engine_socket() is None and in_ci and STAND_IN.exists():
        start_stand_in()
    if containers.engine_socket() is None:
        missing = "sam local invoke needs a container engine: start Docker, or set DOCKER_HOST"
        if in_ci:
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    return os.environ.get("DOCKER_HOST", f"unix://{containers.DEFAULT_SOCKET}")


@pytest.fixture(scope="module")
def invoked(
    stack: Stack, engine: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Invoke]:
    if stack.endpoint_url is None:
        pytest.skip("sam local invoke is for the local stack")
    environment = isolated(dict(os.environ), stack.endpoint_url)
    del environment["AWS_ENDPOINT_URL"]  # for the function, not for sam
    environment |= {"DOCKER_HOST": engine, "SAM_CLI_TELEMETRY": "0"}

    with invoke.prepared(stack, tmp_path_factory.mktemp("invoke")) as template:

        def run(event: str) -> dict[str, Any]:
            command: list[str | os.PathLike[str]] = [
                tool("sam", "sam"), "local", "invoke", FUNCTIONS[event],
                "--event", ROOT / "events" / f"{event}.json",
                "--template-file", template, "--skip-pull-image",
            ]  # fmt: skip
            done = subprocess.run(
                command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr[-2000:]
            answer: dict[str, Any] = json.loads(done.stdout)
            return answer

        yield run


def test_there_is_an_event_for_every_function() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert {path.stem for path in (ROOT / "events").glob("*.json")} == folders
    # It is in a stack with an issuer of its own, and asks that one: test_authorizer plays it.
    assert folders - set(FUNCTIONS) == {"authorize"}


def test_every_event_works_with_sam_local_invoke(invoked: Invoke) -> None:
    read = invoked("get_session")
    assert read["statusCode"] == 200, read
    order = json.loads((ROOT / "events" / "cancel_transactions.json").read_text())
    assert json.loads(read["body"])["sessionId"] == order["sessionId"]

    # In whatever order they come, each does its part.
    others = [name for name in FUNCTIONS if name != "get_session"]
    answers = together([partial(invoked, name) for name in others])

    by_name = dict(zip(others, answers, strict=True))
    assert by_name["cancel_session"]["statusCode"] == 200
    assert by_name["complete_cancellations"] == {"batchItemFailures": []}
    assert by_name["publish_events"] == {"batchItemFailures": []}
    # The sample's merchant has no endpoint there.
    assert by_name["send_webhooks"] == {"batchItemFailures": []}
    assert (by_name["reconcile"]["failed"], by_name["reconcile"]["unavailable"]) == (0, 0)
    # The sample's account has no secret there, and no session knows its payment.
    assert by_name["receive_webhook"]["statusCode"] == 404
    assert len(by_name["match_reports"]["batchItemFailures"]) == 1
    (outcome,) = by_name["cancel_transactions"]["outcomes"]
    assert outcome["status"] == "CANCELLED"

"""Whatever is sent, over HTTP with real tokens: docs/openapi.json tells of each answer.

Schemathesis sends what fits the document and what does not, and compares each answer's status,
headers, content type and body with it. Its settings, and what it is told to leave out and why, are
in schemathesis.toml beside this file.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checkout.bootstrap import utc_now
from checkout.payments import complete_session
from checkout.sessions import SessionKey
from local.calls import Client
from local.openapi.document import FILE
from local.payments import PaymentSide
from local.places import tool
from local.stack import Stack
from tests.contract.desks.every import DESKS
from tests.local.conftest import Seed

SETTINGS = Path(__file__).parent / "schemathesis.toml"
LONGEST_SECONDS = 150
CANCEL, GET = "/v1/checkout/session/cancel", "/v1/checkout/session/{sessionId}"
WEBHOOK = "/v1/webhooks/{provider}/{account}"

Document = dict[str, Any]


@pytest.fixture
def sessions(seed: Seed, merchant: Client, payment_side: PaymentSide) -> dict[str, str]:
    """One in every state that a caller can find it in."""
    made = {
        "empty": seed().session_id,
        "open": seed("sandbox:ok_1", "sandbox-b:ok_2").session_id,
        "waits": seed("sandbox:ok_1", "sandbox-b:unstoppable_900_SETTLED_1").session_id,
        "refused": seed("sandbox:refused_1").session_id,
        "settled": seed("sandbox:settled_1").session_id,
        "completed": seed("sandbox:settled_2").session_id,
        "cancelled": seed("sandbox:ok_3").session_id,
    }
    complete_session(
        payment_side.store,
        SessionKey(payment_side.merchant_id, made["completed"]),
        utc_now(),
    )
    assert merchant.cancel(made["cancelled"]).json()["status"] == "CANCELLED"
    return made


@pytest.fixture
def account(stack: Stack, payment_side: PaymentSide) -> Iterator[str]:
    """One of this name at every provider; nobody listens where their hosts are said to be."""
    account = f"documented-{payment_side.new_id()}"
    names = [f"{stack.stack_name}/{provider}/{account}" for provider in DESKS]
    for name, desk in zip(names, DESKS.values(), strict=True):
        secret = json.dumps({**desk().secret, "baseUrl": "http://127.0.0.1:9"})
        stack.aws.secrets.create_secret(Name=name, SecretString=secret)
    yield account
    for name in names:
        stack.aws.secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.fixture
def document(sessions: dict[str, str], account: str) -> Document:
    """As it is written, but for examples that are there, where the written ones are made up."""
    document: Document = json.loads(FILE.read_text())
    cancel, read, receive = (document["paths"][path] for path in (CANCEL, GET, WEBHOOK))
    # One key for all of them would be refused.
    del cancel["post"]["parameters"][0]["example"]
    (content,) = cancel["post"]["requestBody"]["content"].values()
    del content["example"]
    content["examples"] = {
        name: {"value": {"sessionId": session, "reason": name}}
        for name, session in sessions.items()
    }
    (session_id,) = read["get"]["parameters"]
    del session_id["example"]
    session_id["examples"] = {name: {"value": session} for name, session in sessions.items()}
    receive["post"]["parameters"][1] |= {"schema": {"enum": [account]}, "example": account}
    return document


def try_all(stack: Stack, token: str, document: Document, folder: Path, *options: str) -> str:
    """What schemathesis has to say; nothing if every answer was as in the document."""
    written = folder / "openapi.json"
    written.write_text(json.dumps(document))
    command = [str(tool("dev", "st")), "--config-file", str(SETTINGS), "--no-color", "run"]
    command += [str(written), "--url", stack.base_url, "--continue-on-failure"]
    command += ["--report", "ndjson", "--report-ndjson-path", str(folder / "report")]
    done = subprocess.run(
        [*command, *options],
        env={**os.environ, "ACCESS_TOKEN": token},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "Tested: 4" in done.stdout, done.stdout + done.stderr
    return done.stdout if done.returncode else ""


def statuses(folder: Path) -> set[str]:
    """Of all answers."""
    return set(re.findall(r'"status_code": ?(\d+)', (folder / "report").read_text()))


def test_whatever_is_sent_is_answered_as_it_is_written(
    stack: Stack, token: str, document: Document, tmp_path: Path
) -> None:
    found = try_all(stack, token, document, tmp_path)
    assert not found, found
    assert statuses(tmp_path) >= {"200", "400", "401", "404", "409"}


def test_whatever_is_sent_without_a_token_is_answered_as_it_is_written(
    stack: Stack, document: Document, tmp_path: Path
) -> None:
    found = try_all(stack, "no-token", document, tmp_path, "--phases", "examples")
    assert not found, found
    assert "401" in statuses(tmp_path)
    assert "200" not in statuses(tmp_path)


def test_what_is_not_written_would_be_found(
    stack: Stack, token: str, document: Document, tmp_path: Path
) -> None:
    responses = document["paths"][CANCEL]["post"]["responses"]
    del responses["409"]
    responses["200"]["headers"]["x-more"] = {"required": True, "schema": {"type": "string"}}
    form = {"properties": {"message": {"type": "integer"}}}
    responses["200"]["content"] = {"application/json": {"schema": form}}
    found = try_all(stack, token, document, tmp_path, "--phases", "examples")
    for told in ("Undocumented status code", "Missing required", "Response violates schema"):
        assert told in found, found

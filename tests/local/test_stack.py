"""The local stack itself: what `make up` promises, and the commands that use it."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from local import listeners
from local import stack as stacks
from local.calls import Client
from local.places import LOCAL, ROOT
from local.stack import Stack
from tests.local.conftest import Seed

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("STACK_NAME")), reason="is about the emulator's stack"
)

STACK_JSON = Path(os.environ.get("STACK_JSON") or LOCAL / "stack.json")


def command(name: str, *arguments: str, home: Path = STACK_JSON.parent) -> tuple[int, str, str]:
    done = subprocess.run(
        [ROOT / "bin" / name, *arguments], env=os.environ | {"STACK_HOME": str(home)},
        cwd="/", capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_nothing_of_it_listens_beyond_this_machine(stack: Stack) -> None:
    found = [each for pid in stack.processes.values() for each in listeners.of_session(pid)]
    assert found or not listeners.PROC.exists()
    assert all(each.address.is_loopback for each in found)


def test_an_error_of_the_gateway_has_the_body_of_the_template(merchant: Client) -> None:
    bogus = {"Authorization": "Bearer x"}
    answer = merchant.request("GET", "/v1/checkout/session/x", headers=bogus)
    assert answer.status == 401
    assert set(answer.json()) == {"message", "error", "statusCode"}
    assert answer.headers["x-request-id"]


def test_its_description_can_be_read_by_its_owner_only() -> None:
    assert STACK_JSON.stat().st_mode & 0o077 == 0
    known = {"baseUrl", "tokenUrl", "endpointUrl", "table", "merchants"}
    assert known <= set(json.loads(STACK_JSON.read_text()))


def test_seed_opens_a_session_and_prints_its_ids_and_nothing_else(
    stack: Stack, merchant: Client
) -> None:
    code, out, err = command(
        "seed", "--merchant", stack.merchants[0].client_id,
        "--transaction", "sandbox:ok_1", "--transaction", "sandbox:unstoppable_5_SETTLED_1",
    )  # fmt: skip
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert list(said) == ["sessionId", "transactionIds"]
    read = merchant.get(said["sessionId"]).json()
    assert [each["transactionId"] for each in read["transactions"]] == said["transactionIds"]


def test_seed_starts_further_transactions_until_the_session_is_locked(
    seed: Seed, merchant: Client
) -> None:
    session = seed("sandbox:ok_1").session_id
    more = ["--session", session, "--transaction", "sandbox-b:ok_2"]
    assert command("seed", *more)[0] == 0
    assert len(merchant.cancel(session).json()["cancelledTransactionIds"]) == 2
    code, out, err = command("seed", *more)
    assert (code, out) == (3, "")
    assert "CANCELLED" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--merchant", "nobody"),
        ("--transaction", "ok_1"),
        ("--session", "01a2059c-0b4c-7908-ae0b-7321c83539b1", "--transaction", "sandbox:ok_1"),
    ],
)
def test_seed_says_in_one_sentence_what_is_wrong(arguments: tuple[str, ...]) -> None:
    code, out, err = command("seed", *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_without_a_stack_the_commands_say_how_to_start_one(tmp_path: Path) -> None:
    seed = ("seed", ["--transaction", "sandbox:ok_1"])
    for name, arguments in (seed, ("ledger", ["x"]), ("checkout-admin", ["pending"])):
        code, out, err = command(name, *arguments, home=tmp_path)
        assert (code, out) == (2, "")
        assert "make up" in err


def test_of_a_stack_that_has_gone_the_commands_say_so(stack: Stack, tmp_path: Path) -> None:
    stacks.write(replace(stack, endpoint_url="http://127.0.0.1:1"), tmp_path / "stack.json")
    code, out, err = command("seed", "--transaction", "sandbox:ok_1", home=tmp_path)
    assert (code, out) == (2, "")
    assert "has gone" in err


def test_ledger_tells_how_many_voids_each_payment_saw(seed: Seed, merchant: Client) -> None:
    seeded = seed("sandbox:ok_1", "sandbox:unstoppable_60_SETTLED_2")
    merchant.cancel(seeded.session_id)
    code, out, _ = command("ledger", seeded.session_id)
    assert code == 0
    _, _, *rows = out.splitlines()
    assert [row.split()[0] for row in rows] == seeded.transaction_ids
    assert [row.split()[-1] for row in rows] == ["1", "0"]

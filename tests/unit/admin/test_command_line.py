"""The command line itself: one line for whatever goes wrong, and its exit code."""

import errno
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from botocore import exceptions as botocore
from botocore.exceptions import ClientError

from admin import __main__ as entry
from admin import exits, merchants, target, waiting_commands
from admin.app import app
from admin.target import Target
from checkout.bootstrap import utc_now
from checkout.errors import StoreRefusedError, StoreUnavailableError
from checkout.recovery import GiveUpAges
from checkout.storage.dynamodb import CheckoutStore
from local.aws import Aws
from local.console import Problem
from local.stack import Merchant
from tests.unit.admin.documents import SCHEMA, documented
from tests.unit.clock import NOON
from tests.unit.local_stack.test_commands import STACK
from tests.unit.samples import KEY
from tests.unit.waiting import ListingStore, MemoryQueue, damage, drained, wait_for_payment

DOCS = (Path(__file__).parents[3] / "docs" / "admin.md").read_text()
SECRET = "the-very-secret"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["checkout-admin", *arguments])
        error = ""
        try:
            code = entry.main()
        except Problem as problem:
            code, error = problem.exit_code, f"{problem}\n"
        told = capsys.readouterr()
        return Said(code, told.out, told.err + error)

    return run


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ListingStore:
    """A stack whose table is in memory."""
    made = ListingStore()

    class InMemory(Target):
        @property
        def store(self) -> CheckoutStore:
            return made  # type: ignore[return-value]

    there = InMemory(replace(STACK, stack_name="shop", user_pool_id="pool"), Aws(None))
    monkeypatch.setattr(target, "find", lambda *_: there)
    monkeypatch.setattr(waiting_commands, "deployed_ages", lambda _: GiveUpAges.parse("24"))
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        ("merchant", "create"),
        ("merchant", "create", "x", "--colour"),
        ("merchnt",),
        ("session", "show", "one"),
        ("session", "relist"),
        ("session", "relist", "one"),
        ("session", "relist", "one", "two", "--all"),
        ("session", "relist", "one", "two", "--merchant", "one"),
        ("session", "republish"),
        ("session", "republish", "one"),
        ("session", "republish", "one", "two", "--since", "2026-11-26T14:00:00Z"),
        ("session", "republish", "one", "two", "--until", "2026-11-26T14:00:00Z"),
        ("session", "republish", "one", "two", "--merchant", "one"),
        ("session", "republish", "--until", "2026-11-26T14:00:00Z"),
        ("session", "republish", "--since", ""),
        ("session", "republish", "--since", "yesterday"),
        ("session", "republish", "--since", "2026-11-26T14:00:00"),
        ("session", "republish", "--since", "0001-01-01T00:00:00+23:00"),
        ("session", "republish", "--since", "2026-11-26T14:00:00Z", "--until", "noon"),
        (
            "session",
            "republish",
            "--since",
            "2026-11-26T14:00:00Z",
            "--until",
            "2026-11-26T15:00:00+02:00",
        ),
        ("pending", "--hours", "soon"),
        ("pending", "--hours", "-1"),
        ("pending", "--hours", "nan"),
        ("pending", "--hours", "1e300"),
        ("pending", "--profile", "p"),
        ("redrive", "--region", "eu-west-1"),
        ("merchant", "list", "surplus\x1b[2J"),
    ],
)
def test_wrong_use_is_said_in_one_line_on_stderr(
    command: Command, arguments: Sequence[str]
) -> None:
    said = command(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert any(option in said.err for option in ("--help", "--stack", "--hours"))
    assert "\x1b" not in said.err


def commands() -> list[str]:
    """`merchant create`, and so on."""
    found = [("", each) for each in app.registered_commands]
    for group in app.registered_groups:
        inside = group.typer_instance.registered_commands if group.typer_instance else []
        found += [(f"{group.name} ", each) for each in inside]
    return [
        f"{group}{each.name or each.callback.__name__}" for group, each in found if each.callback
    ]


def test_every_command_has_its_section_its_form_and_its_option_json(command: Command) -> None:
    assert len(commands()) == 9
    for each in commands():
        assert f"\n## {each}\n" in DOCS
        assert each in SCHEMA["$defs"]
        options = command(*each.split(), "--help").out
        for option in ("--json", "--stack", "--profile", "--region"):
            assert option in options, each


def test_every_exit_code_is_documented() -> None:
    codes = {value for name, value in vars(exits).items() if name.isupper()}
    assert codes | {130} == {int(code) for code in re.findall(r"^\| (\d+) \|", DOCS, re.MULTILINE)}


def refused(code: str, operation: str = "DescribeStacks") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"you sent {SECRET}"}}, operation)


@pytest.mark.parametrize(
    ("trouble", "exit_code", "words"),
    [
        (botocore.NoCredentialsError(), 2, "no AWS credentials"),
        (botocore.PartialCredentialsError(provider="env", cred_var="x"), 2, "incomplete"),
        (botocore.ProfileNotFound(profile=SECRET), 2, "list-profiles"),
        (botocore.NoRegionError(), 2, "--region"),
        (botocore.InvalidRegionError(region_name="x y"), 2, "--region"),
        (botocore.UnauthorizedSSOTokenError(), 2, "aws sso login"),
        (botocore.EndpointConnectionError(endpoint_url=SECRET), 2, "cannot be reached"),
        (botocore.ReadTimeoutError(endpoint_url=SECRET), 2, "cannot be reached"),
        (botocore.ParamValidationError(report=SECRET), 1, "ParamValidationError"),
        (refused("ExpiredToken"), 2, "does not accept the credentials"),
        (refused("UnrecognizedClientException"), 2, "does not accept the credentials"),
        (refused("AccessDeniedException", "Query"), 1, "does not allow Query: docs/admin.md"),
        (refused("TooManyRequestsException"), 1, "try again in a minute"),
        (refused("InternalFailure"), 1, "InternalFailure"),
        (StoreRefusedError("AccessDeniedException"), 1, "docs/admin.md"),
        (StoreUnavailableError("ThrottlingException"), 1, "try again in a minute"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line_without_the_words_of_aws(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception,
    exit_code: int,
    words: str,
) -> None:
    def fail(*_: object) -> Target:
        raise trouble

    monkeypatch.setattr(target, "find", fail)
    for arguments in (("pending",), ("merchant", "list", "--json"), ("session", "show", "a", "b")):
        said = command(*arguments)
        assert (said.code, said.out, said.err.count("\n")) == (exit_code, "", 1)
        assert words in said.err
        assert SECRET not in said.err


def test_a_result_that_cannot_be_written_is_no_bug_of_ours(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Target:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(target, "find", fail)
    said = command("pending")
    assert (said.code, said.err) == (1, "It cannot be read or written: No space left on device.\n")


def test_a_bug_is_one_line_too_with_its_place_and_without_its_text(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Target:
        raise KeyError(SECRET)

    monkeypatch.setattr(target, "find", fail)
    said = command("pending")
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert re.search(r"KeyError in test_command_line\.py, line \d+", said.err)
    assert SECRET not in said.err


@pytest.mark.parametrize("as_json", [False, True])
def test_a_secret_is_on_stdout_once_and_nowhere_else(
    command: Command, store: ListingStore, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    made = Merchant("client-1", SECRET)
    monkeypatch.setattr(merchants, "create", lambda *_: made)
    monkeypatch.setattr(merchants, "add_secret", lambda *_: made)
    for arguments in (("create", "shop"), ("rotate-secret", "client-1")):
        said = command("merchant", *arguments, *(["--json"] if as_json else []))
        assert (said.code, said.out.count(SECRET), said.err.count(SECRET)) == (0, 1, 0)
        if as_json:
            documented(f"merchant {arguments[0]}", said.out)


def test_what_cannot_be_undone_is_asked_for(
    command: Command, store: ListingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = merchants.Registered("client-1", "shop\x1b[2J", (), NOON)
    done: list[str] = []

    def drop(_: Target, client_id: str) -> datetime:
        done.append(client_id)
        return NOON

    monkeypatch.setattr(merchants, "described", lambda *_: known)
    monkeypatch.setattr(merchants, "delete", lambda _, client_id: done.append(client_id))
    monkeypatch.setattr(merchants, "drop_old_secret", drop)
    for arguments in (("delete", "client-1"), ("rotate-secret", "client-1", "--finish")):
        assert command("merchant", *arguments).code == 2
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        for answer, code in ((False, 1), (True, 0)):
            asked: list[str] = []
            monkeypatch.setattr("typer.confirm", _answering(answer, asked))
            assert command("merchant", *arguments).code == code
            assert "client-1" in asked[0]
            assert "'shop'" in asked[0]
            assert "\x1b" not in asked[0]
        said = command("merchant", *arguments, "--yes", "--json")
        name = "merchant delete" if arguments[0] == "delete" else "merchant rotate-secret --finish"
        documented(name, said.out)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert done == ["client-1"] * 4


def _answering(answer: bool, asked: list[str]) -> Callable[..., bool]:
    def confirm(question: str, *, abort: bool, err: bool) -> bool:
        asked.append(question)
        if abort and not answer:
            raise typer.Abort
        return answer

    return confirm


def test_pending_lists_what_is_asked_for_the_oldest_first(
    command: Command, store: ListingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [wait_for_payment(store, number) for number in (1, 2, 3)]
    for key, hours in zip(keys, (25, 1, 30), strict=True):
        asked_at = utc_now() - timedelta(hours=hours)
        store.sessions[key] = replace(store.sessions[key], cancel_requested_at=asked_at)

    def listed(*options: str) -> list[str]:
        document = documented("pending", command("pending", "--json", *options).out)
        return [each["sessionId"] for each in document["sessions"]]

    middle, newest, oldest = (key.session_id for key in keys)
    assert listed() == [oldest, middle, newest]
    assert listed("--stuck") == listed("--hours", "2") == [oldest, middle]
    assert listed("--stuck", "--hours", "26") == [oldest]
    assert listed("--hours", "100") == []
    text = command("pending", "--stuck")
    assert "2 waiting sessions of 'shop'; past the give-up age: 2." in text.err
    assert newest not in text.out


def test_what_cannot_be_read_makes_the_exit_code(command: Command, store: ListingStore) -> None:
    key = wait_for_payment(store, 1)
    store.strange[3] = 1

    def unreadable() -> None:
        raise ValueError("yesterday")

    store.before["read_session", store.counts["read_session"] + 1] = unreadable
    said = command("pending", "--json")
    assert said.code == 1
    found = documented("pending", said.out)["unreadable"]
    assert sorted(str(each["sessionId"]) for each in found) == [key.session_id, "None"]
    assert said.err.count("\n") == 2


def test_a_session_that_there_is_not_has_its_own_exit_code(
    command: Command, store: ListingStore
) -> None:
    said = command("session", "show", "merchant-1", KEY.session_id)
    assert (said.code, said.out, said.err.count("\n")) == (3, "", 1)


def test_an_item_that_cannot_be_read_is_said_with_where_to_read_on(
    command: Command, store: ListingStore
) -> None:
    key = wait_for_payment(store, 1)
    damage(store, key)
    said = command("session", "show", key.merchant_id, key.session_id)
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert "runbook" in said.err


@pytest.mark.parametrize(("broken", "code"), [(False, 0), (True, 1)])
def test_redrive_completes_and_says_what_it_could_not_look_at(
    command: Command, store: ListingStore, monkeypatch: pytest.MonkeyPatch, broken: bool, code: int
) -> None:
    queue = MemoryQueue(["receipt"])
    monkeypatch.setattr(Aws, "queues", None)
    monkeypatch.setattr(waiting_commands, "SqsFailuresQueue", lambda *_: queue)
    drained(store, 3)
    store.broken = {5} if broken else set()
    said = command("redrive", "--json")
    assert said.code == code
    document = documented("redrive", said.out)
    assert (document["messages"], document["unread"]) == (1, int(broken))
    assert queue.visible == (["receipt"] if broken else [])
    assert ("shard 5" in said.err) is broken
    assert command("redrive").out.startswith("Messages: 1;" if broken else "The queue is empty")


def test_a_document_is_one_json_value_for_a_program() -> None:
    examples = re.findall(r"^```json\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)
    assert examples
    assert all(isinstance(json.loads(each), dict) for each in examples)
    names: dict[str, Any] = SCHEMA["$defs"]
    assert set(commands()) <= set(names)

"""`bin/checkout-admin` on the deployed stack: each command once for real."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from checkout.bootstrap import new_id, utc_now
from checkout.timestamps import to_text
from local import stack as stacks
from local.answers import NO_SESSION
from local.calls import Client
from local.listener import Event, Listener, listening
from local.stack import Merchant, Stack
from local.waiting import wait_until
from tests.local.admin import Said, as_on_aws, checkout_admin, on_terminal
from tests.local.conftest import Seed
from tests.unit.admin.documents import documented

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("STACK_NAME")), reason="makes and deletes merchants of a stack in use"
)
ESCAPE = "\x1b"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ESCAPES = re.compile(r"\x1b\[[?0-9;]*[a-zA-Z]")


@pytest.fixture
def shop(stack: Stack) -> Iterator[Merchant]:
    """A merchant that was made by the command, with the scope to read alone."""
    if not stack.user_pool_id:
        pytest.skip("its tokens are not Cognito's")
    said = checkout_admin("merchant", "create", "a shop", "--scope", "sessions.read", "--json")
    made = documented("merchant create", said.out)
    yield Merchant(made["clientId"], made["clientSecret"])
    checkout_admin("merchant", "delete", made["clientId"], "--yes")


@pytest.fixture
def waiting(seed: Seed, merchant: Client) -> tuple[str, list[str]]:
    """A cancelled session: one payment cancelled, one refused; with the payments' ids."""
    seeded = seed("sandbox:ok_1", "sandbox-b:refused_2")
    assert merchant.cancel(seeded.session_id).json()["status"] == "PENDING_CANCELLATION"
    return seeded.session_id, seeded.transaction_ids


def test_what_happened_to_a_session_is_told_again_under_the_same_ids(
    stack: Stack, merchant: Client, seed: Seed
) -> None:
    session = seed("sandbox:ok_1").session_id
    names = (merchant.merchant.client_id, session)
    nothing = documented("session republish", republish(*names, "--json").out)
    assert nothing["events"] == []
    with listening(stack, f"heard-{new_id()}") as listener:
        assert merchant.cancel(session).status == 200
        first = wait_until(lambda: heard(listener, session, deliveries=3), "three events", 60)
        again = documented("session republish", republish(*names, "--json").out)
        assert {each["id"] for each in again["events"]} == {each["id"] for each in first}
        wait_until(lambda: heard(listener, session, deliveries=6), "the same once more", 60)
    assert len(listener.heard) == 3
    assert "Told again: session.cancellation_pending, " in republish(*names).out


def test_what_happened_within_a_span_is_told_again_and_nothing_else(
    stack: Stack, merchant: Client, seed: Seed
) -> None:
    session = seed("sandbox:ok_1").session_id
    of_it = ("--merchant", merchant.merchant.client_id, "--json")
    with listening(stack, f"heard-{new_id()}") as listener:
        begin = to_text(utc_now())
        assert merchant.cancel(session).status == 200
        first = wait_until(lambda: heard(listener, session, deliveries=3), "three events", 60)
        end = to_text(utc_now())
        said = republish("--since", begin, "--until", end, *of_it)
        told = documented("session republish --since", said.out)
        assert (told["sessions"], told["events"], said.code) == (1, 3, 0)
        wait_until(lambda: heard(listener, session, deliveries=6), "the same once more", 60)
    assert len(listener.heard) == len(first) == 3
    later = documented("session republish --since", republish("--since", end, *of_it).out)
    assert (later["sessions"], later["events"]) == (0, 0)


def test_lists_that_are_right_are_left_as_they_are(merchant: Client, seed: Seed) -> None:
    session = seed("sandbox:ok_1").session_id
    assert merchant.cancel(session).status == 200
    client_id = merchant.merchant.client_id
    one = checkout_admin("session", "relist", client_id, session, "--json")
    every = checkout_admin("session", "relist", "--all", "--merchant", client_id, "--json")
    found, all_found = (documented("session relist", each.out) for each in (one, every))
    assert (found["lookedAt"], found["mended"]) == (1, 0)
    assert all_found["lookedAt"] >= 1
    assert (all_found["mended"], all_found["unreadable"], every.code) == (0, 0, 0)


def heard(listener: Listener, session_id: str, deliveries: int) -> list[Event]:
    found = listener.of(session_id)
    return found if listener.deliveries >= deliveries else []


def republish(*words: str) -> Said:
    return checkout_admin("session", "republish", *words)


def test_a_merchant_that_is_made_gets_tokens_until_it_is_deleted(
    stack: Stack, shop: Merchant
) -> None:
    made = Client(stack, shop)
    assert made.get(NO_SESSION).status == 404
    assert made.cancel(NO_SESSION).status in (401, 403)
    listed = documented("merchant list", checkout_admin("merchant", "list", "--json").out)
    (found,) = (each for each in listed["merchants"] if each["clientId"] == shop.client_id)
    assert (found["name"], found["scopes"]) == ("a shop", ["checkout/sessions.read"])
    text = checkout_admin("merchant", "list")
    assert shop.client_id in text.out
    assert shop.client_secret not in text.out + text.err
    assert checkout_admin("merchant", "delete", shop.client_id).code == 2
    deleted = checkout_admin("merchant", "delete", shop.client_id, "--yes", "--json")
    assert documented("merchant delete", deleted.out)["clientId"] == shop.client_id
    assert checkout_admin("merchant", "delete", shop.client_id, "--yes").code == 3


def test_what_the_emulator_cannot_do_is_said_and_changes_nothing(shop: Merchant) -> None:
    before = checkout_admin("merchant", "list", "--json").out
    for more in ([], ["--finish", "--yes"]):
        said = checkout_admin("merchant", "rotate-secret", shop.client_id, *more)
        assert (said.code, said.out, said.err.count("\n")) == (4, "", 1)
    assert checkout_admin("merchant", "list", "--json").out == before


def test_the_life_of_a_session_is_told_as_it_was(
    merchant: Client, waiting: tuple[str, list[str]]
) -> None:
    session, (cancelled, refused) = waiting
    names = (merchant.merchant.client_id, session)
    document = documented("session show", checkout_admin("session", "show", *names, "--json").out)
    told = [(each["kind"], each["transactionId"]) for each in document["timeline"]]
    assert told[:4] == [
        ("OPENED", None), ("ATTACHED", cancelled), ("ATTACHED", refused), ("LOCKED", None),
    ]  # fmt: skip
    assert {("ANSWERED", cancelled), ("TRIED", refused)} <= set(told[4:])
    assert all(each["exact"] for each in document["timeline"])
    (wait,) = document["waitsFor"]
    assert (wait["transactionId"], wait["pendingReason"]) == (refused, "REFUSED")


@pytest.mark.parametrize("width", ["80", "200", ""])
def test_it_fits_its_width_and_has_no_colour_where_nobody_looks(
    merchant: Client, waiting: tuple[str, list[str]], width: str
) -> None:
    names = (merchant.merchant.client_id, waiting[0])
    for command in (("session", "show", *names), ("pending",)):
        said = checkout_admin(*command, COLUMNS=width, FORCE_COLOR="1", TERM="xterm")
        assert (said.code, ESCAPE in said.out) == (0, False)
        assert max(map(len, said.out.splitlines())) <= int(width or 1000)
        assert "REFUSED" in said.out


@pytest.mark.parametrize("width", [80, 200])
def test_on_a_terminal_it_fits_and_has_colours_unless_they_are_not_wanted(
    merchant: Client, waiting: tuple[str, list[str]], width: int
) -> None:
    for command in (("session", "show", merchant.merchant.client_id, waiting[0]), ("pending",)):
        coloured, plain = (on_terminal(width, *command, **more) for more in ({}, {"NO_COLOR": "1"}))
        assert COLOUR.search(coloured)
        assert not COLOUR.search(plain)
        for text in (coloured, plain):
            lines = ESCAPES.sub("", text).split("\r\n")
            # What a bar has written over is one line only to whoever looks at the bytes.
            assert max(len(line.rpartition("\r")[2]) for line in lines) <= width
            assert waiting[0] in text


def test_what_is_pending_is_listed_with_why(
    merchant: Client, waiting: tuple[str, list[str]]
) -> None:
    document = documented("pending", checkout_admin("pending", "--json").out)
    (found,) = (each for each in document["sessions"] if each["sessionId"] == waiting[0])
    assert (found["merchantId"], found["stuck"]) == (merchant.merchant.client_id, False)
    assert [each["transactionId"] for each in found["waitsFor"]] == waiting[1][1:]
    for option in (["--stuck"], ["--hours", "23"]):
        listed = documented("pending", checkout_admin("pending", "--json", *option).out)
        assert waiting[0] not in [each["sessionId"] for each in listed["sessions"]]


def test_by_its_name_alone_it_is_the_same_stack(
    stack: Stack, merchant: Client, waiting: tuple[str, list[str]]
) -> None:
    command = ("session", "show", merchant.merchant.client_id, waiting[0], "--json")
    local, remote = checkout_admin(*command), as_on_aws(stack, *command)
    assert remote.code == 0
    told = [documented("session show", each.out) for each in (local, remote)]
    assert told[0]["timeline"] == told[1]["timeline"]


@pytest.mark.parametrize(
    "command", [("pending",), ("redrive",), ("merchant", "list"), ("session", "show", "a", "b")]
)
def test_a_stack_that_is_not_there_or_has_gone_is_one_line(
    stack: Stack, tmp_path: Path, command: tuple[str, ...]
) -> None:
    nowhere = as_on_aws(stack, *command, name="nowhere")
    none = checkout_admin(*command, home=tmp_path)
    stacks.write(replace(stack, endpoint_url="http://127.0.0.1:1"), tmp_path / "stack.json")
    gone = checkout_admin(*command, home=tmp_path)
    for said, words in ((nowhere, "nowhere"), (none, "make up"), (gone, "has gone")):
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
        assert words in said.err


def test_of_two_local_stacks_it_is_that_of_its_folder(stack: Stack, tmp_path: Path) -> None:
    """The other one is the same emulator with another name: no table of it is there."""
    other = replace(stack, stack_name="the-other", table="the-others-table")
    stacks.write(other, tmp_path / "stack.json")
    said = checkout_admin("session", "show", "a", "b", home=tmp_path)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "ResourceNotFoundException" in said.err
    assert checkout_admin("session", "show", "a", "b").code == 3


def test_a_session_that_there_is_not_is_one_line(
    merchant: Client, other_merchant: Client, seed: Seed
) -> None:
    session = seed("sandbox:ok_1").session_id
    for names in (
        (merchant.merchant.client_id, NO_SESSION),
        (other_merchant.merchant.client_id, session),
    ):
        said = checkout_admin("session", "show", *names, "--json")
        assert (said.code, said.out, said.err.count("\n")) == (3, "", 1)

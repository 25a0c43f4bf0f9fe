"""The list of a merchant's cancelled sessions, over HTTP: what it holds, its pages, who may ask."""

from collections.abc import Callable
from typing import Any

import pytest

from local import merchants
from local.answers import cancellation, error
from local.calls import Client
from local.payments import PaymentSide, parse
from local.stack import Stack
from local.waiting import wait_until
from tests.local.moments import PATIENCE

PENDING, CANCELLED = "PENDING_CANCELLATION", "CANCELLED"
# Of the sandbox: this one is never cancelled, and this one always.
WAITS, ENDS = "sandbox:refused_1", "sandbox:ok_1"


@pytest.fixture
def newcomer(client_with_scopes: Callable[[list[str]], Client]) -> Client:
    """A merchant whose lists are empty."""
    return client_with_scopes(merchants.SCOPES)


def cancelled(stack: Stack, client: Client, *payments: str, reason: str = "why") -> str:
    """A session of the client's with these payments, and a cancellation of it."""
    side = PaymentSide(stack, client.merchant.client_id)
    session = side.open()
    for each in payments:
        side.attempt(session, parse(each))
    cancellation(client.cancel(session, reason=reason))
    return session


def page(client: Client, status: str = PENDING, **more: str) -> dict[str, Any]:
    answer = client.list_sessions(status, **more)
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    body: dict[str, Any] = answer.json()
    assert list(body) == ["sessions", "nextCursor", "hasMore"]
    assert body["hasMore"] == (body["nextCursor"] is not None)
    for each in body["sessions"]:
        assert list(each) == [
            "sessionId", "status", "reason", "createdAt", "cancelRequestedAt", "cancelledAt",
        ]  # fmt: skip
        assert each["status"] == status
    return body


def ids(body: dict[str, Any]) -> list[str]:
    return [each["sessionId"] for each in body["sessions"]]


def becomes(client: Client, status: str, expected: list[str]) -> None:
    """The list lags behind."""
    wait_until(lambda: ids(page(client, status)) == expected, f"{status}: {expected}", PATIENCE)


def test_a_merchant_finds_its_cancelled_sessions_the_newest_first(
    stack: Stack, newcomer: Client
) -> None:
    for status in (PENDING, CANCELLED):
        assert page(newcomer, status) == {"sessions": [], "nextCursor": None, "hasMore": False}
    ended = [cancelled(stack, newcomer, ENDS) for _ in range(2)]
    waiting = cancelled(stack, newcomer, ENDS, WAITS, reason="\u6f22\u5b57")
    PaymentSide(stack, newcomer.merchant.client_id).open()

    becomes(newcomer, CANCELLED, ended[::-1])
    becomes(newcomer, PENDING, [waiting])

    for status in (PENDING, CANCELLED):
        for listed in page(newcomer, status)["sessions"]:
            read = newcomer.get(listed["sessionId"]).json()
            del read["transactions"]
            assert listed == read


def test_a_session_moves_to_the_other_list_when_its_last_payment_ends(
    stack: Stack, newcomer: Client
) -> None:
    session = cancelled(stack, newcomer, "sandbox:async_4_1")
    becomes(newcomer, CANCELLED, [session])
    becomes(newcomer, PENDING, [])


def test_pages_lead_from_one_to_the_next_and_keep_their_place(
    stack: Stack, newcomer: Client
) -> None:
    sessions = [cancelled(stack, newcomer, WAITS) for _ in range(5)][::-1]
    becomes(newcomer, PENDING, sessions)

    first = page(newcomer, limit="2")
    later = cancelled(stack, newcomer, WAITS)
    becomes(newcomer, PENDING, [later, *sessions])
    second = page(newcomer, limit="2", cursor=first["nextCursor"])
    third = page(newcomer, limit="2", cursor=second["nextCursor"])

    assert [ids(each) for each in (first, second, third)] == [
        sessions[:2], sessions[2:4], sessions[4:],
    ]  # fmt: skip
    assert [each["hasMore"] for each in (first, second, third)] == [True, True, False]
    assert ids(page(newcomer, limit="2", cursor="")) == [later, sessions[0]]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("", "status"),
        ("?status=OPEN", "status"),
        ("?status=CANCELLED&status=CANCELLED", "status"),
        ("?status=CANCELLED&limit=0", "limit"),
        ("?status=CANCELLED&limit=201", "limit"),
        ("?status=CANCELLED&limit=", "limit"),
        ("?status=CANCELLED&limit=1&limit=2", "limit"),
        ("?status=CANCELLED&cursor=abc", "cursor"),
        ("?status=CANCELLED&cursor=%00%F0%9F%9B%92", "cursor"),
        ("?status=CANCELLED&page=1", "page"),
    ],
)
def test_a_wrong_query_is_400_and_named(merchant: Client, query: str, word: str) -> None:
    assert error(merchant.request("GET", f"/v1/checkout/sessions{query}"), 400).startswith(word)


def test_a_valid_token_without_the_scope_is_refused(
    client_with_scopes: Callable[[list[str]], Client],
) -> None:
    reader, canceller = client_with_scopes([merchants.READ]), client_with_scopes([merchants.CANCEL])
    assert page(reader) == {"sessions": [], "nextCursor": None, "hasMore": False}
    answer = canceller.list_sessions()
    assert answer.status in (401, 403)
    error(answer, answer.status)

"""What a caller may ask of the list, what a cursor is good for, and how a page is answered."""

import base64
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checkout.cancelled_sessions import (
    LISTED,
    CancelledSession,
    Listed,
    Listing,
    Position,
)
from checkout.errors import (
    InvalidRequestError,
    MerchantUnknownError,
    UnprocessableRequestError,
)
from checkout.listing import cursor_of, parse_list_call, position_of, sessions_answer
from checkout.sessions import SessionKey, SessionStatus
from checkout.settings import EdgeSettings
from checkout.timestamps import from_millis, to_millis
from tests.unit.clock import NOON
from tests.unit.events import an_event
from tests.unit.samples import KEY

EDGE = EdgeSettings()
PENDING, CANCELLED = LISTED
MERCHANT = KEY.merchant_id
HERE = Position(NOON, KEY.session_id)
CURSOR = cursor_of(HERE, MERCHANT, PENDING)
# 1970 to 2100.
POSITIONS = st.builds(
    Position, st.integers(0, 4_102_444_800_000).map(from_millis), st.uuids().map(str)
)


def asked(**query: str | list[str]) -> dict[str, Any]:
    many = {name: [each] if isinstance(each, str) else each for name, each in query.items()}
    single = {name: each[-1] for name, each in many.items() if each}
    return an_event(
        None, multiValueQueryStringParameters=many or None, queryStringParameters=single or None
    )


def parse(**query: str | list[str]) -> Listing:
    return parse_list_call(asked(**query), EDGE)


def refused(**query: str | list[str]) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        parse(**query)
    assert not isinstance(caught.value, UnprocessableRequestError)
    return caught.value


@pytest.mark.parametrize("status", LISTED)
def test_a_status_is_enough(status: SessionStatus) -> None:
    assert parse(status=status.value) == Listing(MERCHANT, status, 20, None)


def test_limit_and_cursor_are_understood() -> None:
    assert parse(status=PENDING, limit="200", cursor=CURSOR) == Listing(
        MERCHANT, PENDING, 200, HERE
    )
    assert parse(status=PENDING, limit="1").limit == 1


def test_an_empty_cursor_is_the_beginning() -> None:
    assert parse(status=PENDING, cursor="") == Listing(MERCHANT, PENDING)
    assert parse(status=PENDING, cursor=[]) == Listing(MERCHANT, PENDING)


def test_a_gateway_that_gives_one_value_of_each_parameter_is_understood_too() -> None:
    event = an_event(
        None, multiValueQueryStringParameters=None, queryStringParameters={"status": "CANCELLED"}
    )
    assert parse_list_call(event, EDGE) == Listing(MERCHANT, CANCELLED)


STATUSES = ("", "OPEN", "COMPLETED", "EXPIRED", "cancelled", " CANCELLED", "CANCELLED ")
LIMITS = (
    "",
    "0",
    "201",
    "-1",
    "+1",
    "1.0",
    "1e2",
    " 1",
    "1 ",
    "x",
    "\u0663",
    "\u00b2",
    "9" * 9,
    "01",
)
Query = dict[str, str | list[str]]
BAD: list[tuple[str, Query]] = [
    ("status", {}),
    ("status", {"status": [PENDING, PENDING]}),
    ("limit", {"status": PENDING, "limit": ["1", "1"]}),
    ("cursor", {"status": PENDING, "cursor": [CURSOR, CURSOR]}),
    ("Status", {"status": PENDING, "Status": PENDING}),
    ("client_id", {"status": PENDING, "client_id": "merchant-2"}),
    ("??", {"status": PENDING, "\u00e9\n": ""}),
]
BAD += [("status", {"status": each}) for each in STATUSES]
BAD += [("limit", {"status": PENDING, "limit": each}) for each in LIMITS]


@pytest.mark.parametrize(("field", "query"), BAD)
def test_a_wrong_parameter_is_named(field: str, query: Query) -> None:
    assert refused(**query).field == field


def test_a_refusal_says_what_is_accepted() -> None:
    assert refused().problem == "is missing: ask for PENDING_CANCELLATION or CANCELLED"
    assert refused(status="OPEN").problem == "must be PENDING_CANCELLATION or CANCELLED"
    too_many = refused(status=PENDING, limit="201")
    assert too_many.problem == "must be a whole number from 1 to 200"
    assert "send nextCursor" in refused(status=PENDING, cursor="x").problem


def test_a_token_that_names_no_merchant_is_refused_before_anything_else() -> None:
    event = asked(status="OPEN", cursor="x")
    event["requestContext"]["authorizer"] = {"claims": {}}
    with pytest.raises(MerchantUnknownError):
        parse_list_call(event, EDGE)


@given(POSITIONS, st.text(), st.sampled_from(LISTED))
def test_a_cursor_leads_back_to_its_position(
    position: Position, merchant: str, status: SessionStatus
) -> None:
    cursor = cursor_of(position, merchant, status)
    assert position_of(cursor, merchant, status) == position
    assert set(cursor) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@given(POSITIONS, st.text(), st.text())
def test_a_cursor_is_refused_for_another_merchant_and_another_status(
    position: Position, merchant: str, other: str
) -> None:
    cursor = cursor_of(position, merchant, PENDING)
    with pytest.raises(InvalidRequestError, match="cursor is none of this list"):
        position_of(cursor, merchant, CANCELLED)
    if other != merchant:
        with pytest.raises(InvalidRequestError, match="cursor is none of this list"):
            position_of(cursor, other, PENDING)


def forged(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


MARK = base64.urlsafe_b64decode(CURSOR + "==").decode().partition("/")[0]


@given(st.text())
@example("\ud800")
@example(CURSOR + "=")
@example(CURSOR + "\n")
@example(CURSOR[:-1])
@example("." + CURSOR)
@example(forged(""))
@example(forged("//"))
@example(forged(f"{MARK}//{KEY.session_id}"))
@example(forged(f"{MARK}/2026-03-01T12:00:00.000/{KEY.session_id}"))
@example(forged(f"{MARK}/2026-03-01T13:00:00.000+01:00/{KEY.session_id}"))
@example(forged(f"{MARK}/0001-01-01T00:00:00.000+14:00/{KEY.session_id}"))
@example(forged(f"{MARK}/2026-03-01T12:00:00.001Z/{KEY.session_id}"))
@example(forged(f"{'0' * 16}/2026-03-01T12:00:00.000Z/{KEY.session_id}"))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        position_of(text, MERCHANT, PENDING)
    assert caught.value.field == "cursor"


@given(st.integers(0, len(CURSOR) - 1), st.sampled_from("AZaz09-_"))
def test_a_cursor_with_one_other_letter_is_refused(place: int, letter: str) -> None:
    changed = CURSOR[:place] + letter + CURSOR[place + 1 :]
    if changed != CURSOR:
        with pytest.raises(InvalidRequestError):
            position_of(changed, MERCHANT, PENDING)


def test_a_page_is_answered_with_the_cursor_of_the_next() -> None:
    session = CancelledSession(KEY, PENDING, NOON, from_millis(to_millis(NOON) + 1), None, "why")
    answer = sessions_answer(Listing(MERCHANT, PENDING), Listed((session,), HERE))
    assert answer == {
        "sessions": [
            {
                "sessionId": KEY.session_id,
                "status": "PENDING_CANCELLATION",
                "reason": "why",
                "createdAt": "2026-03-01T12:00:00.000Z",
                "cancelRequestedAt": "2026-03-01T12:00:00.001Z",
                "cancelledAt": None,
            }
        ],
        "nextCursor": CURSOR,
        "hasMore": True,
    }


def test_the_last_page_has_no_cursor_and_a_cancelled_session_its_moment() -> None:
    session = CancelledSession(SessionKey(MERCHANT, "s"), CANCELLED, NOON, NOON, NOON)
    answer = sessions_answer(Listing(MERCHANT, CANCELLED), Listed((session,)))
    assert (answer["nextCursor"], answer["hasMore"]) == (None, False)
    (shown,) = answer["sessions"]
    assert (shown["cancelledAt"], shown["reason"]) == ("2026-03-01T12:00:00.000Z", None)

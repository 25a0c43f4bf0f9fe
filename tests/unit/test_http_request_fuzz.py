"""Whatever is sent: it is understood, or refused by name and without its value."""

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checkout.errors import InvalidRequestError
from checkout.http_request import parse_cancel_call, parse_session_key
from checkout.settings import EdgeSettings
from tests.unit.events import a_body, an_event, with_headers
from tests.unit.samples import KEY

CANARY = "c4n4ry"
EDGE = EdgeSettings()
# With everything that JSON can hold, halves of surrogate pairs included.
NAMES = st.sampled_from(["sessionId", "reason", "extra"]) | st.text(
    st.characters(codec=None), max_size=8
)
VALUES = st.sampled_from([KEY.session_id, CANARY]) | st.text(st.characters(codec=None), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=4)


def _answer(event: dict[str, Any]) -> str:
    """The error's message, or nothing; any other exception is a failure of the test."""
    try:
        parse_cancel_call(event, EDGE)
    except InvalidRequestError as error:
        return str(error)
    return ""


@given(value=OBJECTS | JSON)
@example(value={"sessionId": CANARY})
def test_any_json_is_understood_or_refused_without_its_value(value: object) -> None:
    assert CANARY not in _answer(an_event(json.dumps(value)))


@given(reason=VALUES)
def test_any_reason_is_kept_as_it_is_or_refused(reason: str) -> None:
    event = an_event(a_body(reason=reason))
    if not _answer(event):
        call = parse_cancel_call(event, EDGE)
        assert call.request.reason == reason
        assert reason.encode()


@given(body=st.text(st.characters(codec=None)))
def test_any_text_is_refused(body: str) -> None:
    assert _answer(an_event(body))


@given(body=st.binary(max_size=40))
def test_any_bytes_are_refused(body: bytes) -> None:
    assert _answer(an_event(base64.b64encode(body).decode(), isBase64Encoded=True))


@given(body=st.text("ABCabc+/=123", max_size=20))
def test_any_text_that_is_called_base64_is_refused(body: str) -> None:
    assert _answer(an_event(body, isBase64Encoded=True))


@given(cut=st.integers(0, len(a_body(reason="x")) - 1))
def test_a_body_that_was_cut_off_is_refused(cut: int) -> None:
    assert _answer(an_event(a_body(reason="x")[:cut]))


@given(name=st.sampled_from(["Content-Type", "Idempotency-Key", "X-Other"]), value=st.text())
def test_any_header_is_understood_or_refused_without_its_value(name: str, value: str) -> None:
    headers = with_headers(("Content-Type", "application/json"), (name, CANARY + value))
    assert CANARY not in _answer(an_event(a_body(), **headers))


@given(session_id=st.text(st.characters(codec=None)))
def test_any_path_is_refused_without_its_value(session_id: str) -> None:
    event = an_event(None, pathParameters={"sessionId": CANARY + session_id})
    with pytest.raises(InvalidRequestError) as caught:
        parse_session_key(event, EDGE)
    assert CANARY not in str(caught.value)

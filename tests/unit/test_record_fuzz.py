"""What comes from outside by a gateway, a queue or a stream: it is read, or refused by its name."""

import base64
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checkout.errors import InvalidRequestError, MalformedRecordError
from checkout.merchant_webhooks import event_of_message, headers_of
from checkout.providers.webhook import Delivery
from checkout.reports import ProviderReport, report_from_message, report_to_message
from checkout.sessions import SessionKey
from checkout.storage.stream_records import session_of, settled_by_report
from checkout.transactions import TransactionStatus
from checkout.webhook_request import MAX_BODY, parse_delivery
from tests.template.cloudformation import ROOT
from tests.unit.clock import NOON

fuzzed = settings(max_examples=100, derandomize=True, deadline=None)
ANY_TEXT = st.text(st.characters(codec=None), max_size=8)
NUMBERS = st.sampled_from(["", "x", "1e999", "-0", "9" * 60, "NaN", "Infinity", "\u0661"])
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**400, 0.5, float("inf"), float("nan")),
    *("", "x", "\ud800", "2026-03-01T12:00", "9" * 5_000, [], {}, [[]], [None], {"S": 1}),
    *({"N": []}, {"N": "1e999"}, {"S": "a", "N": "1"}, {"L": [{"M": None}]}, {"SS": [[]]}),
    *({"B": "?"}, {"M": {"a": "b"}}),
)
JSON = st.recursive(
    st.sampled_from(ODD) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ANY_TEXT, inner, max_size=2),
    max_leaves=5,
)
TYPES = ["NULL", "BOOL", "N", "S", "B", "SS", "NS", "BS", "L", "M", "X"]
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["PK", "SK", "status", "driver", "amount"]),
    st.dictionaries(st.sampled_from(TYPES), JSON | NUMBERS | st.lists(NUMBERS), max_size=2) | JSON,
    max_size=4,
)
VALUES = ANY_TEXT | st.none()
MANY = st.none() | st.dictionaries(ANY_TEXT, st.lists(VALUES, max_size=3) | st.none(), max_size=3)
ONE = st.none() | st.dictionaries(ANY_TEXT, VALUES, max_size=3)


def _sample(name: str) -> dict[str, Any]:
    (record,) = json.loads((ROOT / "events" / f"{name}.json").read_text())["Records"]
    found: dict[str, Any] = record
    return found


MESSAGE: dict[str, Any] = json.loads(_sample("match_reports")["body"])
TOLD: dict[str, Any] = json.loads(_sample("send_webhooks")["body"])
RECORD = _sample("complete_cancellations")


def _places(document: Any) -> list[tuple[Any, ...]]:
    """The way to each part of it."""
    if not isinstance(document, dict):
        return []
    inner = [(key, *rest) for key, value in document.items() for rest in _places(value)]
    return [(key,) for key in document] + inner


def _with(document: Any, place: tuple[Any, ...], odd: Any) -> Any:
    changed = copy.deepcopy(document)
    holder = changed
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = odd
    return changed


def _odd_ones(document: Any) -> Iterator[Any]:
    """The document with each odd thing in each of its places."""
    for place in _places(document):
        yield from (_with(document, place, odd) for odd in ODD)


def _of_message(message: str) -> None:
    """It is a report that can be worked on, and kept again; or it is malformed."""
    try:
        told = report_from_message(message)
    except MalformedRecordError:
        return
    texts = (told.provider, told.account, told.report.reference, told.report.own_reference)
    flags = (told.report.cancel_refused, told.report.ask, told.report.ends)
    assert [type(each) for each in texts] == [str] * 4
    assert [type(each) for each in flags] == [bool] * 3
    assert told.received_at <= NOON or told.received_at > NOON
    assert "".join(texts).encode()
    assert report_from_message(report_to_message(told)) == told


@pytest.mark.parametrize("depth", [1, 900, 100_000])
def test_a_nested_message_is_malformed(depth: int) -> None:
    with pytest.raises(MalformedRecordError):
        report_from_message("[" * depth + "]" * depth)


def test_each_field_of_a_message_may_hold_anything() -> None:
    for message in _odd_ones(MESSAGE):
        _of_message(json.dumps(message))


@fuzzed
@given(fields=st.dictionaries(st.sampled_from(sorted(MESSAGE)), JSON))
def test_any_message_is_a_report_or_malformed(fields: dict[str, Any]) -> None:
    _of_message(json.dumps({**MESSAGE, **fields}))


@fuzzed
@given(message=ANY_TEXT | JSON.map(json.dumps))
def test_any_text_is_malformed(message: str) -> None:
    with pytest.raises(MalformedRecordError):
        report_from_message(message)


@fuzzed
@given(word=ANY_TEXT)
@example(word="settled")
def test_a_status_that_nobody_knows_is_malformed(word: str) -> None:
    if word not in TransactionStatus.__members__:
        with pytest.raises(MalformedRecordError):
            report_from_message(json.dumps({**MESSAGE, "status": word}))


@fuzzed
@given(fields=st.dictionaries(st.sampled_from(sorted(TOLD)), JSON), whole=st.booleans())
def test_any_message_for_merchants_is_an_event_or_malformed(
    fields: dict[str, Any], whole: bool
) -> None:
    told = {**TOLD, **fields}
    _of_event(json.dumps({"detail-type": "x", "detail": told} if whole else told))


@fuzzed
@given(message=ANY_TEXT | JSON.map(json.dumps))
def test_any_text_for_merchants_is_malformed(message: str) -> None:
    with pytest.raises(MalformedRecordError):
        event_of_message(message)


def _of_event(message: str) -> None:
    """It is an event that can be signed and sent, or it is malformed."""
    try:
        event = event_of_message(message)
    except MalformedRecordError:
        return
    assert all(each.isprintable() for each in headers_of(event, [b"k"], NOON).values())
    assert json.loads(event.body)["id"] == event.event_id


READERS: tuple[Callable[[Any], object], ...] = (session_of, settled_by_report)


def _of_record(record: Any) -> None:
    """Each of what is read of it is there, or the record is malformed."""
    for read in READERS:
        try:
            told = read(record)
        except MalformedRecordError:
            continue
        if isinstance(told, SessionKey):
            assert told.merchant_id
            assert told.session_id
        else:
            assert isinstance(told, bool)


def test_each_part_of_a_record_may_hold_anything() -> None:
    for record in _odd_ones(RECORD):
        _of_record(record)


@fuzzed
@given(keys=ATTRIBUTES | JSON, image=ATTRIBUTES | JSON)
def test_any_record_is_read_or_malformed(keys: Any, image: Any) -> None:
    _of_record({**RECORD, "dynamodb": {**RECORD["dynamodb"], "Keys": keys, "NewImage": image}})


def test_a_record_that_is_nested_too_deeply_is_malformed() -> None:
    value: dict[str, Any] = {"S": "x"}
    for _ in range(5_000):
        value = {"L": [value]}
    _of_record({"dynamodb": {"Keys": {"PK": value}, "NewImage": {"note": value}}})


def _delivery(event: dict[str, Any]) -> Delivery | None:
    """None of what is refused; any other error is a failure of the test."""
    try:
        return parse_delivery(event, NOON)[1]
    except InvalidRequestError:
        return None


@fuzzed
@given(
    event=st.fixed_dictionaries(
        {},
        optional={
            "pathParameters": ONE,
            "headers": ONE,
            "multiValueHeaders": MANY,
            "queryStringParameters": ONE,
            "multiValueQueryStringParameters": MANY,
            "body": VALUES,
            "isBase64Encoded": st.booleans() | st.none(),
        },
    )
)
def test_any_event_of_the_gateway_is_a_delivery_or_refused(event: dict[str, Any]) -> None:
    found = _delivery(event)
    if found:
        texts = [found.account, *found.headers, *found.headers.values(), *found.query.values()]
        assert {type(each) for each in texts} == {str}
        assert [*found.headers] == [each.lower() for each in found.headers]


@fuzzed
@given(body=st.binary(max_size=60))
@example(body=b"\xff" * MAX_BODY)
def test_any_bytes_arrive_as_they_were_sent(body: bytes) -> None:
    found = _delivery({"body": base64.b64encode(body).decode(), "isBase64Encoded": True})
    assert found
    assert found.body == body


def test_a_report_is_the_same_behind_the_queue() -> None:
    told = report_from_message(json.dumps(MESSAGE))
    assert isinstance(told, ProviderReport)
    assert json.loads(report_to_message(told)) == MESSAGE

"""What is read of a record of the stream, and what is said of one that cannot be read."""

import json
from typing import Any

import pytest

from checkout.errors import MalformedRecordError
from checkout.events import TransactionChange
from checkout.sessions import SessionKey
from checkout.storage.stream_records import change_of, session_of, settled_by_report
from tests.template.cloudformation import ROOT

PARTITION = "MERCHANT#m-1#SESSION#s-1"


def record(**parts: Any) -> dict[str, Any]:
    return {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "1", **parts}}


def keys(partition: Any = PARTITION) -> dict[str, Any]:
    return {"PK": {"S": partition}, "SK": {"S": "TRANSACTION#t-1"}}


def image(**values: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in values.items()}


def test_its_keys_name_the_session() -> None:
    assert session_of(record(Keys=keys())) == SessionKey("m-1", "s-1")


@pytest.mark.parametrize(
    "malformed",
    [
        {},
        {"dynamodb": None},
        {"dynamodb": []},
        record(),
        record(Keys=None),
        record(Keys=[]),
        record(Keys={}),
        record(Keys={"PK": PARTITION}),
        record(Keys={"PK": {"X": PARTITION}}),
        record(Keys={"PK": {}}),
        record(Keys={"SK": {"S": PARTITION}}),
        record(Keys={"PK": {"N": "7"}}),
        *(record(Keys=keys(each)) for each in ("", "nonsense", None, "MERCHANT#m#SESSION#")),
    ],
)
def test_keys_that_name_none_are_malformed(malformed: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecordError) as raised:
        session_of(malformed)
    assert raised.value.part == "Keys"


@pytest.mark.parametrize(
    ("transaction", "told"),
    [
        (image(status="SETTLED"), True),
        (image(status="SETTLED", driver="counted-it-itself"), False),
        (image(status="CANCELLED"), False),
        (image(status="REVERSED_BY_A_NEWER_RELEASE"), False),
        ({}, False),
    ],
)
def test_money_that_a_report_brought_is_told_from_the_new_image(
    transaction: dict[str, Any], told: bool
) -> None:
    assert settled_by_report(record(NewImage=transaction)) is told


@pytest.mark.parametrize(
    "malformed", [record(), record(NewImage=None), record(NewImage={"status": "SETTLED"})]
)
def test_an_image_that_cannot_be_read_is_not_taken_for_no_money(malformed: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecordError) as raised:
        settled_by_report(malformed)
    assert raised.value.part == "NewImage"


def test_the_error_says_where_and_not_what() -> None:
    with pytest.raises(MalformedRecordError) as raised:
        session_of(record(Keys=keys("canary")))
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("seconds", [1763802005, 1763802005.0, 1763802005.25])
def test_a_change_of_a_transaction_has_its_moment_from_the_stream_in_seconds(
    seconds: float,
) -> None:
    (sample,) = json.loads((ROOT / "events" / "complete_cancellations.json").read_text())["Records"]
    sample["dynamodb"]["ApproximateCreationDateTime"] = seconds
    change = change_of(sample)
    assert isinstance(change, TransactionChange)
    assert change.at.timestamp() == seconds
    assert (change.before.status, change.after.status) == ("PROCESSING", "CANCELLED")

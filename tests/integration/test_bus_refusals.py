"""Events that the bus will never take, and a bus that takes none just now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.integration import event_bus, scenes
from tests.integration.stack import queue_url, stream_records
from tests.template.filter_pattern import passes

if TYPE_CHECKING:
    from collections.abc import Callable

    from checkout.storage.dynamodb import CheckoutStore
    from tests.integration.cloud import Cloud
    from tests.integration.event_bus import Bus
    from tests.integration.journal import Journal


@pytest.fixture
def bus(cloud: Cloud, store: CheckoutStore) -> Bus:
    return event_bus.make(cloud)


def meddled(cloud: Cloud, wrong: Callable[[list[str]], str | None]) -> list[list[str]]:
    """The bus answers a whole call with the code that `wrong` gives for the subjects in it.

    The subjects of each call are kept.
    """
    wiring = vars(cloud.function(event_bus.FUNCTION).app)["event_bootstrap"]
    client = wiring.event_bus()._client
    put, calls = client.put_events, []

    def put_events(Entries: list[Any]) -> Any:  # noqa: N803 - as boto3 names it
        subjects = [json.loads(each["Detail"])["subject"] for each in Entries]
        calls.append(subjects)
        code = wrong(subjects)
        if code is None:
            return put(Entries=Entries)
        if code == "invalid":
            raise ParamValidationError(report="c4n4ry")
        status = 413 if code == "RequestEntityTooLarge" else 400
        error = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(error, "PutEvents")  # type: ignore[arg-type]

    client.put_events = put_events
    return calls


def locked(store: CheckoutStore, count: int) -> list[str]:
    """The ids of as many sessions, of each of which there is one thing to tell."""
    keys = [scenes.session_with(store)[0] for _ in range(count)]
    for each in keys:
        scenes.lock(store, each)
    return [each.session_id for each in keys]


WHOLE_CALL = ["ValidationException", "SerializationException", "RequestEntityTooLarge", "invalid"]


@pytest.mark.parametrize("code", WHOLE_CALL)
def test_an_event_for_which_the_bus_refuses_a_batch_is_put_aside_alone(
    cloud: Cloud, store: CheckoutStore, bus: Bus, journal: Journal, code: str
) -> None:
    ids = locked(store, 4)
    calls = meddled(cloud, lambda subjects: code if ids[1] in subjects else None)
    assert [each["subject"] for each in bus.tell()] == [ids[0], ids[2], ids[3]]
    (aside,) = bus.put_aside
    assert aside["keys"]["PK"]["S"].endswith(ids[1])
    assert calls == [ids, *([each] for each in ids)]
    assert (len(bus.source.invoked), bus.source.discarded) == (1, [])
    assert journal.values("RecordsPutAside") == [1]
    assert journal.values("EventFailures") == []
    assert [each["session_id"] for each in journal.named("event put aside")] == [ids[1]]
    # The runbook sends whoever looks at it to this code.
    told = {each.get("code") for each in journal.named("events were not published")}
    assert told == {None if code == "invalid" else code}
    assert "c4n4ry" not in str(journal.all)


@pytest.mark.parametrize("code", ["MalformedDetail", "InvalidArgument"])
def test_so_is_one_that_it_refuses_by_itself(
    cloud: Cloud, store: CheckoutStore, bus: Bus, code: str
) -> None:
    ids = locked(store, 3)
    wiring = vars(cloud.function(event_bus.FUNCTION).app)["event_bootstrap"]
    client = wiring.event_bus()._client
    put = client.put_events

    def put_events(Entries: list[Any]) -> Any:  # noqa: N803 - as boto3 names it
        answer = put(Entries=[Entries[0], Entries[2]])
        one, three = answer["Entries"]
        return {**answer, "Entries": [one, {"ErrorCode": code}, three]}

    client.put_events = put_events
    assert [each["subject"] for each in bus.tell()] == [ids[0], ids[2]]
    assert [each["keys"]["PK"]["S"][-36:] for each in bus.put_aside] == [ids[1]]
    assert len(bus.source.invoked) == 1


def test_a_batch_that_is_too_large_together_is_told_one_by_one(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    ids = locked(store, 3)
    meddled(cloud, lambda subjects: "ValidationException" if len(subjects) > 1 else None)
    assert [each["subject"] for each in bus.tell()] == ids
    assert bus.put_aside == []


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "InternalFailure", "AccessDeniedException", "ExpiredToken",
             "ResourceNotFoundException"],
)  # fmt: skip
def test_what_another_moment_or_deployment_cures_is_told_again_and_never_put_aside(
    cloud: Cloud, store: CheckoutStore, bus: Bus, code: str
) -> None:
    ids, left = locked(store, 3), [3]

    def wrong(_: list[str]) -> str | None:
        left[0] -= 1
        return code if left[0] >= 0 else None

    meddled(cloud, wrong)
    assert [each["subject"] for each in bus.tell()] == ids
    assert (bus.put_aside, bus.source.discarded) == ([], [])


def test_a_bus_that_goes_down_among_single_events_loses_none_and_is_not_asked_for_the_rest(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    ids, down = locked(store, 4), [True]

    def wrong(subjects: list[str]) -> str | None:
        if ids[0] in subjects:
            return "ValidationException"
        if down and ids[1] in subjects:
            down.clear()
            return "ThrottlingException"
        return None

    calls = meddled(cloud, wrong)
    assert [each["subject"] for each in bus.tell()] == ids[1:]
    assert calls[:3] == [ids, ids[:1], ids[1:2]]
    assert calls[3] == ids[1:], "what was not told comes again, together"
    assert len(bus.put_aside) == 1


def test_an_event_that_cannot_be_put_aside_comes_again(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    locked(store, 1)
    (record,) = [each for each in stream_records() if passes(each, event_bus.FUNCTION)]
    meddled(cloud, lambda _: "ValidationException")
    boto3.client("sqs").delete_queue(QueueUrl=queue_url(event_bus.ASIDE))
    answer = cloud.function(event_bus.FUNCTION)({"Records": [record]})
    assert answer == {
        "batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]
    }


@pytest.mark.parametrize("strange", [{"N": "7"}, {"SS": ["a"]}])
def test_an_event_that_cannot_be_written_is_put_aside_and_holds_up_no_other(
    cloud: Cloud, store: CheckoutStore, bus: Bus, strange: dict[str, Any]
) -> None:
    """Such as of an item that somebody has changed by hand."""
    key, (transaction_id,) = scenes.session_with(store, "ok_1")
    scenes.cancel(cloud, key)
    records = [each for each in stream_records() if passes(each, event_bus.FUNCTION)]
    (cancelled,) = [each for each in records if "providerAccount" in each["dynamodb"]["NewImage"]]
    for image in ("OldImage", "NewImage"):
        cancelled["dynamodb"][image]["currency"] = strange
    assert cloud.function(event_bus.FUNCTION)({"Records": records}) == {"batchItemFailures": []}
    assert {each["subject"] for each in bus.hear()} == {key.session_id}
    (aside,) = bus.put_aside
    assert aside["keys"]["SK"] == {"S": f"TRANSACTION#{transaction_id}"}

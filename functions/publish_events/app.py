"""Table stream: what a change of a session, or of a transaction, is to others, on the event bus."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap, event_bootstrap
from checkout.events import Event, SessionChange, event_of
from checkout.observability import correlate, count, log_failure, logger
from checkout.storage.stream_records import Record, change_of

bootstrap.prepare(event_bootstrap.event_bus)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """What is named as failed comes again, with all behind it: an event may be told twice."""
    told: dict[str, Event] = {}
    failed: set[str] = set()
    for record in event["Records"]:
        number = record["dynamodb"]["SequenceNumber"]
        try:
            found = read(record)
        except Exception:  # noqa: BLE001 - the edge of a record; `read` has told of it
            failed.add(number)
            continue
        if found:
            told[number] = found
    taken = event_bootstrap.event_bus().publish(list(told.values()))
    failed |= {number for number, was in zip(told, taken, strict=True) if not was}
    correlate(None)
    for number in told.keys() - failed:
        _tell_published(told[number])
    count("EventFailures", len(failed))
    return {"batchItemFailures": [{"itemIdentifier": each} for each in sorted(failed)]}


def read(record: Record) -> Event | None:
    """The event of a record; one of which none can be made is put aside."""
    correlate(None)
    try:
        return _event_of(record)
    except Exception as error:  # noqa: BLE001 - it would hold up its shard for a day
        log_failure("record put aside", error)
        count("RecordsPutAside")
        event_bootstrap.aside().put(record)
        return None


def _event_of(record: Record) -> Event | None:
    change = change_of(record)
    if isinstance(change, SessionChange):
        correlate(change.after.correlation_id)
    return event_of(change)


def _tell_published(event: Event) -> None:
    logger.info(
        "event published",
        event_type=event.type,
        event_id=event.event_id,
        merchant_id=event.key.merchant_id,
        session_id=event.key.session_id,
        transaction_id=event.transaction_id,
    )
    count("EventsPublished", type=event.type)

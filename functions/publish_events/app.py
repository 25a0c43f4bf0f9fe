"""Table stream: what a change of a session, or of a transaction, is to others, on the event bus."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap, event_bootstrap
from checkout.errors import SessionNotFoundError, StoreError
from checkout.events import Event, SessionChange, event_of
from checkout.observability import correlate, count, log_failure, logger
from checkout.published_events import settle
from checkout.storage.stream_records import Record, change_of

bootstrap.prepare(bootstrap.checkout_store, event_bootstrap.event_bus)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """What is named as failed comes again, with all behind it: an event may be told twice."""
    found: list[tuple[Record, Event]] = []
    failed: set[str] = set()
    for record in event["Records"]:
        try:
            happened = read(record)
        except Exception:  # noqa: BLE001 - the edge of a record; `read` has told of it
            failed.add(_number(record))
            continue
        if happened:
            found.append((record, happened))
    told = event_bootstrap.event_bus().publish([each for _, each in found])
    correlate(None)
    for (record, happened), outcome in zip(found, told, strict=True):
        if not settle(event_bootstrap.aside, record, happened, outcome):
            failed.add(_number(record))
    count("EventFailures", len(failed))
    return {"batchItemFailures": [{"itemIdentifier": each} for each in sorted(failed)]}


def _number(record: Record) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def read(record: Record) -> Event | None:
    """The event of a record. Raises whatever another moment may cure; all else is put aside."""
    correlate(None)
    try:
        return _event_of(record)
    except SessionNotFoundError:
        # Somebody has deleted it by hand: there is nobody to tell of it.
        count("RecordsOfNoSession")
        return None
    except StoreError as error:
        log_failure("record failed", error)
        raise
    except Exception as error:  # noqa: BLE001 - it would hold up its shard for a day
        log_failure("record put aside", error)
        count("RecordsPutAside")
        event_bootstrap.aside().put(record)
        return None


def _event_of(record: Record) -> Event | None:
    change = change_of(record)
    if isinstance(change, SessionChange):
        correlate(change.after.correlation_id)
    return event_of(change, bootstrap.checkout_store().read_session)

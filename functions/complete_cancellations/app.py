"""Table stream: a transaction that a cancelled session waited for has ended."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap
from checkout.completion import age, complete_if_drained
from checkout.errors import MalformedRecordError, SessionNotFoundError
from checkout.observability import correlate, count, log_failure, logger, publish, tell_completed
from checkout.sessions import SessionKey
from checkout.storage.stream_records import Record, session_of, settled_by_report

bootstrap.prepare(bootstrap.checkout_store)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    # Not by Powertools' batch processor, whose imports cost more than all of ours.
    failed = []
    looked_at: set[SessionKey] = set()
    for record in event["Records"]:
        try:
            complete(record, looked_at)
        except Exception:  # noqa: BLE001 - the edge of a record; `complete` has told of it
            failed.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
    return {"batchItemFailures": failed}


def complete(record: Record, looked_at: set[SessionKey]) -> None:
    """Complete the session of one record. A repeat, as after a partial failure, does nothing more.

    But it counts once more: a metric of the stream is at least as large as what it counts. One
    look at a session is enough for all its records in a batch, since each had happened before.
    """
    correlate(None)
    try:
        _look(record, looked_at)
    except Exception as error:
        # A malformed record fails like any other: its place in the queue, under an alarm, is more
        # than a number to look for.
        malformed = int(isinstance(error, MalformedRecordError))
        publish({"FailedRecords": 1, "MalformedRecords": malformed})
        log_failure("record failed", error)
        raise


def _look(record: Record, looked_at: set[SessionKey]) -> None:
    key = session_of(record)
    try:
        if key not in looked_at:
            _complete(key)
            looked_at.add(key)
    finally:
        # Also if the record is given up in the end: who completes its session tells of no money.
        count("SettledAfterCancel", int(settled_by_report(record)))


def _tell_settled(transaction_id: str) -> None:
    logger.warning("settled after its session was cancelled", transaction_id=transaction_id)
    count("SettledAfterCancel")


def _complete(key: SessionKey) -> None:
    try:
        now = bootstrap.utc_now()
        store = bootstrap.checkout_store()
        completed = complete_if_drained(store, key, now, _tell_settled, correlate)
    except SessionNotFoundError:
        # Somebody has deleted it by hand: nothing is left to complete.
        count("RecordsOfNoSession")
        return
    if completed:
        tell_completed(key.session_id, age(completed, now))

"""Table stream: a transaction that a cancelled session waited for has ended."""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap
from checkout.completion import complete_if_drained
from checkout.errors import MalformedRecordError, SessionNotFoundError
from checkout.observability import count, log_failure, logger
from checkout.sessions import SessionKey
from checkout.storage.stream_records import session_of, settled_by_report

processor = BatchProcessor(
    event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False
)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, complete, processor, context)


def complete(record: DynamoDBRecord) -> None:
    """Complete the session of one record. A repeat, as after a partial failure, does nothing more.

    But it counts once more: a metric of the stream is at least as large as what it counts.
    """
    try:
        _complete(session_of(record.raw_event))
        settled = settled_by_report(record.raw_event)
    except Exception as error:
        # The batch processor says nothing of what it counts as failed. A malformed record fails
        # like any other: its place in the queue, under an alarm, is more than a number to look for.
        count("FailedRecords")
        count("MalformedRecords", int(isinstance(error, MalformedRecordError)))
        log_failure("record failed", error)
        raise
    count("SettledAfterCancel", int(settled))


def _complete(key: SessionKey) -> None:
    try:
        completed = complete_if_drained(bootstrap.checkout_store(), key, bootstrap.utc_now())
    except SessionNotFoundError:
        # Somebody has deleted it by hand: nothing is left to complete.
        count("RecordsOfNoSession")
        return
    if completed:
        logger.info("cancellation completed", session_id=key.session_id)

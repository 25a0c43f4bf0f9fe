"""Queue: reports that found no transaction, or that nobody could confirm, are tried once more."""

from datetime import datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap
from checkout.errors import MalformedRecordError, UnmatchedReportError
from checkout.observability import count, log_failure, logger
from checkout.reports import report_from_message
from checkout.webhooks import match_report

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    until = bootstrap.deadline(context) - bootstrap.REPORT_RESERVE
    return process_partial_response(event, partial(match, until=until), processor, context)


def match(record: SQSRecord, until: datetime) -> None:
    """Try one message; what raises stays in the queue, and in the end goes to the next one."""
    try:
        match_report(bootstrap.webhook_ports(), report_from_message(record.body), until)
    except UnmatchedReportError:
        # What it waits for may be about to happen: no failure, until it is given up.
        logger.info("report is not matched yet", message_id=record.message_id)
        raise
    except Exception as error:
        count("FailedReports")
        count("MalformedReports", int(isinstance(error, MalformedRecordError)))
        log_failure("report failed", error)
        raise

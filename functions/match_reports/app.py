"""Queue: reports that found no transaction, or that nobody could confirm, are tried once more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap
from checkout.errors import MalformedRecordError, UnmatchedReportError
from checkout.observability import log_failure, logger, publish
from checkout.reports import report_from_message
from checkout.webhooks import match_report

bootstrap.prepare(bootstrap.checkout_store, bootstrap.secrets_manager)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    until = bootstrap.deadline(context) - bootstrap.REPORT_RESERVE
    # Not by Powertools' batch processor, whose imports cost more than all of ours.
    failed = []
    for message in event["Records"]:
        try:
            match(message, until)
        except Exception:  # noqa: BLE001 - the edge of a message; `match` has told of it
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def match(message: Mapping[str, Any], until: datetime) -> None:
    """Try one message; what raises stays in the queue, and in the end goes to the next one."""
    try:
        match_report(bootstrap.webhook_ports(), report_from_message(message["body"]), until)
    except UnmatchedReportError:
        # What it waits for may be about to happen: no failure, until it is given up.
        logger.info("report is not matched yet", message_id=message["messageId"])
        raise
    except Exception as error:
        malformed = int(isinstance(error, MalformedRecordError))
        publish({"FailedReports": 1, "MalformedReports": malformed})
        log_failure("report failed", error)
        raise

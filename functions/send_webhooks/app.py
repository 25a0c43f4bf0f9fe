"""Queue: events for merchants, each sent to its merchant's own endpoint."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap, merchant_bootstrap
from checkout.merchant_deliveries import deliver
from checkout.merchant_queue import QueuedEvent
from checkout.observability import count, log_failure, logger
from checkout.parallel import Claim, do_all

# As many as a batch has: none waits for another one's endpoint.
THREADS = 10

bootstrap.prepare(merchant_bootstrap.delivery_ports)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What is named as failed comes again, a few minutes later; what was not taken is sent on."""
    until = bootstrap.deadline(context) - bootstrap.REPORT_RESERVE
    seconds = (until - bootstrap.utc_now()).total_seconds()
    records = event["Records"]
    results = do_all(send, records, THREADS, seconds)
    failed = [
        {"itemIdentifier": record["messageId"]}
        for record, done in zip(records, results, strict=True)
        if done is not True
    ]
    return {"batchItemFailures": failed}


def send(record: Mapping[str, Any], claim: Claim) -> bool:
    """Whether it is done with. Whatever fails stays in the queue, and in the end is given up."""
    try:
        queued = QueuedEvent.of_record(record)
        return deliver(merchant_bootstrap.delivery_ports(), queued, claim)
    except Exception as error:  # noqa: BLE001 - the edge of a message
        log_failure("merchant webhook failed", error)
        count("MerchantWebhookFailures")
        return False

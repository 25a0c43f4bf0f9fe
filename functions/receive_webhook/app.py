"""POST /v1/webhooks/{provider}/{account}: record what a provider reports of its payments."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap
from checkout.api import Response, answer
from checkout.errors import SignatureError
from checkout.observability import count, logger
from checkout.providers.webhook import Acknowledgement
from checkout.webhook_request import parse_delivery
from checkout.webhooks import read_reports, take_reports

bootstrap.prepare(bootstrap.checkout_store, bootstrap.secrets_manager, bootstrap.report_queue)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    until = bootstrap.deadline(context) - bootstrap.REPORT_RESERVE
    return answer(event, lambda: _receive(event, until))


def _receive(event: dict[str, Any], until: datetime) -> Acknowledgement:
    provider, delivery = parse_delivery(event, bootstrap.utc_now())
    reader, ports = bootstrap.webhook_reader(provider), bootstrap.webhook_ports()
    try:
        reports = read_reports(ports, reader, provider, delivery)
    except SignatureError:
        logger.info("webhook refused", provider=provider, account=delivery.account)
        count("RejectedSignatures", provider=provider)
        raise
    unmatched = take_reports(ports, bootstrap.report_queue(), reports, until)
    logger.info(
        "webhook received",
        provider=provider,
        account=delivery.account,
        reports=len(reports),
        unmatched=unmatched,
    )
    count("WebhookReports", len(reports), provider=provider)
    count("UnmatchedReports", unmatched)
    return reader.acknowledgement

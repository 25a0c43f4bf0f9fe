"""GET /v1/checkout/sessions: a merchant's cancelled sessions, in pages. Changes nothing."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap
from checkout.api import Response, answer, to_json
from checkout.cancelled_sessions import list_cancelled
from checkout.listing import parse_list_call, sessions_answer
from checkout.observability import logger, tell_unreadable

bootstrap.prepare(bootstrap.checkout_store)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Response:  # noqa: ARG001
    return answer(event, lambda: _list(event))


def _list(event: dict[str, Any]) -> str:
    listing = parse_list_call(event, bootstrap.edge())
    listed = list_cancelled(bootstrap.checkout_store(), listing)
    tell_unreadable(listing.merchant_id, listed.unreadable)
    return to_json(sessions_answer(listing, listed))

"""GET /v1/operations/...: what the payment team sees of every merchant. Changes nothing."""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap, operator_bootstrap
from checkout.api import Response, answer, to_json
from checkout.observability import logger
from checkout.operations import list_for_operators
from checkout.operator_answers import detail_answer, list_answer
from checkout.operator_request import parse_operator_key, parse_operator_list

bootstrap.prepare(bootstrap.checkout_store, operator_bootstrap.here)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Response:  # noqa: ARG001
    return answer(event, lambda: ROUTES[event["resource"]](event))


def _list(event: dict[str, Any]) -> str:
    asked, here = parse_operator_list(event), operator_bootstrap.here()
    page = list_for_operators(bootstrap.checkout_store(), here.ages, asked, here.now)
    return to_json(list_answer(here, asked, page))


def _read(event: dict[str, Any]) -> str:
    key, here = parse_operator_key(event), operator_bootstrap.here()
    return to_json(detail_answer(here, bootstrap.checkout_store().read_session(key)))


# The gateway's names of the routes that lead here.
ROUTES: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "/v1/operations/sessions": _list,
    "/v1/operations/merchants/{merchantId}/sessions/{sessionId}": _read,
}

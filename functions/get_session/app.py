"""GET /v1/checkout/session/{sessionId}: the session and its transactions. Changes nothing."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap
from checkout.api import Response, answer, session_answer, to_json
from checkout.http_request import parse_session_key
from checkout.observability import logger

bootstrap.prepare(bootstrap.checkout_store)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Response:  # noqa: ARG001
    return answer(event, lambda: _read(event))


def _read(event: dict[str, Any]) -> str:
    key = parse_session_key(event, bootstrap.edge())
    return to_json(session_answer(bootstrap.checkout_store().read_session(key)))

"""POST .../cancel, a merchant's or an operator's: lock the session, cancel what is in flight."""

from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap
from checkout.api import Response, answer, cancel_answer, to_json
from checkout.cancel_calls import audit, parse_call
from checkout.cancellation import drive
from checkout.errors import CancellationInProgressError
from checkout.http_request import CancelCall
from checkout.observability import count, count_cancellation, logger

bootstrap.prepare(bootstrap.ports, bootstrap.lambda_functions)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    return answer(event, lambda: _cancel_once(event, context))


def _cancel_once(event: dict[str, Any], context: LambdaContext) -> str:
    answer_by = bootstrap.deadline(context) - bootstrap.ANSWER_RESERVE
    call = parse_call(event, bootstrap.callers(), bootstrap.edge())
    audit(call)
    if call.idempotency_key is None:
        return _cancel(call, answer_by)
    # Late: few calls carry a key, and it brings boto3 and Powertools' idempotency.
    from checkout.idempotency import KeyedCall

    answer_by -= bootstrap.RECORD_RESERVE
    keyed = KeyedCall(
        merchant_id=call.key.merchant_id,
        key=call.idempotency_key,
        body={"sessionId": call.key.session_id, "reason": call.request.reason},
    )
    return bootstrap.idempotent_answers().once(keyed, context, lambda: _cancel(call, answer_by))


def _cancel(call: CancelCall, answer_by: datetime) -> str:
    began, driver = bootstrap.utc_now(), bootstrap.new_id()
    try:
        cancellation = drive(bootstrap.ports(), call.key, driver, call.request, answer_by)
    except CancellationInProgressError:
        count("LeaseConflicts")
        raise
    logger.info(
        "cancellation answered",
        session_id=call.key.session_id,
        request_id=call.request.correlation_id,
        status=cancellation.status.value,
        cancelled=len(cancellation.cancelled),
        pending=len(cancellation.pending),
        milliseconds=(bootstrap.utc_now() - began) // timedelta(milliseconds=1),
    )
    count_cancellation(cancellation)
    return to_json(cancel_answer(call.key, cancellation))

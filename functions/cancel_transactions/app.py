"""Cancel a session's transactions at the one provider of this function."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap
from checkout.fan_out import order_from_message, outcomes_to_message
from checkout.observability import correlate, count, log_failure, logger
from checkout.provider_cancellation import cancel_transactions

bootstrap.prepare(bootstrap.checkout_store, bootstrap.provider)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    deadline = bootstrap.deadline(context)
    order = order_from_message(event)
    correlate(order.correlation_id)
    outcomes = cancel_transactions(
        bootstrap.provider(),
        bootstrap.checkout_store(),
        order,
        deadline=deadline,
        clock=bootstrap.utc_now,
        report=log_failure,
        parallel=bootstrap.parallel_calls(),
    )
    count("SettledAfterCancel", sum(outcome.late_settlement for outcome in outcomes))
    count("ProviderFailures", sum(outcome.failed for outcome in outcomes))
    for outcome in outcomes:
        logger.info(
            "transaction asked to cancel",
            session_id=order.session.session_id,
            provider=event["provider"],
            transaction_id=outcome.transaction_id,
            outcome=outcome.outcome.value,
            stored=outcome.status is not None,
        )
    return {"provider": event["provider"], "outcomes": outcomes_to_message(outcomes)}

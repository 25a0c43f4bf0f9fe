"""Cancel a session's transactions at the one provider of this function."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap
from checkout.fan_out import TransactionOutcome, order_from_message, outcomes_to_message
from checkout.observability import correlate, count, log_failure, logger, publish
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
    _publish(event["provider"], outcomes)
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


def _publish(provider: str, outcomes: Iterable[TransactionOutcome]) -> None:
    """A line for each kind of outcome, not for each transaction."""
    publish(
        {
            "SettledAfterCancel": sum(each.late_settlement for each in outcomes),
            "ProviderFailures": sum(each.failed for each in outcomes),
        }
    )
    publish(
        {}, milliseconds={"ProviderLatency": bootstrap.provider().times.take()}, provider=provider
    )
    for outcome, number in Counter(each.outcome.value for each in outcomes).items():
        count("TransactionsByOutcome", number, provider=provider, outcome=outcome)

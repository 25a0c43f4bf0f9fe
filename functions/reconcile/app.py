"""Schedule, each minute: drive the sessions that are due, so that none waits for a call."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import bootstrap
from checkout.cancellation import Cancellation
from checkout.observability import logger, publish, tell_completed
from checkout.recovery import reconcile
from checkout.sessions import SessionKey

bootstrap.prepare(bootstrap.ports)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """The event only says that it is time."""
    end_by = bootstrap.deadline(context) - bootstrap.ANSWER_RESERVE
    ports = bootstrap.recovery_ports(_tell_stuck, _tell_completed)
    tally = reconcile(ports, bootstrap.recovery_limits(), end_by)
    numbers = tally.numbers()
    logger.info("recovery ran", extra=numbers)
    publish(
        {
            "RecoveryDrives": tally.driven,
            "SessionsRecovered": tally.recovered,
            "StuckSessions": tally.stuck,
            "RecoveryFailures": tally.failed,
            "RecoveryUnavailable": tally.unavailable,
            "RecoveryBehind": int(tally.behind),
            "TransactionsCancelled": tally.transactions_cancelled,
            "SettledAfterCancel": tally.transactions_settled,
        }
    )
    return numbers


def _tell_stuck(key: SessionKey, cancellation: Cancellation, age: timedelta) -> None:
    logger.warning(
        "session is stuck",
        merchant_id=key.merchant_id,
        session_id=key.session_id,
        hours=round(age.total_seconds() / 3600, 1),
        waits_for=list(cancellation.waits_for),
        pending=list(cancellation.pending),
    )


def _tell_completed(key: SessionKey, _: Cancellation, age: timedelta) -> None:
    tell_completed(key.session_id, age)

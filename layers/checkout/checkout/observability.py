"""The only logger, and the only ways to report a failure and to count something.

Log messages are constants with fields. No body, reason, token or secret is ever a field.
"""

from __future__ import annotations

import traceback
from threading import RLock
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit

if TYPE_CHECKING:
    from checkout.reports import Recorded

logger = Logger()

_LOG_LINE = logger.registered_handler.lock or RLock()


def correlate(correlation_id: str | None) -> None:
    """The id of all that this thread logs from now on, and of what `do_all` does for it.

    It ends with the function's call. None changes nothing.
    """
    if correlation_id:
        logger.thread_safe_append_keys(correlation_id=correlation_id)


def log_failure(message: str, error: Exception) -> None:
    """What failed and where, without the error's text, which may hold what somebody sent."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.name}:{frame.lineno}" for frame in frames]
    code = getattr(error, "code", None)
    logger.error(message, error_type=type(error).__name__, code=code, places=places)


def report_open_circuit(provider: str, account: str) -> None:
    """Nothing is asked of the provider for this account for a while."""
    logger.warning("circuit opened", provider=provider, account=account)
    count("CircuitOpened")


def tell_recorded(recorded: Recorded) -> None:
    """What a provider's report has made of a transaction."""
    fields = {
        "session_id": recorded.key.session.session_id,
        "transaction_id": recorded.key.transaction_id,
        "reported": recorded.reported,
        "status": recorded.status,
    }
    logger.info("report recorded", extra=fields)
    if recorded.contradicts:
        logger.warning("status report contradicts", extra=fields)
    count("ContradictingReports", int(recorded.contradicts))
    count("SettledAfterCancel", int(recorded.uncounted_money))


def count(name: str, number: int = 1, **dimensions: str) -> None:
    """Add to a CloudWatch metric, if there is something to add. Any thread may.

    Each combination of `dimensions` is a metric of its own, and paid for: few values, no ids.
    """
    if number:
        # A metric is a line of the log, printed in two pieces: another thread's line in between
        # would make both unreadable.
        with _LOG_LINE, single_metric(name=name, unit=MetricUnit.Count, value=number) as metric:
            for each, value in dimensions.items():
                metric.add_dimension(name=each, value=value)

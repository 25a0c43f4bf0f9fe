"""The only logger, and the only ways to report a failure and to publish a metric.

Log messages are constants with fields. No body, reason, token or secret is ever a field.
"""

from __future__ import annotations

import traceback
from threading import RLock
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from checkout.sessions import SessionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from checkout.cancellation import Cancellation
    from checkout.reports import Recorded

# A line's log group and function name say as much, and each line is paid for by its length.
_NOT_LOGGED = frozenset({"function_arn", "function_memory_size"})


class _Logger(Logger):
    def structure_logs(
        self, append: bool = False, formatter_options: dict[str, Any] | None = None, **keys: Any
    ) -> None:
        logged = {name: value for name, value in keys.items() if name not in _NOT_LOGGED}
        super().structure_logs(append, formatter_options, **logged)


logger = _Logger()

_LOG_LINE = logger.registered_handler.lock or RLock()


def correlate(correlation_id: str | None) -> None:
    """The id of all that this thread logs from now on, and of what `do_all` does for it.

    It ends with the function's call. None: of no cancellation that is known yet.
    """
    logger.thread_safe_append_keys(correlation_id=correlation_id)


def log_failure(message: str, error: Exception) -> None:
    """What failed and where, without the error's text, which may hold what somebody sent."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.name}:{frame.lineno}" for frame in frames]
    # A ClientError's is in AWS's answer.
    code = getattr(error, "code", None) or getattr(error, "response", {}).get("Error", {}).get(
        "Code"
    )
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


def tell_completed(session_id: str, age: timedelta) -> None:
    """Of a cancellation that was pending, and is done."""
    logger.info("cancellation completed", session_id=session_id)
    publish({"SessionsCancelled": 1}, seconds={"PendingAge": [age.total_seconds()]})


def tell_unreadable(merchant_id: str, number: int) -> None:
    """Of items of a merchant's list that are left out. Whoever reads the list could not tell."""
    if number:
        logger.warning("listed items cannot be read", merchant_id=merchant_id, number=number)
    count("UnreadableListItems", number)


def count_cancellation(cancellation: Cancellation) -> None:
    """What one call has made of a session."""
    after, status = cancellation.completed_after, cancellation.status
    publish(
        {
            "SessionsCancelled": int(after is not None),
            "SessionsPending": int(status is SessionStatus.PENDING_CANCELLATION),
            "TransactionsCancelled": len(cancellation.cancelled),
            "SettledAfterCancel": len(cancellation.settled),
        },
        seconds={"PendingAge": [] if after is None else [after.total_seconds()]},
    )


def count(name: str, number: int = 1, **dimensions: str) -> None:
    """Add to a CloudWatch metric, if there is something to add."""
    publish({name: number}, None, None, **dimensions)


def publish(
    counts: Mapping[str, int],
    seconds: Mapping[str, Iterable[float]] | None = None,
    milliseconds: Mapping[str, Iterable[float]] | None = None,
    **dimensions: str,
) -> None:
    """Metrics, all in one line of the log; none if there is nothing to tell. Any thread may.

    Each combination of `dimensions` is a metric of its own, and paid for: few values, no ids. What
    has any is also published without them, as the sum that an alarm can listen to.
    """
    values = [(name, MetricUnit.Count, float(number)) for name, number in counts.items() if number]
    for unit, told in ((MetricUnit.Seconds, seconds), (MetricUnit.Milliseconds, milliseconds)):
        values += [(name, unit, each) for name, many in (told or {}).items() for each in many]
    if values:
        _print_line(values, dimensions)


def _print_line(
    values: Iterable[tuple[str, MetricUnit, float]], dimensions: Mapping[str, str]
) -> None:
    line = EphemeralMetrics()
    # Without a namespace nobody listens: the layer is in a function that is none of ours.
    if not line.namespace:
        return
    # It is printed in two pieces: another thread's line in between would make both unreadable.
    with _LOG_LINE:
        for name, value in dimensions.items():
            line.add_dimension(name, value)
        if dimensions:
            line.add_dimensions(service=line.service)
        for each in values:
            line.add_metric(*each)
        # It is printed by itself, and begun anew, after each hundred values of a metric.
        if line.metric_set:
            line.flush_metrics()

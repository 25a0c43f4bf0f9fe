"""What the workers have answered, whichever way it came."""

from collections.abc import Iterable, Mapping
from typing import Any

from checkout.fan_out import FanOutResult, TransactionOutcome, outcomes_from_message
from checkout.observability import count, logger


def result_of(groups: Iterable[Mapping[str, Any]]) -> FanOutResult:
    """What the workers of all groups have answered, or what stands in the place of an answer."""
    outcomes: list[TransactionOutcome] = []
    finished = True
    for group in groups:
        try:
            heard = outcomes_from_message(group["outcomes"])
        except (KeyError, TypeError, ValueError):
            # Its worker failed, or its answer is not one of ours. It may be running still.
            finished = False
            logger.error(
                "worker failed", provider=str(group.get("provider")), code=str(group.get("error"))
            )
            count("FanOutFailures")
        else:
            outcomes += heard
            finished = finished and not any(each.running for each in heard)
    return FanOutResult(tuple(outcomes), finished)

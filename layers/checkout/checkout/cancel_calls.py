"""Whose cancellation a function takes: its merchants', or the operators'. Never both."""

from collections.abc import Callable, Mapping
from typing import Any

from checkout.errors import MisconfiguredError
from checkout.http_request import CancelCall, parse_cancel_call
from checkout.observability import logger
from checkout.settings import EdgeSettings

Parse = Callable[[Mapping[str, Any], EdgeSettings], CancelCall]


def _of_an_operator(event: Mapping[str, Any], edge: EdgeSettings) -> CancelCall:
    # Late: it brings the lists, and a merchant's call needs none of it.
    from checkout.operator_request import parse_operator_cancel

    del edge  # whose merchant is no business of the token's
    return parse_operator_cancel(event)


PARSERS: Mapping[str, Parse] = {
    # The merchant is the token's, and nothing of the path or the body can name another.
    "merchants": parse_cancel_call,
    # The merchant is the path's. No token of a merchant opens that route.
    "operators": _of_an_operator,
}


def parse_call(event: Mapping[str, Any], callers: str, edge: EdgeSettings) -> CancelCall:
    """Raises what the parser raises, and MisconfiguredError."""
    parse = PARSERS.get(callers)
    if parse is None:
        raise MisconfiguredError("CALLERS is neither merchants nor operators")
    return parse(event, edge)


def audit(call: CancelCall) -> None:
    """Say which operator asks, before anything is done: whatever becomes of it, this is told."""
    if call.operator is not None:
        logger.info(
            "operator cancels",
            operator=call.operator,
            merchant_id=call.key.merchant_id,
            session_id=call.key.session_id,
        )

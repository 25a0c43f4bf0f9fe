"""Conditions with a part taken out, to see that a test notices."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from checkout.storage import report_requests, session_requests, transaction_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

ALWAYS = "attribute_not_exists(neverThere)"
NEVER = "attribute_exists(neverThere)"
# Every part at once, and with them the item's having to exist.
WHOLE = "the whole condition"
MODULES = (session_requests, transaction_requests, report_requests)

_ATOM = re.compile(
    r"(?:attribute_exists|attribute_not_exists)\([^)]*\)"
    r"|size\(\w+\) < :\w+"
    r"|#?\w+ (?:=|<) :\w+"
    r"|#?\w+ IN \([^)]*\)"
)


def parts_of(request: dict[str, Any]) -> set[str]:
    """The named parts that a request's condition is made of."""
    return set(_ATOM.findall(request["ConditionExpression"]))


@contextmanager
def mutated(builder: str, part: str, becomes: str = ALWAYS) -> Iterator[None]:
    """The requests of one builder, with a part of their condition replaced."""
    module = next(each for each in MODULES if hasattr(each, builder))
    build = getattr(module, builder)

    def build_otherwise(*arguments: Any) -> dict[str, Any]:
        return replaced(build(*arguments), part, becomes)

    with patch.object(module, builder, build_otherwise):
        yield


def replaced(request: dict[str, Any], part: str, becomes: str) -> dict[str, Any]:
    condition = request.pop("ConditionExpression")
    if part != WHOLE:
        assert part in condition, f"there is no {part!r} any more"
        request["ConditionExpression"] = condition.replace(part, becomes)
    if "UpdateExpression" in request:
        # DynamoDB refuses values and names that no expression mentions.
        said = f"{request['UpdateExpression']} {request.get('ConditionExpression', '')}"
        for name, sign in (("ExpressionAttributeValues", ":"), ("ExpressionAttributeNames", "#")):
            used = set(re.findall(rf"{sign}\w+", said))
            kept = {key: value for key, value in request.pop(name, {}).items() if key in used}
            request |= {name: kept} if kept else {}
    return request

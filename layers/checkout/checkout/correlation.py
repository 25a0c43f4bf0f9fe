"""One id for all that is told of one cancellation, in the logs of every function.

It is the id of the request that began it, which its caller got as `x-request-id`.
"""

import re
from collections.abc import Mapping
from typing import Any

# As API Gateway makes them. A caller can set its own (the header x-amzn-RequestId), and it goes
# into logs, an item and an execution's name: so nothing else is one, such as a card's number.
_REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def correlation_id(event: Mapping[str, Any]) -> str | None:
    """Of the request of API Gateway's event; None if it is not fit for a log."""
    found = (event.get("requestContext") or {}).get("requestId")
    return found if isinstance(found, str) and _REQUEST_ID.fullmatch(found) else None


def not_correlated(correlation_id: str) -> None:
    """For whoever tells nobody."""

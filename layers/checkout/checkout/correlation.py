"""One id for all that is told of one cancellation, in the logs of every function.

It is the id of the request that began it, which its caller got as `x-request-id`.
"""

import re
from collections.abc import Mapping
from typing import Any

# Of API Gateway they are UUIDs. But a caller can set its own (the header x-amzn-RequestId), and it
# goes into logs, into an item and into an execution's name.
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def correlation_id(event: Mapping[str, Any]) -> str | None:
    """Of the request of API Gateway's event; None if it is not fit for a log."""
    found = (event.get("requestContext") or {}).get("requestId")
    return found if isinstance(found, str) and _REQUEST_ID.fullmatch(found) else None


def not_correlated(correlation_id: str) -> None:
    """For whoever tells nobody."""

"""Reading JSON that somebody else has written: nothing in it has to be there, or of its type."""

import json
import re
from typing import Any

from checkout.errors import InvalidRequestError

# Half of a surrogate pair. JSON can hold it, and no request to the table or to a provider can.
_HALF = re.compile("[\ud800-\udfff]")


def json_object(body: bytes) -> dict[str, Any]:
    """Raises InvalidRequestError, which holds nothing of the body."""
    try:
        found = json.loads(body.decode())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidRequestError("body", "must be a JSON object")
    return found


def part(holder: object, *path: str) -> Any:
    """What is at `path` in nested objects; None where there is no such place."""
    for name in path:
        if not isinstance(holder, dict):
            return None
        holder = holder.get(name)
    return holder


def text(holder: object, *path: str) -> str:
    """The text at `path`; empty where there is none."""
    found = part(holder, *path)
    return found if isinstance(found, str) and not _HALF.search(found) else ""

"""The fields of a secret: texts and lists of texts, that any header can hold."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def json_object_of(text: str) -> Mapping[str, Any]:
    """Raises ValueError, without the text."""
    try:
        found = json.loads(text)
    except ValueError:
        # Outside of the handler: the error that says so holds the text.
        found = None
    if not isinstance(found, dict):
        raise ValueError("the secret must be a JSON object")
    return found


def field_of(wanted: Field[Any], found: Mapping[str, Any]) -> Any:
    """None where it may be absent. Raises ValueError, which names it and not what is in it."""
    first, *others = wanted.name.split("_")
    name = first + "".join(each.capitalize() for each in others)
    value = found.get(name)
    if value is None:
        if wanted.default is MISSING:
            raise ValueError(f"{name} is missing")
        return None
    if "tuple" in str(wanted.type):
        if not isinstance(value, list) or not all(map(_is_text, value)):
            raise ValueError(f"{name} must be a list of texts, without control characters")
        return tuple(value)
    if not _is_text(value):
        raise ValueError(f"{name} must be a text, without control characters")
    return value


def _is_text(value: object) -> bool:
    """Fit for a header: a line's end from a paste would be taken for a bug of the adapter."""
    if not isinstance(value, str):
        return False
    return value.isascii() and value.isprintable() and bool(value.strip())

"""The schemas of events/schemas, and what is wrong with an event by that of its type."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from tests.template.cloudformation import ROOT

SCHEMAS = ROOT / "events" / "schemas"


@cache
def by_id() -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in SCHEMAS.iterdir()]
    return {each["$id"]: each for each in found}


def problems(event: dict[str, Any]) -> list[str]:
    """None if the event has the form that its own `dataschema` says, and no field beyond it."""
    schema = by_id()[event["dataschema"]]
    found = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(event)
    named = schema["properties"]
    unknown = [*(set(event) - set(named))]
    unknown += set(event.get("data", {})) - set(named["data"]["properties"])
    return [*(each.message for each in found), *(f"{each} is not in it" for each in unknown)]

"""What a command prints with --json, against its documented form."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs" / "admin.schema.json").read_text()
)


def documented(command: str, text: str) -> dict[str, Any]:
    """The document, once it has the form that docs/admin.schema.json gives the command."""
    document: dict[str, Any] = json.loads(text)
    form = {"$ref": f"#/$defs/{command}", "$defs": SCHEMA["$defs"]}
    Draft202012Validator(form).validate(document)
    return document

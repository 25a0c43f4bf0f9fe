"""Writes docs/openapi.json: `python -m local.openapi.document`, or `make openapi`.

The forms, the limits, the errors and the examples are the code's, the routes the template's.
"""

import json
import logging
import tomllib
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from local.console import run
from local.openapi import answers
from local.openapi.examples import Example
from local.openapi.operations import OPERATIONS, SUCCEEDED
from local.openapi.requests import JSON
from local.openapi.schemas import Schema, error_of, schemas
from local.openapi.template import Route, routes, scopes, stage
from local.places import ROOT

FILE = ROOT / "docs" / "openapi.json"
# The name of the security scheme.
MERCHANTS = "merchant"

HEADERS: dict[str, Schema] = {
    "x-request-id": {"description": "Tell it to us when you ask about a call."},
    "Retry-After": {"description": "Seconds to wait for before the request is repeated."},
    "x-refused-by": {
        "description": "`firewall` where that has refused the request. Trying again later may help."
    },
    "WWW-Authenticate": {"description": "The kind of token that is wanted."},
}
SECONDS: Schema = {"type": "integer", "minimum": 1}


def document() -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cancel a Session",
            "version": project["version"],
            "description": project["description"],
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [_server()],
        "tags": [
            {"name": "merchants", "description": "With an access token."},
            {"name": "providers", "description": "With a provider's signature."},
        ],
        "paths": {each.path: {each.method: _operation(each)} for each in routes()},
        "components": {
            "schemas": schemas(),
            "securitySchemes": {MERCHANTS: _security()},
        },
    }


def _server() -> Schema:
    names = {"api": "the stack's API", "region": "the AWS Region"}
    return {
        "url": f"https://{{api}}.execute-api.{{region}}.amazonaws.com/{stage()}",
        "description": "The stack's output BaseUrl.",
        "variables": {
            name: {"default": name, "description": meaning} for name, meaning in names.items()
        },
    }


def _security() -> Schema:
    flow = {"tokenUrl": "https://domain.auth.region.amazoncognito.com/oauth2/token"}
    return {
        "type": "oauth2",
        "description": "A merchant's client credentials, at the stack's output TokenUrl.",
        "flows": {"clientCredentials": {**flow, "scopes": scopes()}},
    }


def _operation(route: Route) -> Schema:
    examples = sorted(answers.ANSWERS[route.function](), key=lambda each: each.status)
    responses = {
        str(status): _response(route, status, list(group))
        for status, group in groupby(examples, key=lambda each: each.status)
    }
    told = OPERATIONS[route.function]
    if route.scope is None:
        return {**told, "security": [], "responses": responses}
    # Also in words: not every page that shows the document shows what is asked of a token.
    needs = f"{told['description']} The token needs the scope `{route.scope}`."
    security = [{MERCHANTS: [route.scope]}]
    return {**told, "description": needs, "security": security, "responses": responses}


def _response(route: Route, status: int, examples: list[Example]) -> Schema:
    schema = SUCCEEDED[route.function]
    if status != 200:
        schema = error_of(status, examples[0].body["error"])
    return {
        "description": "; ".join(dict.fromkeys(each.summary for each in examples)) + ".",
        "headers": _headers(examples),
        "content": dict(_contents(schema, examples)),
    }


def _contents(schema: Schema, examples: list[Example]) -> Iterator[tuple[str, Schema]]:
    """By kind of body. What is no JSON comes first: many a client reads all as the first one."""
    kinds = {each.media_type for each in examples}
    for kind in sorted(kinds, key=lambda each: each == JSON):
        told = {
            each.name: {"summary": each.summary, "value": each.body}
            for each in examples
            if each.media_type == kind
        }
        yield kind, {"schema": schema if kind == JSON else {"type": "string"}, "examples": told}


def _headers(examples: Iterable[Example]) -> Schema:
    """A header is required where every answer with this status has it."""
    sent = [{"x-request-id", *each.headers} for each in examples]
    always = set.intersection(*sent)
    return {
        name: {**HEADERS[name], "required": name in always, "schema": _header_schema(name)}
        for name in HEADERS
        if any(name in each for each in sent)
    }


def _header_schema(name: str) -> Schema:
    return SECONDS if name == "Retry-After" else {"type": "string"}


def text() -> str:
    return json.dumps(document(), indent=2) + "\n"


def main() -> None:
    # The examples of a failure are made by code that logs it.
    logging.disable()
    FILE.write_text(text())


if __name__ == "__main__":
    run(main)

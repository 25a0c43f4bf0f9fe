"""Each operation of docs/openapi.json, as the client of clients/python calls it.

What an operation is called with are the document's own examples, so that a new one needs no word.
"""

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from types import ModuleType
from typing import Any, get_type_hints

from cancel_a_session_client import AuthenticatedClient, models
from cancel_a_session_client.types import Response
from local.openapi.document import FILE

DOCUMENT: dict[str, Any] = json.loads(FILE.read_text())


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|-", "_", name).lower()


@dataclass(frozen=True)
class Operation:
    id: str
    told: dict[str, Any]

    @property
    def module(self) -> ModuleType:
        return import_module(f"cancel_a_session_client.api.{self.told['tags'][0]}.{snake(self.id)}")

    def arguments(self) -> dict[str, Any]:
        """Those that have to be given."""
        function = self.module.sync_detailed
        hints, wanted = get_type_hints(function), inspect.signature(function).parameters.values()
        asked = {each.name for each in wanted if each.default is each.empty} - {"client"}
        examples = {snake(each["name"]): _example(each) for each in self.told.get("parameters", [])}
        if "body" in asked:
            (content,) = self.told["requestBody"]["content"].values()
            examples["body"] = hints["body"].from_dict(content["example"])
        return {name: _typed(hints[name], examples[name]) for name in asked}

    def call(self, client: AuthenticatedClient, **more: Any) -> Response[Any]:
        answer: Response[Any] = self.module.sync_detailed(client=client, **self.arguments(), **more)
        return answer

    async def call_later(self, client: AuthenticatedClient) -> Response[Any]:
        answer: Response[Any] = await self.module.asyncio_detailed(
            client=client, **self.arguments()
        )
        return answer

    def model(self, status: int) -> Any:
        """Of the answers with this status: str where one of them is no JSON."""
        contents = self.told["responses"][str(status)]["content"]
        if "text/plain" in contents:
            return str
        reference = contents["application/json"]["schema"]["$ref"]
        return getattr(models, reference.rpartition("/")[2])


def _example(parameter: dict[str, Any]) -> Any:
    schema = parameter["schema"]
    return parameter.get("example", (schema.get("enum") or [schema.get("default")])[0])


def _typed(hint: Any, value: Any) -> Any:
    return hint(value) if isinstance(hint, type) and issubclass(hint, Enum) else value


def operations() -> list[Operation]:
    return list(_operations())


def _operations() -> Iterator[Operation]:
    for methods in DOCUMENT["paths"].values():
        for told in methods.values():
            yield Operation(told["operationId"], told)

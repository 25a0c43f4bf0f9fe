"""What the document takes from template.yaml: the routes, and the errors of API Gateway itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from local.places import ROOT


class _Loader(yaml.SafeLoader):
    """CloudFormation's functions become nothing, but for a choice: of it, the last one."""


def _default(loader: _Loader, node: yaml.SequenceNode) -> Any:
    return loader.construct_sequence(node, deep=True)[-1]


_Loader.add_multi_constructor("!", lambda *_: None)
_Loader.add_constructor("!If", _default)


@dataclass(frozen=True)
class Route:
    """`scope` is what a token needs; None where no token is asked for."""

    function: str
    method: str
    path: str
    scope: str | None


@dataclass(frozen=True)
class GatewayError:
    """`headers` are those besides `x-request-id`, with their values."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


@cache
def _resources() -> dict[str, Any]:
    template = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 # a SafeLoader
    found: dict[str, Any] = template["Resources"]
    return found


def stage() -> str:
    name: str = _resources()["CheckoutApi"]["Properties"]["StageName"]
    return name


def scopes() -> dict[str, str]:
    """What each allows, by its full name."""
    server = _resources()["MerchantScopes"]["Properties"]
    return {
        f"{server['Identifier']}/{each['ScopeName']}": each["ScopeDescription"]
        for each in server["Scopes"]
    }


def routes() -> list[Route]:
    return list(_routes())


def _routes() -> Iterator[Route]:
    secured = _resources()["CheckoutApi"]["Properties"]["DefinitionBody"]["paths"]
    for function, resource in _resources().items():
        for event in resource["Properties"].get("Events", {}).values():
            if event["Type"] == "Api":
                method, path = event["Properties"]["Method"], event["Properties"]["Path"]
                yield Route(function, method, path, _scope(secured[path][method]["security"]))


def _scope(security: list[dict[str, list[str]]]) -> str | None:
    if not security:
        return None
    (scheme,) = security
    (scopes,) = scheme.values()
    (scope,) = scopes
    return scope


def gateway_error(kind: str) -> GatewayError:
    found = _resources()["CheckoutApi"]["Properties"]["GatewayResponses"][kind]
    headers = found["ResponseParameters"]["Headers"]
    literal = {name: value.strip("'") for name, value in headers.items() if "'" in value}
    body = json.loads(found["ResponseTemplates"]["application/json"])
    return GatewayError(int(found["StatusCode"]), body, literal)

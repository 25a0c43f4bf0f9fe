"""The template as it is written: YAML with CloudFormation's tags read as its long forms."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]

Resource = dict[str, Any]

# The functions of the real providers, and the names that transactions carry.
REAL = {
    "CancelWithAdyenFunction": "adyen",
    "CancelWithCheckoutComFunction": "checkout-com",
    "CancelWithGocardlessFunction": "gocardless",
    "CancelWithMollieFunction": "mollie",
    "CancelWithMpesaFunction": "mpesa",
    "CancelWithPaypalFunction": "paypal",
    "CancelWithSquareFunction": "square",
    "CancelWithStripeFunction": "stripe",
}


class _Loader(yaml.SafeLoader):
    pass


def _read_tag(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt":
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _read_tag)


def parse(text: str) -> dict[str, Any]:
    template: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 # a SafeLoader with tags
    return template


@cache
def template() -> dict[str, Any]:
    return parse((ROOT / "template.yaml").read_text())


def resource(name: str) -> Resource:
    found: Resource = template()["Resources"][name]
    return found


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = resource(name)["Properties"]
    return found


def of_type(kind: str) -> dict[str, Resource]:
    return {name: each for name, each in template()["Resources"].items() if each["Type"] == kind}


def functions() -> dict[str, Resource]:
    return of_type("AWS::Serverless::Function")


def whole_text(value: dict[str, Any]) -> str:
    """Of an Fn::Sub, with all that it has under some condition; its names are left as they are."""
    found = value["Fn::Sub"]
    if isinstance(found, str):
        return found
    text, parts = found
    for name, part in parts.items():
        text = text.replace(f"${{{name}}}", whole_text(part["Fn::If"][1]))
    return str(text)


def variables(function: str) -> set[str]:
    """The names of a function's environment variables, the common ones included."""
    common = template()["Globals"]["Function"]["Environment"]["Variables"]
    own = properties(function).get("Environment", {}).get("Variables", {})
    return {*common, *own}


@cache
def state_machine() -> dict[str, Any]:
    definition: dict[str, Any] = json.loads(
        (ROOT / properties("CancelTransactionsMachine")["DefinitionUri"]).read_text()
    )
    return definition

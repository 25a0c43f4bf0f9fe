"""What the template lets a function, or the machine, do: resources, actions, and of which keys."""

from collections.abc import Iterator
from typing import Any

from tests.template.cloudformation import properties

Permission = tuple[str, str]
LIKE, LEADING_KEYS = "ForAllValues:StringLike", "dynamodb:LeadingKeys"


def statements(name: str) -> Iterator[dict[str, Any]]:
    """Of a function's or a machine's own policies, or of the role it names."""
    role = properties(name).get("Role")
    if role:
        for policy in properties(role["Fn::GetAtt"][0])["Policies"]:
            yield from policy["PolicyDocument"]["Statement"]
    for policy in properties(name).get("Policies", []):
        yield from policy.get("Statement", [])


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _target(target: str | dict[str, Any]) -> str:
    if isinstance(target, str):
        return target
    ((kind, value),) = target.items()
    return ".".join(value) if kind == "Fn::GetAtt" else str(value)


def permissions(name: str) -> set[Permission]:
    return {
        (_target(each["Resource"]), action)
        for each in statements(name)
        for action in listed(each["Action"])
    }


def leading_keys(name: str) -> dict[Permission, list[str]]:
    """The patterns of the partition keys that a permission is restricted to, where it is."""
    return {
        (_target(each["Resource"]), action): each["Condition"][LIKE][LEADING_KEYS]
        for each in statements(name)
        if "Condition" in each
        for action in listed(each["Action"])
    }

"""IAM in this process: a function may call what the template lets it, and what it calls is kept."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.exceptions import ClientError

from tests.integration.stack import STACK
from tests.template.cloudformation import properties
from tests.template.permissions import leading_keys, permissions

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.template.permissions import Permission

# Of the service authorization reference: where an action is not its operation's name.
ACTIONS = {"Invoke": "InvokeFunction", "SendMessageBatch": "SendMessage"}
PREFIXES = {"stepfunctions": "states"}
ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"


@dataclass(frozen=True, slots=True)
class Called:
    """One call of any service, however many tries it took, by the function's resource."""

    function: str
    action: str
    parameters: dict[str, Any]


class Access:
    """Of one function. What stands here is of all functions."""

    used: ClassVar[dict[str, set[Permission]]] = {}
    denied: ClassVar[list[tuple[str, Permission]]] = []
    calls: ClassVar[list[Called]] = []

    def __init__(self, function: str) -> None:
        self._function = function
        self._granted = permissions(function)
        self._leading_keys = leading_keys(function)
        self.used.setdefault(function, set())

    def making(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """Clients that ask here before each call."""

        def make_watched(service: str, config: Any) -> Any:
            client = make(service, config)
            client.meta.events.register("before-parameter-build", self._check)
            return client

        return make_watched

    def _check(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.signing_name
        operation = ACTIONS.get(model.name, model.name)
        action = f"{PREFIXES.get(service, service)}:{operation}"
        self.calls.append(Called(self._function, action, copy.deepcopy(params)))
        target = _target(params)
        found = [
            (each, allowed)
            for each, allowed in self._granted
            if allowed == action
            and fnmatchcase(target, _pattern(each))
            and self._covers((each, allowed), params)
        ]
        self.used[self._function].update(found)
        if not found:
            self.denied.append((self._function, (target, action)))
            answer: Any = {"Error": {"Code": "AccessDeniedException", "Message": action}}
            raise ClientError(answer, model.name)

    def _covers(self, permission: Permission, params: dict[str, Any]) -> bool:
        """Whether a permission that is for some partition keys only is for this one."""
        patterns = self._leading_keys.get(permission)
        if patterns is None:
            return True
        key = _partition_key(params)
        return key is not None and any(fnmatchcase(key, _pattern(each)) for each in patterns)


def _partition_key(params: dict[str, Any]) -> str | None:
    """Of the item that is addressed; what a condition on leading keys looks at."""
    (name,) = [
        each["AttributeName"]
        for each in properties(params["TableName"])["KeySchema"]
        if each["KeyType"] == "HASH"
    ]
    item = params.get("Key") or params.get("Item") or {}
    found: str | None = item.get(name, {}).get("S")
    return found


def _target(params: dict[str, Any]) -> str:
    """As the template writes it."""
    if index := params.get("IndexName"):
        return f"${{{params['TableName']}.Arn}}/index/{index}"
    if "TableName" in params:
        return f"{params['TableName']}.Arn"
    if "FunctionName" in params:
        return _in_the_stack("lambda", f"function:{params['FunctionName']}")
    if "SecretId" in params:
        return _in_the_stack("secretsmanager", f"secret:{params['SecretId']}")
    if "Entries" in params and "QueueUrl" not in params:
        (bus,) = {each["EventBusName"] for each in params["Entries"]}
        return f"{bus}.Arn"
    if "QueueUrl" in params:
        return f"{params['QueueUrl'].rpartition('/')[2]}.Arn"
    assert "stateMachineArn" in params, params
    return "CancelTransactionsMachine"


def _in_the_stack(service: str, name: str) -> str:
    return re.sub(rf":{STACK}\b", ":${AWS::StackName}", ARN % (service, name))


def _pattern(target: str) -> str:
    """Only `*` has a meaning in IAM's patterns that are used here."""
    return target.replace("[", "[[]")

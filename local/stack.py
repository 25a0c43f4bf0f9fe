"""What a running stack is made of: read from and written to its stack.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from local.aws import Aws
from local.console import Problem

NOT_RUNNING = 2


@dataclass(frozen=True)
class Merchant:
    client_id: str
    client_secret: str


@dataclass(frozen=True)
class Stack:
    """Every name that a caller, a test or a script needs.

    `endpoint_url` is None on AWS itself, `ledger_table` empty where there is no sandbox. `issuer`
    is the token server on loopback that stands in for the user pool, if one does. `reference_url`
    is the API's reference page, of a local stack.
    """

    stack_name: str
    base_url: str
    token_url: str
    endpoint_url: str | None
    table: str
    idempotency_table: str
    ledger_table: str
    state_machine_arn: str
    completion_failures_queue_url: str
    event_bus: str
    user_pool_id: str
    issuer: str = ""
    reference_url: str = ""
    merchants: tuple[Merchant, ...] = ()
    processes: Mapping[str, int] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    built_from: str = ""

    @classmethod
    def from_outputs(
        cls, stack_name: str, outputs: Mapping[str, str], endpoint_url: str | None = None
    ) -> Self:
        """A deployed stack, without merchants and processes: on the emulator at `endpoint_url`."""
        base_url, token_url = outputs["BaseUrl"], outputs.get("TokenUrl", "")
        if endpoint_url is not None:
            # It has no host names for an API or for a user pool.
            stage = f"{outputs['RestApiId']}/{outputs['ApiStageName']}"
            base_url = f"{endpoint_url}/restapis/{stage}/_user_request_"
            token_url = f"{endpoint_url}/oauth2/token"
        return cls(
            stack_name=stack_name,
            base_url=base_url,
            token_url=token_url,
            endpoint_url=endpoint_url,
            table=outputs["TableName"],
            idempotency_table=outputs["IdempotencyTableName"],
            ledger_table=outputs.get("SandboxLedgerTableName", ""),
            state_machine_arn=outputs["StateMachineArn"],
            completion_failures_queue_url=outputs["CompletionFailuresQueueUrl"],
            event_bus=outputs["EventBusName"],
            user_pool_id=outputs.get("UserPoolId", ""),
        )

    @cached_property
    def aws(self) -> Aws:
        return Aws(self.endpoint_url)

    def as_json(self) -> str:
        document = {_camel(each.name): getattr(self, each.name) for each in fields(self)}
        document["merchants"] = [
            {"clientId": each.client_id, "clientSecret": each.client_secret}
            for each in self.merchants
        ]
        return json.dumps(document, indent=2) + "\n"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def parse(text: str) -> Stack:
    document: dict[str, Any] = json.loads(text)
    values = {each.name: document[_camel(each.name)] for each in fields(Stack)}
    values["merchants"] = tuple(
        Merchant(each["clientId"], each["clientSecret"]) for each in document["merchants"]
    )
    return Stack(**values)


def write(stack: Stack, path: Path) -> None:
    """At once or not at all: whoever reads it never sees half a stack."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".new")
    half.touch(mode=0o600)
    half.write_text(stack.as_json())
    half.replace(path)


def read(path: Path) -> Stack:
    """Raises Problem (exit code 2): there is no such stack."""
    try:
        return parse(path.read_text())
    except FileNotFoundError:
        raise Problem("No local stack is running: start it with 'make up'.", NOT_RUNNING) from None
    except (ValueError, KeyError, TypeError):
        raise Problem(
            f"{path} cannot be read: 'make down' clears it away, 'make up' makes a new one.",
            NOT_RUNNING,
        ) from None

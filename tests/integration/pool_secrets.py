"""The secrets of app clients, which moto's user pools do not have: as Cognito documents them.

At most two for a client; the last one stays; their values are told once, when they are made.
The SDK still checks every request against the service's own description.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

SERVICE = "cognito-identity-provider"
MOST = 2
Answer = tuple[int, dict[str, Any]]


@dataclass
class PoolSecrets:
    """`clients` has those that there are, with the secrets of each, in any order."""

    now: datetime
    clients: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    built: bool = True
    made: int = 0

    def register(self, events: Any) -> None:
        """With the events of one SDK client: its calls about secrets are answered here."""
        for name, answer in (
            ("AddUserPoolClientSecret", self._add),
            ("DeleteUserPoolClientSecret", self._delete),
            ("ListUserPoolClientSecrets", self._list),
        ):
            events.register(f"before-call.{SERVICE}.{name}", self._answering(answer))

    def client(self, client_id: str) -> None:
        """With the secret that it was made with."""
        self.clients[client_id] = []
        self._make(client_id)

    def _answering(
        self, answer: Callable[[str, Mapping[str, Any]], Answer]
    ) -> Callable[..., tuple[AWSResponse, dict[str, Any]]]:
        def handle(params: Mapping[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
            asked = json.loads(params["body"])
            code, body = self._answer(answer, asked)
            return AWSResponse("", code, HTTPHeaders(), None), body

        return handle

    def _answer(
        self, answer: Callable[[str, Mapping[str, Any]], Answer], asked: Mapping[str, Any]
    ) -> Answer:
        if not self.built:
            return _error("InvalidAction")
        if asked["ClientId"] not in self.clients:
            return _error("ResourceNotFoundException")
        return answer(asked["ClientId"], asked)

    def _add(self, client_id: str, asked: Mapping[str, Any]) -> Answer:
        if len(self.clients[client_id]) >= MOST:
            return _error("LimitExceededException")
        return 200, {"ClientSecretDescriptor": self._make(client_id)}

    def _delete(self, client_id: str, asked: Mapping[str, Any]) -> Answer:
        kept = [
            each
            for each in self.clients[client_id]
            if each["ClientSecretId"] != asked["ClientSecretId"]
        ]
        if not kept:
            return _error("InvalidParameterException")
        self.clients[client_id] = kept
        return 200, {}

    def _list(self, client_id: str, asked: Mapping[str, Any]) -> Answer:
        # The newest first: nobody may count on the order.
        told = [
            {name: value for name, value in each.items() if name != "ClientSecretValue"}
            for each in reversed(self.clients[client_id])
        ]
        return 200, {"ClientSecrets": told}

    def _make(self, client_id: str) -> dict[str, Any]:
        self.made += 1
        made = {
            "ClientSecretId": f"{client_id}--{self.made}",
            "ClientSecretValue": f"value-{self.made}",
            "ClientSecretCreateDate": self.now + timedelta(days=self.made),
        }
        self.clients[client_id].append(made)
        return made


def _error(code: str) -> Answer:
    return 400, {"Error": {"Code": code, "Message": "the text of AWS: s3cret"}}

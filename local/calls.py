"""A merchant's calls over HTTP, with real tokens, each answer just as it came."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import urllib3

from local.stack import Merchant, Stack

# Longer than the gateway's 29 s: it is for the gateway to give up first.
TIMEOUT = urllib3.Timeout(connect=5, read=40)
EARLY_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """Never repeats a request: what a test sees is what was sent once."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=TIMEOUT)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        answer = self._pool.request(method, url, body=body, headers=headers, redirect=False)
        return Answer(answer.status, answer.headers, answer.data)


def token_request(merchant: Merchant) -> tuple[dict[str, str], bytes]:
    basic = base64.b64encode(f"{merchant.client_id}:{merchant.client_secret}".encode()).decode()
    headers = {
        "Authorization": f"Basic {basic}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return headers, b"grant_type=client_credentials"


@dataclass
class Client:
    """One merchant. Gets its token at its first call and again before it expires."""

    stack: Stack
    merchant: Merchant
    connection: Connection = field(default_factory=Connection)
    _token: str = ""
    _expires: float = 0.0

    @property
    def token(self) -> str:
        if time.monotonic() > self._expires:
            headers, body = token_request(self.merchant)
            answer = self.connection.send("POST", self.stack.token_url, headers, body)
            assert answer.status == 200, f"no token: {answer.status} {answer.body!r}"
            self._token = answer.json()["access_token"]
            self._expires = time.monotonic() + answer.json()["expires_in"] - EARLY_SECONDS
        return self._token

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """With the token, unless `headers` have an Authorization of their own (empty: none)."""
        sent = dict(headers or {})
        authorization = sent.pop("Authorization", None)
        if authorization is None:
            authorization = f"Bearer {self.token}"
        if authorization:
            sent["Authorization"] = authorization
        return self.connection.send(method, self.stack.base_url + path, sent, body)

    def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """A cancellation with any body, as JSON unless `headers` say otherwise."""
        sent = {"Content-Type": "application/json"} | dict(headers or {})
        return self.request("POST", "/v1/checkout/session/cancel", body, sent)

    def cancel(self, session_id: str, *, idempotency_key: str = "", **more: Any) -> Answer:
        """`more` are further fields of the body, e.g. `reason`."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self.post(json.dumps({"sessionId": session_id, **more}).encode(), headers)

    def list_sessions(self, status: str = "PENDING_CANCELLATION", **more: str) -> Answer:
        """`more` are further parameters: `cursor`, `limit`."""
        return self.request("GET", f"/v1/checkout/sessions?{urlencode({'status': status, **more})}")

    def get(self, session_id: str) -> Answer:
        return self.request("GET", f"/v1/checkout/session/{session_id}")

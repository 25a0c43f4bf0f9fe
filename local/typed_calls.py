"""A merchant's calls through the client of clients/python, as an integrator makes them."""

from dataclasses import dataclass

import httpx

from cancel_a_session_client import AuthenticatedClient
from cancel_a_session_client.api.merchants import cancel_session, get_session
from cancel_a_session_client.models import CancelAnswer, CancelRequest, Error, SessionAnswer
from cancel_a_session_client.types import UNSET, Response
from local.calls import Client

# Longer than the gateway's 29 s: it is for the gateway to give up first.
TIMEOUT = httpx.Timeout(40, connect=5)

Cancellation = Response[CancelAnswer | Error]
Reading = Response[SessionAnswer | Error]


def client(base_url: str, token: str) -> AuthenticatedClient:
    """Raises UnexpectedStatus for an answer that docs/openapi.json does not tell of."""
    return AuthenticatedClient(
        base_url=base_url,
        token=token,
        timeout=TIMEOUT,
        raise_on_unexpected_status=True,
        # The stack is on loopback: a proxy of the user's is not for it.
        httpx_args={"trust_env": False},
    )


@dataclass
class TypedClient:
    """One merchant. Its token is got, and got again, by `calls`."""

    calls: Client
    _client: AuthenticatedClient | None = None

    @property
    def client(self) -> AuthenticatedClient:
        """With the token of now; its connections are kept as long as the token is."""
        token = self.calls.token
        if self._client is None or self._client.token != token:
            self._client = client(self.calls.stack.base_url, token)
        return self._client

    def cancel(self, session_id: str, reason: str | None = None) -> Cancellation:
        body = CancelRequest(session_id, UNSET if reason is None else reason)
        return cancel_session.sync_detailed(client=self.client, body=body)

    def get(self, session_id: str) -> Reading:
        return get_session.sync_detailed(session_id, client=self.client)

"""Mollie's API: payments.

https://github.com/mollie/openapi/blob/main/specs.yaml
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from checkout.providers.accounts import Accounts, AccountSecret
from checkout.providers.http import Answer, Budget, HttpExchange, Request

# 403: a key that may not do this.
UNAUTHORIZED = frozenset({401, 403})
# "Accepted" says all, whether or not there is a body.
BODILESS = frozenset({202})


@dataclass(frozen=True, slots=True, kw_only=True)
class MollieSecret(AccountSecret):
    """`api_key` is `test_...` or `live_...`, and chooses between the two.

    `webhook_tokens` are ours: one is a part of the URL that Mollie is given for its classic
    webhooks, which it does not sign. `webhook_secrets` are those of its next-generation webhooks.
    Of either one has to fit: two while one is being replaced.
    """

    HOSTS: ClassVar = {"sandbox": "https://api.mollie.com", "live": "https://api.mollie.com"}

    api_key: str
    webhook_tokens: tuple[str, ...] = ()
    webhook_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MollieClient:
    """Each call has `left` seconds, and raises ProviderTroubleError."""

    accounts: Accounts[MollieSecret]
    exchange: HttpExchange

    def cancel_payment(
        self, account: str, reference: str, idempotency_key: str, left: Budget
    ) -> Answer:
        headers = {"Idempotency-Key": idempotency_key}
        return self._send(account, "DELETE", _path(reference), headers, left)

    def release_authorization(
        self, account: str, reference: str, idempotency_key: str, left: Budget
    ) -> Answer:
        headers = {"Idempotency-Key": idempotency_key, "Content-Type": "application/json"}
        path = f"{_path(reference)}/release-authorization"
        return self._send(account, "POST", path, headers, left)

    def payment(self, account: str, reference: str, left: Budget) -> Answer:
        return self._send(account, "GET", _path(reference), {}, left)

    def _send(
        self, account: str, method: str, path: str, headers: Mapping[str, str], left: Budget
    ) -> Answer:
        def call(secret: MollieSecret) -> Answer:
            own = {"Authorization": f"Bearer {secret.api_key}", **headers}
            body = b"{}" if method == "POST" else None
            request = Request(
                method, secret.host + path, own, body, UNAUTHORIZED, bodiless=BODILESS
            )
            return self.exchange.send(request, left())

        return self.accounts.call(account, call)


def _path(reference: str) -> str:
    return f"/v2/payments/{quote(reference, safe='')}"

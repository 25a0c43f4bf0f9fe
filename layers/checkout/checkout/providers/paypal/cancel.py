"""Cancelling at PayPal: an authorization is voided. An order and a capture cannot be cancelled.

A reference is an authorization's id, `order:<id>` or `capture:<id>`. Of an order, the
authorizations that are in it are voided.
https://developer.paypal.com/api/payments/v2/authorizations-void
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from checkout.providers.access_tokens import AccessTokens
from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer, ProviderStatus
from checkout.providers.documents import part, text
from checkout.providers.http import NO_CONTENT, Answer, Budget
from checkout.providers.parts import Parts
from checkout.providers.paypal.client import PayPalClient, PayPalSecret, from_reference
from checkout.transactions import IN_FLIGHT, Transaction, TransactionStatus

AUTHORIZATION = {
    "CREATED": TransactionStatus.AUTHORIZED,
    "PENDING": TransactionStatus.PENDING,  # under review
    "PARTIALLY_CAPTURED": TransactionStatus.SETTLED,
    "CAPTURED": TransactionStatus.SETTLED,
    "DENIED": TransactionStatus.FAILED,
    "VOIDED": TransactionStatus.CANCELLED,
}
CAPTURE = {
    "COMPLETED": TransactionStatus.SETTLED,
    "PENDING": TransactionStatus.PROCESSING,
    "DECLINED": TransactionStatus.FAILED,
    "FAILED": TransactionStatus.FAILED,
    "REFUNDED": TransactionStatus.REFUNDED,
    "PARTIALLY_REFUNDED": TransactionStatus.SETTLED,  # the rest of it still is
}
# A completed order has payments, and stands as they do.
ORDER = {
    "CREATED": TransactionStatus.PENDING,
    "SAVED": TransactionStatus.PENDING,
    "APPROVED": TransactionStatus.PENDING,
    "PAYER_ACTION_REQUIRED": TransactionStatus.PENDING,
    "VOIDED": TransactionStatus.CANCELLED,
}
# An order with several payments is as the first of these that one of them is: what is in flight
# comes before what has ended, and money before none.
PRECEDENCE = (
    TransactionStatus.AUTHORIZED,
    TransactionStatus.PENDING,
    TransactionStatus.PROCESSING,
    TransactionStatus.SETTLED,
    TransactionStatus.REFUNDED,
)

_UNKNOWN = ProviderAnswer(CancelOutcome.UNKNOWN)
_CANCELLED = ProviderAnswer(CancelOutcome.CANCELLED)
_REFUSED = ProviderAnswer(CancelOutcome.REFUSED)
_UNSUPPORTED = ProviderAnswer(CancelOutcome.UNSUPPORTED)
# PayPal keeps a request's id for 45 days. It does not say which errors it keeps with it, so what
# was answered with one is asked again under a new key.
_NOT_FOUND = ProviderAnswer(CancelOutcome.NOT_FOUND, new_key=True)
# What a void's error means, by `details[].issue`; of several the first.
ISSUES = {
    "PREVIOUS_REQUEST_IN_PROGRESS": _UNKNOWN,  # the same call, which may yet succeed
    "PREVIOUSLY_CAPTURED": ProviderAnswer(CancelOutcome.TERMINAL, TransactionStatus.SETTLED),
    "PREVIOUSLY_VOIDED": _CANCELLED,
    # A reauthorization: only the authorization before it can be voided.
    "CANNOT_BE_VOIDED": ProviderAnswer(CancelOutcome.UNSUPPORTED, new_key=True),
    "INVALID_RESOURCE_ID": _NOT_FOUND,
}


@dataclass(frozen=True, slots=True)
class PayPalProvider:
    name: str
    client: PayPalClient
    supports_cancel: bool = True
    supports_retrieve: bool = True

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer:
        if transaction.provider_reference is None:
            return _UNKNOWN  # it has no look-up by an id of ours
        left = self.client.exchange.budget(timeout)
        account = transaction.provider_account
        kind, identifier = from_reference(transaction.provider_reference)
        if kind == "authorization":
            return self._void(account, identifier, idempotency_key, left)
        seen = self.client.show(account, kind, identifier, left)
        ended = _status(seen, kind).as_answer()
        if ended is not None:
            return ended
        if kind == "capture":
            return _UNSUPPORTED
        return self._void_all(account, seen.json, idempotency_key, left)

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        if transaction.provider_reference is None:
            return ProviderStatus(None)
        left = self.client.exchange.budget(timeout)
        kind, identifier = from_reference(transaction.provider_reference)
        seen = self.client.show(transaction.provider_account, kind, identifier, left)
        return _status(seen, kind)

    def _void(
        self, account: str, authorization: str, idempotency_key: str, left: Budget
    ) -> ProviderAnswer:
        answer = self.client.void(account, authorization, idempotency_key, left)
        if answer.status >= 400:
            return _refusal(answer)
        voided = answer.status == NO_CONTENT or text(answer.json, "status") == "VOIDED"
        return _CANCELLED if voided else _UNKNOWN

    def _void_all(
        self, account: str, order: Any, idempotency_key: str, left: Budget
    ) -> ProviderAnswer:
        """Void what is in flight in an order. With nothing in it, there is nothing to cancel."""
        alive = [
            text(each, "id")
            for each in _payments(order, "authorizations")
            if AUTHORIZATION.get(text(each, "status")) in IN_FLIGHT
        ]
        for each in alive:
            answer = self._void(account, each, f"{idempotency_key}-{each}", left)
            if answer.outcome in (CancelOutcome.TERMINAL, CancelOutcome.NOT_FOUND):
                return _REFUSED  # that was of one payment in the order; the order decides
            if answer.outcome is not CancelOutcome.CANCELLED:
                return answer
        return ProviderStatus(order_status(order, alive)).as_answer() or _UNSUPPORTED


def authorization_status(authorization: Any) -> TransactionStatus | None:
    return AUTHORIZATION.get(text(authorization, "status"))


def capture_status(capture: Any) -> TransactionStatus | None:
    return CAPTURE.get(text(capture, "status"))


def order_status(order: Any, voided: Collection[str] = ()) -> TransactionStatus | None:
    """As its payments are; `voided` are the authorizations that have been since it was read."""
    own = ORDER.get(text(order, "status"))
    completed = text(order, "status") == "COMPLETED"
    if not completed and own not in IN_FLIGHT:
        return own
    found = _statuses_in(order, voided)
    if None in found:
        return None
    for status in PRECEDENCE:
        if status in found:
            return status
    if not completed:
        return own  # the payer, or a new authorization, may still pay it
    ends = (TransactionStatus.CANCELLED, TransactionStatus.FAILED)
    return next((status for status in ends if status in found), None)


def _statuses_in(order: Any, voided: Collection[str]) -> set[TransactionStatus | None]:
    captures = {capture_status(each) for each in _payments(order, "captures")}
    authorizations = {
        TransactionStatus.CANCELLED if text(each, "id") in voided else authorization_status(each)
        for each in _payments(order, "authorizations")
    }
    if captures:
        # How far a captured one has come, its captures tell.
        authorizations.discard(TransactionStatus.SETTLED)
    return captures | authorizations


def _payments(order: Any, kind: str) -> list[Any]:
    units = _list(part(order, "purchase_units"))
    return [each for unit in units for each in _list(part(unit, "payments", kind))]


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


STATUS_OF: dict[str, Callable[[Any], TransactionStatus | None]] = {
    "authorization": authorization_status,
    "capture": capture_status,
    "order": order_status,
}


def _status(answer: Answer, kind: str) -> ProviderStatus:
    if answer.status < 400:
        return ProviderStatus(STATUS_OF[kind](answer.json))
    return ProviderStatus(None, found=not _is_missing(answer))


def _refusal(answer: Answer) -> ProviderAnswer:
    issues = _issues(answer)
    for issue, meaning in ISSUES.items():
        if issue in issues:
            return meaning
    if answer.status == 409:
        return _UNKNOWN
    return _NOT_FOUND if _is_missing(answer) else _REFUSED


def _is_missing(answer: Answer) -> bool:
    """A 404 of anything before PayPal's API, which has no such name, says nothing of a payment."""
    named = text(answer.json, "name") == "RESOURCE_NOT_FOUND"
    return answer.status == 404 and (named or "INVALID_RESOURCE_ID" in _issues(answer))


def _issues(answer: Answer) -> set[str]:
    return {text(each, "issue") for each in _list(part(answer.json, "details"))}


def provider(parts: Parts) -> Provider:
    tokens = AccessTokens(parts.monotonic)
    client = PayPalClient(parts.accounts(PayPalSecret), tokens, parts.exchange())
    return PayPalProvider(parts.name, client)

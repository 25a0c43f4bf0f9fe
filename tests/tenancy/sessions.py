"""A merchant's session in every state, with any transactions, as the layer writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from checkout import payments
from checkout.bootstrap import new_id, utc_now
from checkout.lease import CancelRequest, Lock
from checkout.sessions import SessionKey
from checkout.transactions import (
    IN_FLIGHT,
    Attempt,
    Money,
    TransactionKey,
    TransactionStatus,
)

if TYPE_CHECKING:
    from checkout.storage.dynamodb import CheckoutStore

STATES = ("open", "completed", "expired", "being cancelled", "pending", "cancelled")
PROVIDERS = ("sandbox", "sandbox-b")
REASON = "a reason of the owner's"
# No recovery drives it, and no lease of it ends, while the tests run.
FAR = timedelta(days=1)
DRIVER = "driver-of-the-owner"


@dataclass(frozen=True)
class Scene:
    """A session to be made: its state, and each transaction's provider and status."""

    state: str
    transactions: tuple[tuple[str, TransactionStatus], ...]


SCENES = st.builds(
    Scene,
    st.sampled_from(STATES),
    st.lists(
        st.tuples(st.sampled_from(PROVIDERS), st.sampled_from(list(TransactionStatus))),
        max_size=3,
    ).map(tuple),
)


def make(store: CheckoutStore, merchant_id: str, scene: Scene) -> SessionKey:
    key = SessionKey(merchant_id, new_id())
    payments.open_session(store, key, utc_now())
    made = [_attach(store, key, *each) for each in scene.transactions]
    in_flight = [
        each
        for each, (_, status) in zip(made, scene.transactions, strict=True)
        if status in IN_FLIGHT
    ]
    _bring_to(store, key, scene.state, in_flight)
    return key


def _bring_to(
    store: CheckoutStore, key: SessionKey, state: str, in_flight: list[TransactionKey]
) -> None:
    if state in ("being cancelled", "pending", "cancelled"):
        _lock(store, key)
    match state:
        case "completed":
            payments.complete_session(store, key, utc_now())
        case "expired":
            payments.expire_session(store, key, utc_now())
        case "pending":
            for each in in_flight:
                store.mark_pending(each)
            store.release_lease(key, DRIVER, utc_now() + FAR)
        case "cancelled":
            for each in in_flight:
                payments.record_status(store, each, TransactionStatus.CANCELLED, utc_now())
            store.complete_cancellation(key, utc_now())


def _attach(
    store: CheckoutStore, key: SessionKey, provider: str, status: TransactionStatus
) -> TransactionKey:
    attempt = Attempt(TransactionKey(key, new_id()), provider, "main", Money(1999, "EUR"))
    payments.begin_transaction(store, attempt, utc_now)
    payments.record_reference(store, attempt.key, provider, "ok_1")
    if status is not TransactionStatus.PENDING:
        payments.record_status(store, attempt.key, status, utc_now())
    return attempt.key


def _lock(store: CheckoutStore, key: SessionKey) -> None:
    now = utc_now()
    request = CancelRequest(key.merchant_id, REASON)
    lock = Lock(DRIVER, now, now + FAR, now + FAR, request)
    assert store.lock_for_cancellation(key, lock).held

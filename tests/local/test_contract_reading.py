"""GET: what a merchant polls after a PENDING_CANCELLATION. And money that arrived all the same."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from checkout.bootstrap import new_id, utc_now
from checkout.payments import begin_transaction, record_reference, record_status
from checkout.transactions import Attempt, Money, TransactionKey, TransactionStatus
from local.answers import NO_SESSION, cancellation, error
from local.calls import Client
from local.inspection import Inspector
from tests.local.conftest import Seed
from tests.local.moments import PATIENCE, warm_up_fan_out

Becomes = Callable[[str, str, float], None]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


def read(merchant: Client, session_id: str) -> dict[str, Any]:
    answer = merchant.get(session_id)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    body: dict[str, Any] = answer.json()
    assert list(body) == [
        "sessionId", "status", "reason", "createdAt", "cancelRequestedAt", "cancelledAt",
        "transactions",
    ]  # fmt: skip
    for transaction in body["transactions"]:
        assert list(transaction) == [
            "transactionId", "provider", "status", "pendingReason", "settledAfterCancel",
        ]  # fmt: skip
    moments = [body[name] for name in ("createdAt", "cancelRequestedAt", "cancelledAt")]
    assert all(MOMENT.fullmatch(moment) for moment in moments if moment)
    return body


def test_an_open_session_is_read_with_its_transactions_in_order(
    merchant: Client, seed: Seed
) -> None:
    session = seed("sandbox-c:ok_1", "sandbox:ok_1", "sandbox-b:ok_1")

    body = read(merchant, session.session_id)

    assert (body["sessionId"], body["status"]) == (session.session_id, "OPEN")
    assert body["reason"] is body["cancelRequestedAt"] is body["cancelledAt"] is None
    assert [each["transactionId"] for each in body["transactions"]] == session.transaction_ids
    providers = [each["provider"] for each in body["transactions"]]
    assert providers == ["sandbox-c", "sandbox", "sandbox-b"]
    assert {each["pendingReason"] for each in body["transactions"]} == {None}


def test_a_cancelled_session_is_read_with_its_reason_and_moments(
    merchant: Client, seed: Seed
) -> None:
    reason = "a reason: é, 漢字, \u202e and \U0001f6d2 'quotes\" <b>"
    session = seed("sandbox:ok_1")
    cancellation(merchant.cancel(session.session_id, reason=reason))

    body = read(merchant, session.session_id)

    assert (body["status"], body["reason"]) == ("CANCELLED", reason)
    assert body["createdAt"] <= body["cancelRequestedAt"] <= body["cancelledAt"]
    (transaction,) = body["transactions"]
    assert (transaction["status"], transaction["pendingReason"]) == ("CANCELLED", None)


PENDING = {
    "async_600_1": "REQUESTED",
    "unstoppable_600_SETTLED_1": "UNSUPPORTED",
    "refused_1": "REFUSED",
    "down_1": "UNKNOWN",
}


def test_it_says_of_a_transaction_in_flight_why_it_is_still_pending(
    merchant: Client, seed: Seed
) -> None:
    session = seed(*[f"sandbox:{reference}" for reference in PENDING])

    answer = cancellation(merchant.cancel(session.session_id))

    assert answer.pending == sorted(session.transaction_ids)
    body = read(merchant, session.session_id)
    assert [each["pendingReason"] for each in body["transactions"]] == list(PENDING.values())


def test_a_payment_that_its_provider_does_not_know_yet_is_pending_as_not_found(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed()
    key = TransactionKey(inspect.key(session.session_id), new_id())
    attempt = Attempt(key, "sandbox", "default", Money(100, "EUR"))
    begin_transaction(inspect.store, attempt, utc_now)

    answer = cancellation(merchant.cancel(session.session_id))

    assert answer.pending == [key.transaction_id]
    (transaction,) = read(merchant, session.session_id)["transactions"]
    assert transaction["pendingReason"] == "NOT_FOUND"
    # Its provider has answered by now, and the next cancellation finds it.
    record_reference(inspect.store, key, "sandbox", "ok_1")
    assert cancellation(merchant.cancel(session.session_id)).cancelled == [key.transaction_id]


def test_reading_changes_nothing(merchant: Client, seed: Seed, inspect: Inspector) -> None:
    session = seed("sandbox:refused_1", "sandbox:ok_1")
    cancellation(merchant.cancel(session.session_id))
    refused, plain = session.transaction_ids

    def stored() -> list[object]:
        items = [inspect.transaction_item(session.session_id, each) for each in (refused, plain)]
        ledger = [inspect.ledger("sandbox", each) for each in (refused, plain)]
        return [inspect.session_item(session.session_id), *items, *ledger]

    before = stored()
    first, second = read(merchant, session.session_id), read(merchant, session.session_id)

    assert first == second
    assert stored() == before


def test_reading_a_session_that_does_not_exist_is_404(merchant: Client) -> None:
    error(merchant.get(NO_SESSION), 404)


@pytest.mark.parametrize(
    ("session_id", "status"),
    [
        ("abc", 400),
        (NO_SESSION.upper(), 400),
        (f"%7B{NO_SESSION}%7D", 400),
        (NO_SESSION.replace("-7fff-", "-4fff-"), 422),
        ("a" * 10_000, 400),
        ("%00", 400),
        ("%ff", 400),
        (f"{NO_SESSION}%23SESSION", 400),
    ],
)
def test_reading_a_malformed_id_is_refused(merchant: Client, session_id: str, status: int) -> None:
    error(merchant.get(session_id), status, "sessionId")


def test_money_that_arrives_during_the_cancellation_is_told(
    merchant: Client, seed: Seed, becomes: Becomes
) -> None:
    warm_up_fan_out(merchant, seed)
    session = seed("sandbox:unstoppable_5_SETTLED_1", "sandbox:unstoppable_5_EXPIRED_1")
    assert len(cancellation(merchant.cancel(session.session_id)).pending) == 2

    becomes(session.session_id, "CANCELLED", PATIENCE)

    settled, expired = read(merchant, session.session_id)["transactions"]
    assert (settled["status"], settled["settledAfterCancel"]) == ("SETTLED", True)
    assert (expired["status"], expired["settledAfterCancel"]) == ("EXPIRED", False)


def test_a_settlement_after_a_confirmed_cancellation_changes_no_status_and_is_told(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1")
    cancellation(merchant.cancel(session.session_id))
    key = TransactionKey(inspect.key(session.session_id), session.transaction_ids[0])

    changes = [
        record_status(inspect.store, key, TransactionStatus.SETTLED, utc_now()) for _ in range(2)
    ]

    assert [each.late_settlement for each in changes] == [True, False]
    assert not any(each.changed for each in changes)
    body = read(merchant, session.session_id)
    (transaction,) = body["transactions"]
    assert (body["status"], transaction["status"]) == ("CANCELLED", "CANCELLED")
    assert transaction["settledAfterCancel"] is True
    assert "settledAt" in inspect.transaction_item(session.session_id, key.transaction_id)


def test_money_that_arrived_before_the_cancellation_is_none_of_it(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1", "sandbox:ok_2")
    settled, plain = session.transaction_ids
    key = TransactionKey(inspect.key(session.session_id), settled)
    record_status(inspect.store, key, TransactionStatus.SETTLED, utc_now())
    before = inspect.transaction_item(session.session_id, settled)

    answer = cancellation(merchant.cancel(session.session_id))

    assert (answer.status, answer.cancelled) == ("CANCELLED", [plain])
    assert inspect.transaction_item(session.session_id, settled) == before
    assert inspect.ledger("sandbox", settled).void_requests == 0
    assert read(merchant, session.session_id)["transactions"][0]["settledAfterCancel"] is False

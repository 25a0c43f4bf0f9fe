"""The requests for a transaction's item: when a change may happen, and what it sets."""

from typing import Any

import pytest

from checkout.provider_cancellation import OutcomeRecord
from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.storage import transaction_requests
from checkout.storage.items import transaction_from
from checkout.storage.transaction_requests import outcome_status
from checkout.timestamps import to_text
from checkout.transactions import (
    IN_FLIGHT,
    PAID,
    TERMINAL,
    PendingReason,
    TransactionStatus,
    may_come_from,
)
from tests.unit.clock import NOON
from tests.unit.providers import CANCELLED, NOT_FOUND, REFUSED, REQUESTED, UNKNOWN, UNSUPPORTED
from tests.unit.requests import placeholders, plain
from tests.unit.samples import KEY, a_transaction, an_attempt, transaction_id, transaction_key

PK = f"MERCHANT#merchant-1#SESSION#{KEY.session_id}"
PENDING_ANSWERS = [REQUESTED, UNSUPPORTED, REFUSED, NOT_FOUND, UNKNOWN]
REPORTED = sorted(TransactionStatus)


def _outcome(answer: ProviderAnswer, next_attempt: int | None = None) -> dict[str, Any]:
    record = OutcomeRecord("driver-1", answer, NOON, next_attempt)
    return transaction_requests.record_outcome(transaction_key(), record)


def _status(status: TransactionStatus) -> dict[str, Any]:
    return transaction_requests.record_status(transaction_key(), status, NOON)


def _ended(status: TransactionStatus | None) -> ProviderAnswer:
    return ProviderAnswer(CancelOutcome.TERMINAL, status)


ALL = {
    "put": transaction_requests.put_attempt(an_attempt(), NOON),
    "reference": transaction_requests.record_reference(transaction_key(), "bank", "ref_1"),
    "late": transaction_requests.record_late_settlement(transaction_key(), NOON, True),
    "mark": transaction_requests.mark_pending(transaction_key()),
    "never sent": transaction_requests.record_outcome(
        transaction_key(),
        OutcomeRecord("driver-1", _ended(TransactionStatus.FAILED), NOON, never_sent=True),
    ),
    "refused": _outcome(REFUSED, next_attempt=1),
    **{f"report {each}": _status(each) for each in REPORTED},
    **{f"outcome {each.outcome}": _outcome(each) for each in (CANCELLED, *PENDING_ANSWERS)},
    **{f"ended {each}": _outcome(_ended(each)) for each in TERMINAL},
}


def _from(request: dict[str, Any]) -> set[str]:
    """The statuses that the request's condition lets it begin from."""
    values = plain(request["ExpressionAttributeValues"])
    names = [name for name in values if name.startswith(":from")]
    assert request["ConditionExpression"] == f"#status IN ({', '.join(names)})"
    return {values[name] for name in names}


@pytest.mark.parametrize("name", ALL)
def test_every_placeholder_that_is_used_is_declared_and_the_other_way_round(name: str) -> None:
    used, declared = placeholders(ALL[name])
    assert used == declared


@pytest.mark.parametrize("name", ALL)
def test_every_change_has_a_condition_and_asks_for_the_item_that_did_not_meet_it(
    name: str,
) -> None:
    assert ALL[name]["ConditionExpression"]
    assert ALL[name]["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_an_attempt_is_put_once() -> None:
    assert ALL["put"]["ConditionExpression"] == "attribute_not_exists(PK)"
    assert plain(ALL["put"]["Item"]) == {
        "PK": PK,
        "SK": f"TRANSACTION#{transaction_id(1)}",
        "status": "PENDING",
        "provider": "bank",
        "providerAccount": "account-1",
        "providerKey": f"bank#{transaction_id(1)}",
        "amount": 1999,
        "currency": "EUR",
        "createdAt": "2026-03-01T12:00:00.000Z",
        "attachedAt": "2026-03-01T12:00:00.000Z",
    }


def test_a_reference_is_recorded_once_where_there_is_a_transaction() -> None:
    assert ALL["reference"]["ConditionExpression"] == (
        "attribute_exists(PK) AND"
        " (attribute_not_exists(providerReference) OR providerReference = :reference)"
    )
    values = plain(ALL["reference"]["ExpressionAttributeValues"])
    assert values == {":reference": "ref_1", ":key": "bank#ref_1"}


@pytest.mark.parametrize("status", REPORTED)
def test_a_report_changes_only_what_it_may_follow(status: TransactionStatus) -> None:
    # Nothing becomes PENDING, and an IN takes no empty list.
    assert _from(_status(status)) == (may_come_from(status) or {"NONE"})
    assert "NONE" not in TransactionStatus.__members__


@pytest.mark.parametrize("status", REPORTED)
def test_only_an_end_forgets_the_cancellation_and_whose_it_was(status: TransactionStatus) -> None:
    _, _, removed = _status(status)["UpdateExpression"].partition(" REMOVE ")
    # The mark of a payment stays until it is recorded that the money came late.
    if status in PAID:
        assert removed == "cancellationDetail, driver"
    elif status in TERMINAL:
        assert removed == "cancellationDetail, driver, cancellation"
    else:
        assert removed == ""


@pytest.mark.parametrize("status", REPORTED)
def test_a_status_has_a_moment_and_a_settlement_another_that_stays(
    status: TransactionStatus,
) -> None:
    update = _status(status)["UpdateExpression"]
    assert update.startswith("SET #status = :status, statusAt = :now")
    assert ("settledAt = :now" in update) is (status is TransactionStatus.SETTLED)


@pytest.mark.parametrize("name", ["refused", "outcome CANCELLED", "outcome UNKNOWN"])
def test_an_outcome_tells_when_it_was_tried_first_and_last(name: str) -> None:
    tried = "firstTriedAt = if_not_exists(firstTriedAt, :now), lastTriedAt = :now"
    assert tried in ALL[name]["UpdateExpression"]
    values = plain(ALL[name]["ExpressionAttributeValues"])
    assert values[":now"] == to_text(NOON)


def test_a_late_settlement_is_recorded_once_with_its_first_moment() -> None:
    assert ALL["late"]["ConditionExpression"] == (
        "(#status IN (:settled, :cancelled, :failed, :expired)"
        " OR (#status = :refunded AND attribute_exists(settledAt)))"
        " AND attribute_not_exists(settledAfterCancel)"
    )
    assert ALL["late"]["UpdateExpression"] == (
        "SET settledAfterCancel = :late, settledAt = if_not_exists(settledAt, :now)"
        " REMOVE cancellation"
    )


def test_a_payment_is_given_up_only_if_nothing_tells_that_it_was_sent() -> None:
    condition = ALL["never sent"]["ConditionExpression"]
    assert condition == (
        "#status IN (:from0) AND attribute_not_exists(providerReference)"
        " AND attribute_not_exists(cancelAttempt)"
    )
    assert plain(ALL["never sent"]["ExpressionAttributeValues"])[":from0"] == "PENDING"


@pytest.mark.parametrize(
    "name",
    ["mark", "refused", "outcome CANCELLED", "outcome UNKNOWN", "ended SETTLED", "ended FAILED"],
)
def test_only_a_transaction_in_flight_takes_an_outcome_or_a_mark(name: str) -> None:
    assert _from(ALL[name]) == IN_FLIGHT


@pytest.mark.parametrize("answer", PENDING_ANSWERS)
def test_an_outcome_that_ends_nothing_marks_the_transaction_and_keeps_its_status(
    answer: ProviderAnswer,
) -> None:
    request = _outcome(answer)
    values = plain(request["ExpressionAttributeValues"])
    assert "#status =" not in request["UpdateExpression"]
    assert "cancellation = :mark" in request["UpdateExpression"]
    assert "driver = :driver" in request["UpdateExpression"]
    assert (values[":mark"], values[":reason"]) == ("PENDING", answer.outcome.value)


@pytest.mark.parametrize("name", ["mark", "outcome UNKNOWN", "outcome NOT_FOUND"])
def test_not_knowing_does_not_hide_what_was_known(name: str) -> None:
    detail = "cancellationDetail = if_not_exists(cancellationDetail, :reason)"
    assert detail in ALL[name]["UpdateExpression"]


def test_a_mark_names_no_driver_since_nobody_asked() -> None:
    assert "driver" not in ALL["mark"]["UpdateExpression"]


def test_a_refusal_stores_the_number_of_the_next_attempt() -> None:
    assert "cancelAttempt = :attempt" in ALL["refused"]["UpdateExpression"]
    assert plain(ALL["refused"]["ExpressionAttributeValues"])[":attempt"] == 1
    assert "cancelAttempt" not in ALL["outcome REFUSED"]["UpdateExpression"]


@pytest.mark.parametrize("answer", [CANCELLED, *(_ended(each) for each in TERMINAL)])
def test_an_end_is_stored_with_its_driver_and_takes_the_mark_away(answer: ProviderAnswer) -> None:
    request = _outcome(answer)
    update = request["UpdateExpression"]
    assert update.startswith("SET #status = :status, statusAt = :now, driver = :driver")
    assert update.endswith(" REMOVE cancellation, cancellationDetail")
    values = plain(request["ExpressionAttributeValues"])
    assert values[":status"] == (answer.status or TransactionStatus.CANCELLED)


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_money_that_had_arrived_is_not_hidden(status: TransactionStatus) -> None:
    update = _outcome(_ended(status))["UpdateExpression"]
    told = "settledAt = :now, settledAfterCancel = :yes" in update
    assert told is (status is TransactionStatus.SETTLED)


def test_a_status_or_reason_of_a_newer_release_is_read_as_in_flight_and_unknown() -> None:
    newer = {**ALL["put"]["Item"], "status": {"S": "PAID"}, "cancellationDetail": {"S": "NEW"}}
    read = transaction_from(KEY, newer)
    assert (read.status, read.pending_reason) == (
        TransactionStatus.PROCESSING,
        PendingReason.UNKNOWN,
    )


def test_an_item_is_read_as_it_was_put() -> None:
    read = transaction_from(KEY, ALL["put"]["Item"])
    pending = TransactionStatus.PENDING
    assert read == a_transaction(status=pending, provider_reference=None)


@pytest.mark.parametrize("outcome", CancelOutcome)
@pytest.mark.parametrize("status", [*TransactionStatus, None])
def test_only_a_confirmation_or_a_terminal_status_ends_a_transaction(
    outcome: CancelOutcome, status: TransactionStatus | None
) -> None:
    ends = outcome_status(OutcomeRecord("driver-1", ProviderAnswer(outcome, status), NOON))
    if outcome is CancelOutcome.CANCELLED:
        assert ends is TransactionStatus.CANCELLED
    elif outcome is CancelOutcome.TERMINAL and status in TERMINAL:
        assert ends is status
    else:
        assert ends is None

"""The one table from error to HTTP answer, and the answers of a 200."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checkout import errors
from checkout.api import (
    ANSWERS,
    PHRASES,
    Response,
    answer,
    cancel_answer,
    session_answer,
    to_json,
)
from checkout.bearer_tokens import TokenRefusedError
from checkout.cancellation import Cancellation
from checkout.errors import CheckoutError, TryAgainError
from checkout.issuer import IssuerUnavailableError
from checkout.sessions import Session, SessionStatus
from checkout.transactions import (
    IN_FLIGHT,
    PendingReason,
    SessionSnapshot,
    TransactionStatus,
)
from tests.unit.clock import NOON
from tests.unit.samples import KEY, a_transaction, transaction_id

CANARY = "c4n4ry"
EVENT = {"requestContext": {"requestId": "request-1"}}

# Every error that the functions behind the API can raise, as it is made there.
AT_THE_EDGE: list[tuple[CheckoutError, int]] = [
    (errors.InvalidRequestError("reason", "is bad"), 400),
    (errors.UnprocessableRequestError("sessionId", "is bad"), 422),
    (errors.IdempotencyConflictError(), 422),
    (errors.MerchantUnknownError("client_id"), 401),
    (errors.OperatorUnknownError(), 401),
    (errors.SignatureError(), 401),
    (errors.NoSuchWebhookError(), 404),
    (errors.SessionNotFoundError(CANARY), 404),
    (errors.SessionEndedError("COMPLETED"), 409),
    (errors.CancellationInProgressError(3), 409),
    (errors.IdempotencyInProgressError(3), 409),
    (errors.StoreUnavailableError("ThrottlingException", 3), 503),
    (errors.ReportsLostError(3), 503),
    (errors.StoreRefusedError(CANARY), 500),
    (errors.MisconfiguredError(CANARY), 500),
]
# They belong to the payment side, the stream, the queue and the adapters; the API answers none.
NOT_AT_THE_EDGE = {
    errors.SessionExistsError,
    errors.SessionLockedError,
    errors.TransactionNotFoundError,
    errors.TransactionExistsError,
    errors.TooManyTransactionsError,
    errors.AttachTooLateError,
    errors.ReferenceConflictError,
    errors.PaymentGivenUpError,
    errors.MalformedRecordError,
    errors.UnmatchedReportError,
    errors.ProviderUnreachableError,
    errors.ProviderFailedError,
    errors.CredentialsError,
    errors.UnreadableAnswerError,
    # The authorizer's, which answers in API Gateway's own way.
    IssuerUnavailableError,
    TokenRefusedError,
}


def _kinds(base: type[CheckoutError]) -> set[type[CheckoutError]]:
    """Every class below `base` that is raised itself, and not only inherited from."""
    below: set[type[CheckoutError]] = set()
    for kind in base.__subclasses__():
        below |= _kinds(kind)
        if not kind.__subclasses__() or kind is errors.InvalidRequestError:
            below.add(kind)
    return below


def _raised(error: Exception) -> Response:
    def action() -> str:
        raise error

    return answer(EVENT, action)


def test_every_error_is_known_to_reach_the_edge_or_not_to() -> None:
    listed = {type(error) for error, _ in AT_THE_EDGE}
    assert listed | NOT_AT_THE_EDGE == _kinds(CheckoutError)
    assert set(ANSWERS) <= listed


def test_every_error_is_drawn_in_the_tree_of_the_module() -> None:
    drawn = errors.__doc__ or ""
    assert [each.__name__ for each in _kinds(CheckoutError) if each.__name__ not in drawn] == []


@pytest.mark.parametrize(("error", "status"), AT_THE_EDGE)
def test_every_error_has_its_answer_in_the_one_body(error: CheckoutError, status: int) -> None:
    response = _raised(error)
    body = json.loads(response["body"])
    assert response["statusCode"] == body["statusCode"] == status
    assert set(body) == {"message", "error", "statusCode"}
    assert body["error"] == PHRASES[status]
    assert body["message"]
    assert CANARY not in response["body"]
    assert response["headers"]["x-request-id"] == "request-1"
    assert response["headers"]["Content-Type"] == "application/json"


@pytest.mark.parametrize(("error", "status"), AT_THE_EDGE)
def test_exactly_what_may_be_tried_again_says_when(error: CheckoutError, status: int) -> None:
    told = _raised(error)["headers"].get("Retry-After")
    assert told == ("3" if isinstance(error, TryAgainError) else None)


@pytest.mark.parametrize(("status", "phrase"), PHRASES.items())
def test_every_status_has_its_phrase(status: int, phrase: str) -> None:
    assert 400 <= status < 600
    assert phrase.istitle()


def test_a_conflict_of_keys_says_so_in_the_word_of_the_contract() -> None:
    assert "IDEMPOTENCY_CONFLICT" in _raised(errors.IdempotencyConflictError())["body"]


def test_an_invalid_request_names_the_field() -> None:
    body = json.loads(_raised(errors.InvalidRequestError("reason", "is bad"))["body"])
    assert body["message"] == "reason is bad."


def test_a_status_of_the_session_is_told_in_the_refusal() -> None:
    assert "COMPLETED" in _raised(errors.SessionEndedError("COMPLETED"))["body"]


BUGS = [
    ValueError(CANARY),
    KeyError(CANARY),
    RecursionError(CANARY),
    *(
        kind.__new__(kind, CANARY)
        for kind in sorted(NOT_AT_THE_EDGE, key=lambda each: each.__name__)
    ),
]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: type(bug).__name__)
def test_a_bug_is_a_500_and_its_text_goes_nowhere(
    bug: Exception, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    response = _raised(bug)
    logged = "".join(capsys.readouterr()) + caplog.text + _fields(caplog)
    assert response["statusCode"] == 500
    assert "safe" in response["body"]
    assert CANARY not in response["body"] + logged
    assert type(bug).__name__ not in response["body"]


def test_a_bug_is_logged_once_with_its_kind_and_place(caplog: pytest.LogCaptureFixture) -> None:
    _raised(ValueError(CANARY))
    assert len(caplog.records) == 1
    assert "ValueError" in _fields(caplog)
    assert "action:" in _fields(caplog)


@pytest.mark.parametrize(("error", "status"), AT_THE_EDGE)
def test_only_what_operators_can_mend_is_logged(
    error: CheckoutError, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    _raised(error)
    assert len(caplog.records) == (1 if status >= 500 else 0)


def _fields(caplog: pytest.LogCaptureFixture) -> str:
    """Everything that was logged, the fields that are not part of the message included."""
    return "".join(str(vars(record)) for record in caplog.records)


@pytest.mark.parametrize("event", [{}, {"requestContext": None}, {"requestContext": {}}])
def test_an_event_without_a_request_id_is_answered_all_the_same(event: dict[str, Any]) -> None:
    assert answer(event, lambda: "{}")["headers"]["x-request-id"] == ""


def test_a_200_is_what_the_action_gives() -> None:
    response = answer(EVENT, lambda: '{"a": 1}')
    assert (response["statusCode"], response["body"]) == (200, '{"a": 1}')
    assert response["headers"]["Cache-Control"] == "no-store"


@pytest.mark.parametrize("status", [SessionStatus.CANCELLED, SessionStatus.PENDING_CANCELLATION])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_cancellation_is_told_with_both_lists(status: SessionStatus, count: int) -> None:
    ids = tuple(transaction_id(number) for number in range(count))
    pending = ids if status is SessionStatus.PENDING_CANCELLATION else ()
    told = json.loads(to_json(cancel_answer(KEY, Cancellation(status, ids, pending))))
    message = told.pop("message")
    assert told == {
        "sessionId": KEY.session_id,
        "status": status.value,
        "cancelledTransactionIds": list(ids),
        "pendingTransactionIds": list(pending),
    }
    counted = f"{count} transaction{'' if count == 1 else 's'}"
    assert counted in message or (not pending and "nothing is in flight" in message)


def _snapshot(*transactions: Any, **facts: Any) -> dict[str, Any]:
    session = replace(Session(KEY, SessionStatus.OPEN, NOON), **facts)
    told = to_json(session_answer(SessionSnapshot(session, transactions)))
    read: dict[str, Any] = json.loads(told)
    return read


def test_an_open_session_is_read_with_nothing_but_its_creation() -> None:
    assert _snapshot() == {
        "sessionId": KEY.session_id,
        "status": "OPEN",
        "reason": None,
        "createdAt": "2026-03-01T12:00:00.000Z",
        "cancelRequestedAt": None,
        "cancelledAt": None,
        "transactions": [],
    }


def test_a_cancelled_session_is_read_with_its_reason_and_moments() -> None:
    told = _snapshot(
        status=SessionStatus.CANCELLED,
        reason="changed my mind",
        cancel_requested_at=NOON,
        cancelled_at=NOON + timedelta(milliseconds=1),
    )
    assert told["reason"] == "changed my mind"
    assert told["cancelRequestedAt"] == "2026-03-01T12:00:00.000Z"
    assert told["cancelledAt"] == "2026-03-01T12:00:00.001Z"


def test_transactions_are_read_in_id_order() -> None:
    told = _snapshot(a_transaction(3), a_transaction(1), a_transaction(2))
    ids = [each["transactionId"] for each in told["transactions"]]
    assert ids == [transaction_id(number) for number in (1, 2, 3)]


@pytest.mark.parametrize("status", TransactionStatus)
@pytest.mark.parametrize("reason", PendingReason)
def test_only_what_is_in_flight_has_a_reason_for_it(
    status: TransactionStatus, reason: PendingReason
) -> None:
    told = _snapshot(a_transaction(status=status, pending_reason=reason))["transactions"][0]
    assert told["status"] == status.value
    assert told["pendingReason"] == (reason.value if status in IN_FLIGHT else None)


@pytest.mark.parametrize(
    ("status", "reason"), [("PENDING_CANCELLATION", "UNKNOWN"), ("OPEN", None)]
)
def test_what_a_locked_session_waits_for_without_having_asked_is_unknown(
    status: str, reason: str | None
) -> None:
    told = _snapshot(a_transaction(), status=SessionStatus(status))["transactions"][0]
    assert told["pendingReason"] == reason


def test_money_that_a_session_waited_for_is_late_whatever_the_clocks_say() -> None:
    early = NOON - timedelta(seconds=1)
    settled = a_transaction(status=TransactionStatus.SETTLED, settled_at=early, awaited=True)
    told = _snapshot(settled, cancel_requested_at=NOON)["transactions"][0]
    assert told["settledAfterCancel"] is True


SETTLED_AT = [(-1, False), (0, False), (1, True)]


@pytest.mark.parametrize(("seconds", "late"), SETTLED_AT)
def test_money_that_arrived_after_the_request_is_told(seconds: int, late: bool) -> None:
    settled = a_transaction(
        status=TransactionStatus.SETTLED, settled_at=NOON + timedelta(seconds=seconds)
    )
    told = _snapshot(settled, cancel_requested_at=NOON)["transactions"][0]
    assert told["settledAfterCancel"] is late


def test_money_of_a_session_that_nobody_cancelled_is_no_late_money() -> None:
    settled = a_transaction(status=TransactionStatus.SETTLED, settled_at=NOON)
    assert _snapshot(settled)["transactions"][0]["settledAfterCancel"] is False


def test_money_that_arrived_for_a_cancelled_transaction_is_told() -> None:
    cancelled = a_transaction(
        status=TransactionStatus.CANCELLED,
        settled_at=NOON + timedelta(days=1),
        settled_after_cancel=True,
    )
    told = _snapshot(cancelled, cancel_requested_at=NOON)["transactions"][0]
    assert (told["status"], told["settledAfterCancel"]) == ("CANCELLED", True)

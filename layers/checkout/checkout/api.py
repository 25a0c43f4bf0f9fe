"""The HTTP edge: the form of its answers, and the one table from error to HTTP answer."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from checkout.cancellation import Cancellation
from checkout.correlation import correlation_id
from checkout.errors import (
    CancellationInProgressError,
    CheckoutError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    InvalidRequestError,
    MerchantUnknownError,
    NoSuchWebhookError,
    OperatorUnknownError,
    ReportsLostError,
    SessionEndedError,
    SessionNotFoundError,
    SignatureError,
    StoreUnavailableError,
    TryAgainError,
    UnprocessableRequestError,
)
from checkout.observability import correlate, log_failure
from checkout.sessions import SessionKey, SessionStatus
from checkout.timestamps import to_text
from checkout.transactions import (
    PendingReason,
    SessionSnapshot,
    Transaction,
    TransactionStatus,
)

if TYPE_CHECKING:
    from checkout.providers.webhook import Acknowledgement

Response = dict[str, Any]

# Not from the standard library: its phrases change from one Python version to the next.
PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    409: "Conflict",
    422: "Unprocessable Entity",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

# The first class that fits decides. A message is a text, or made from the error's facts.
ANSWERS: dict[type[CheckoutError], tuple[int, str | Callable[[Any], str]]] = {
    UnprocessableRequestError: (422, lambda error: f"{error.field} {error.problem}."),
    InvalidRequestError: (400, lambda error: f"{error.field} {error.problem}."),
    IdempotencyConflictError: (
        422,
        "IDEMPOTENCY_CONFLICT: this Idempotency-Key was used with another body; use a new key.",
    ),
    MerchantUnknownError: (401, "The token does not name a merchant; get one that does."),
    OperatorUnknownError: (401, "The token does not name an operator; sign in again."),
    SignatureError: (401, "The signature is not that of this provider's account."),
    NoSuchWebhookError: (404, "There is no such webhook."),
    SessionNotFoundError: (404, "There is no such session."),
    SessionEndedError: (
        409,
        lambda error: f"The session is {error.status} and cannot be cancelled any more.",
    ),
    CancellationInProgressError: (
        409,
        "The session is being cancelled right now; try again in Retry-After seconds.",
    ),
    IdempotencyInProgressError: (
        409,
        "The first call with this Idempotency-Key still runs; try again in Retry-After seconds.",
    ),
    StoreUnavailableError: (
        503,
        "The store could not be reached; no provider was called. Try again in Retry-After seconds.",
    ),
    ReportsLostError: (503, "Not all of it could be recorded; send it again after Retry-After."),
}
INTERNAL_ERROR = (500, "Something went wrong on our side; repeating the request is safe.")


class CancelAnswer(TypedDict):
    """The answer to a cancellation. The names are those of the wire."""

    sessionId: str
    status: SessionStatus
    message: str
    cancelledTransactionIds: list[str]
    pendingTransactionIds: list[str]


class TransactionAnswer(TypedDict):
    """`pendingReason` says why a transaction of a cancelled session is still in flight."""

    transactionId: str
    provider: str
    status: TransactionStatus
    pendingReason: PendingReason | None
    settledAfterCancel: bool


class SessionAnswer(TypedDict):
    """A session as its merchant reads it."""

    sessionId: str
    status: SessionStatus
    reason: str | None
    createdAt: str
    cancelRequestedAt: str | None
    cancelledAt: str | None
    transactions: list[TransactionAnswer]


def cancel_answer(key: SessionKey, cancellation: Cancellation) -> CancelAnswer:
    return CancelAnswer(
        sessionId=key.session_id,
        status=cancellation.status,
        message=_message(cancellation),
        cancelledTransactionIds=list(cancellation.cancelled),
        pendingTransactionIds=list(cancellation.pending),
    )


def session_answer(snapshot: SessionSnapshot) -> SessionAnswer:
    session = snapshot.session
    ordered = sorted(snapshot.transactions, key=lambda each: each.transaction_id)
    return SessionAnswer(
        sessionId=session.key.session_id,
        status=session.status,
        reason=session.reason,
        createdAt=to_text(session.created_at),
        cancelRequestedAt=_text(session.cancel_requested_at),
        cancelledAt=_text(session.cancelled_at),
        transactions=[_transaction_answer(snapshot, each) for each in ordered],
    )


def to_json(told: Mapping[str, object]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def answer(event: Mapping[str, Any], action: "Callable[[], str | Acknowledgement]") -> Response:
    """Run `action`, which gives the body of a 200, and answer for whatever it raises."""
    request_id = str((event.get("requestContext") or {}).get("requestId", ""))
    correlate(correlation_id(event))
    try:
        return _succeeded(action(), request_id)
    except CheckoutError as error:
        return _error_response(error, request_id)
    except Exception as error:  # noqa: BLE001 - the edge: nothing may leave without our body
        log_failure("unexpected error", error)
        return _error_body(*INTERNAL_ERROR, request_id)


def _succeeded(body: "str | Acknowledgement", request_id: str) -> Response:
    if isinstance(body, str):
        return _response(200, body, request_id)
    return _response(200, body.text, request_id, body.media_type)


def _error_response(error: CheckoutError, request_id: str) -> Response:
    kind = next((each for each in ANSWERS if isinstance(error, each)), None)
    if kind is None:
        log_failure("request failed", error)
        return _error_body(*INTERNAL_ERROR, request_id)
    status, message = ANSWERS[kind]
    if status >= 500:
        log_failure("request failed", error)
    text = message if isinstance(message, str) else message(error)
    response = _error_body(status, text, request_id)
    if isinstance(error, TryAgainError):
        response["headers"]["Retry-After"] = str(error.retry_after)
    return response


def _error_body(status: int, message: str, request_id: str) -> Response:
    body = {"message": message, "error": PHRASES[status], "statusCode": status}
    return _response(status, json.dumps(body), request_id)


def _response(
    status: int, body: str, request_id: str, media_type: str = "application/json"
) -> Response:
    headers = {
        "Content-Type": media_type,
        "Cache-Control": "no-store",
        "x-request-id": request_id,
    }
    return {"statusCode": status, "headers": headers, "body": body}


def _transaction_answer(snapshot: SessionSnapshot, transaction: Transaction) -> TransactionAnswer:
    waiting = snapshot.session.status is SessionStatus.PENDING_CANCELLATION
    reason = transaction.pending_reason or (PendingReason.UNKNOWN if waiting else None)
    return TransactionAnswer(
        transactionId=transaction.transaction_id,
        provider=transaction.provider,
        status=transaction.status,
        pendingReason=reason if transaction.in_flight else None,
        settledAfterCancel=snapshot.settled_after_cancel(transaction),
    )


def _message(cancellation: Cancellation) -> str:
    if cancellation.status is SessionStatus.CANCELLED:
        return f"The session is cancelled; this call cancelled {_count(cancellation.cancelled)}."
    if not cancellation.pending:
        return "The session is locked and nothing is in flight; repeat the call to complete it."
    return (
        f"The session is locked and {_count(cancellation.pending)} may still be in flight;"
        " it becomes CANCELLED by itself."
    )


def _count(transactions: tuple[str, ...]) -> str:
    return f"{len(transactions)} transaction{'' if len(transactions) == 1 else 's'}"


def _text(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None

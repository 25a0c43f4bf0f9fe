"""What all answers of the service have in common, checked in one place."""

from dataclasses import dataclass

from local.calls import Answer

PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Content Too Large",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    503: "Service Unavailable",
}
# A UUID of version 7 that no session has: it was made at the beginning of 1970.
NO_SESSION = "00000000-0001-7fff-bfff-0123456789ab"
LONGEST_WAIT_SECONDS = 60
# Differ from one answer to the next, whatever it says.
OF_THE_MOMENT = {"date", "x-request-id", "x-amzn-requestid", "x-amz-request-id", "x-amzn-trace-id"}


@dataclass(frozen=True)
class Cancelled:
    """The body of a 200."""

    session_id: str
    status: str
    message: str
    cancelled: list[str]
    pending: list[str]


def cancellation(answer: Answer) -> Cancelled:
    """The body of a cancellation's 200, once it keeps the rules of every one of them."""
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    fields = {
        "sessionId",
        "status",
        "message",
        "cancelledTransactionIds",
        "pendingTransactionIds",
    }
    body = answer.json()
    assert set(body) == fields
    found = Cancelled(
        body["sessionId"],
        body["status"],
        body["message"],
        body["cancelledTransactionIds"],
        body["pendingTransactionIds"],
    )
    assert found.status in ("CANCELLED", "PENDING_CANCELLATION")
    assert found.message
    assert found.cancelled == sorted(set(found.cancelled))
    assert found.pending == sorted(set(found.pending))
    assert not set(found.cancelled) & set(found.pending)
    assert not found.pending or found.status == "PENDING_CANCELLATION"
    return found


def error(answer: Answer, status: int, *words: str) -> str:
    """The message of an error, once it is our flat body; `words` must be in it, in any case."""
    assert answer.status == status, answer
    body = answer.json()
    assert set(body) == {"message", "error", "statusCode"}
    assert body["statusCode"] == status
    assert body["error"] == PHRASES[status]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    message = body["message"]
    assert isinstance(message, str)
    for word in words:
        assert word.lower() in message.lower()
    return message


def busy(answer: Answer) -> int:
    """A 409 that is worth repeating: the seconds to wait for."""
    error(answer, 409)
    seconds = int(answer.headers["retry-after"])
    assert 1 <= seconds <= LONGEST_WAIT_SECONDS
    return seconds


def lasting(answer: Answer) -> dict[str, str]:
    """The headers that say something about the answer, not about the moment."""
    return {
        name.lower(): value
        for name, value in answer.headers.items()
        if name.lower() not in OF_THE_MOMENT
    }

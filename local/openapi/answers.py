"""What each operation may answer: every row of the contract's tables, with its examples."""

from collections.abc import Callable

from checkout.errors import (
    CancellationInProgressError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    InvalidRequestError,
    NoSuchWebhookError,
    ReportsLostError,
    SessionEndedError,
    SessionNotFoundError,
    SignatureError,
    StoreUnavailableError,
)
from checkout.providers.adyen.webhook import ACCEPTED
from checkout.providers.webhook import EMPTY
from checkout.sessions import SessionStatus
from checkout.transactions import PendingReason, TransactionStatus
from local.openapi.examples import (
    Example,
    answered,
    by_gateway,
    cancellation,
    failed,
    refused_cancellation,
    refused_listing,
    refused_reading,
    session,
    sessions,
    transaction,
)
from local.openapi.requests import CANCELLATIONS, LISTINGS, READINGS, Refused

S, T = SessionStatus, TransactionStatus
NO_MERCHANT = Refused("noMerchant", "The token names no merchant")


def of_every_route() -> list[Example]:
    return [
        # What no class of errors of ours is.
        failed("bug", "A fault on our side", ZeroDivisionError()),
        by_gateway("firewall", "The firewall has refused it", "WAF_FILTERED"),
        by_gateway("throttled", "Too many requests", "THROTTLED"),
        by_gateway("dead", "The function died", "DEFAULT_5XX"),
        by_gateway("late", "No answer in time", "INTEGRATION_TIMEOUT"),
    ]


def of_merchants() -> list[Example]:
    return [
        by_gateway("noToken", "No valid token", "UNAUTHORIZED"),
        by_gateway("expired", "The token has expired", "EXPIRED_TOKEN"),
        by_gateway("scope", "The token lacks the scope", "ACCESS_DENIED"),
        failed("storeDown", "The store cannot be reached", StoreUnavailableError("down")),
        *of_every_route(),
    ]


def of_one_session() -> list[Example]:
    return [
        failed("noSession", "No such session of this merchant", SessionNotFoundError()),
        *of_merchants(),
    ]


def of_cancelling() -> list[Example]:
    return [
        cancellation("cancelled", "Nothing is in flight", S.CANCELLED, cancelled=2),
        cancellation("pending", "Something still is", S.PENDING_CANCELLATION, 1, 1),
        cancellation("again", "A repeat, once it is cancelled", S.CANCELLED),
        cancellation("incomplete", "Only the last write failed", S.PENDING_CANCELLATION, 1),
        *map(refused_cancellation, CANCELLATIONS),
        refused_cancellation(NO_MERCHANT, {}),
        failed("ended", "It cannot be cancelled any more", SessionEndedError("COMPLETED")),
        failed("busy", "It is being cancelled right now", CancellationInProgressError(60)),
        failed("keyBusy", "The first call with this key runs", IdempotencyInProgressError(2)),
        failed("keyUsed", "The key was used with another body", IdempotencyConflictError()),
        by_gateway("tooLarge", "Larger than API Gateway accepts", "REQUEST_TOO_LARGE"),
        *of_one_session(),
    ]


def of_reading() -> list[Example]:
    waits = (
        transaction(11, "stripe", T.CANCELLED),
        transaction(12, "adyen", T.AUTHORIZED, pending=PendingReason.REQUESTED),
        transaction(13, "mpesa", T.PROCESSING, pending=PendingReason.UNSUPPORTED),
    )
    paid = transaction(12, "adyen", T.SETTLED, late=True)
    return [
        session("open", "In flight", S.OPEN, transaction(11, "stripe", T.PROCESSING)),
        session("pending", "Something is still in flight", S.PENDING_CANCELLATION, *waits),
        session("cancelled", "Money arrived all the same", S.CANCELLED, waits[0], paid),
        *map(refused_reading, READINGS),
        refused_reading(NO_MERCHANT, {}),
        *of_one_session(),
    ]


def of_listing() -> list[Example]:
    return [
        sessions("page", "A page, and more follow", S.PENDING_CANCELLATION, 2, more=True),
        sessions("lastPage", "The last page", S.CANCELLED, 1),
        sessions("none", "There is none", S.PENDING_CANCELLATION, 0),
        *map(refused_listing, LISTINGS),
        refused_listing(NO_MERCHANT, {}),
        *of_merchants(),
    ]


def of_webhooks() -> list[Example]:
    body = InvalidRequestError("body", "must be a JSON object")
    return [
        answered("takenByAdyen", "Every report of Adyen's is recorded or kept", lambda: ACCEPTED),
        answered("taken", "Every report is recorded or kept", lambda: EMPTY),
        failed("unreadable", "Signed, and cannot be read", body),
        failed("signature", "Not signed by this account", SignatureError()),
        failed("nobody", "No such provider, or no such account", NoSuchWebhookError()),
        by_gateway("tooLarge", "Larger than API Gateway accepts", "REQUEST_TOO_LARGE"),
        failed("lost", "Send it again", ReportsLostError()),
        *of_every_route(),
    ]


ANSWERS: dict[str, Callable[[], list[Example]]] = {
    "CancelSessionFunction": of_cancelling,
    "GetSessionFunction": of_reading,
    "ListSessionsFunction": of_listing,
    "ReceiveWebhookFunction": of_webhooks,
}

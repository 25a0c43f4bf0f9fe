"""Every error of the service, grouped by what the caller must do about it.

CheckoutError
├── MendRequestError                 change the request
│   ├── InvalidRequestError              a field has a wrong form
│   ├── UnprocessableRequestError        well-formed, but no such thing can be cancelled
│   ├── IdempotencyConflictError         the key was used with another body
│   ├── MerchantUnknownError             the token does not say whose session it is about
│   ├── OperatorUnknownError             the token does not say who the operator is
│   └── SignatureError                   the webhook is not from whom it says
├── GiveUpError                      repeating it will not help
│   ├── SessionNotFoundError, SessionExistsError, ReferenceConflictError
│   ├── SessionEndedError                the session is completed or expired
│   ├── SessionLockedError               the session takes no attempt and no end any more
│   ├── TransactionNotFoundError, TransactionExistsError, TooManyTransactionsError
│   ├── AttachTooLateError               the attempt was attached too slowly to be sent
│   ├── NoSuchWebhookError               no such provider, or no such account at it
│   └── PaymentGivenUpError              created after all, and its session is being cancelled
├── TryAgainError                    repeat it after `retry_after` seconds
│   ├── CancellationInProgressError
│   ├── IdempotencyInProgressError
│   ├── StoreUnavailableError
│   ├── UnmatchedReportError             no transaction has it yet, or nobody could confirm it
│   └── ReportsLostError                 a webhook's reports are neither recorded nor kept
├── OperatorError                    only a change of the deployment helps
│   └── StoreRefusedError, MalformedRecordError, MisconfiguredError
├── TokenRefusedError, IssuerUnavailableError    of tokens; they stand with the authorizer
└── ProviderTroubleError             nothing is known: the payment counts as in flight
    ├── ProviderUnreachableError         no connection, no answer in time, or one that broke off
    ├── ProviderFailedError              answered that it cannot answer now: 429 or 5xx
    ├── CredentialsError                 the account's secret is missing, unreadable, or refused
    └── UnreadableAnswerError            answered, and not in a form that we can read
"""

from enum import StrEnum


class CheckoutError(Exception):
    """Base of all errors that this package raises on purpose."""


class MendRequestError(CheckoutError):
    """The request cannot be served as it is; a changed one may be."""


class InvalidRequestError(MendRequestError):
    """A part of the request has a wrong form. Never carries the value: it may be secret."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem


class UnprocessableRequestError(InvalidRequestError):
    """The form is right and the meaning is refused."""


class IdempotencyConflictError(MendRequestError):
    """The idempotency key belongs to an earlier call with another body."""


class MerchantUnknownError(MendRequestError):
    """The token is valid and lacks the claim that holds the merchant's id."""


class OperatorUnknownError(MendRequestError):
    """The token is valid and lacks the claim that says whose it is."""


class SignatureError(MendRequestError):
    """A webhook without the signature, or the token, that shows whom it is from."""


class GiveUpError(CheckoutError):
    """The state of things refuses the request, and will go on refusing it."""


class SessionNotFoundError(GiveUpError):
    """This merchant has no such session."""


class SessionExistsError(GiveUpError):
    """A session with this id was opened before."""


class SessionEndedError(GiveUpError):
    """The session ended in another way than by cancellation."""

    def __init__(self, status: str) -> None:
        super().__init__(f"session is {status}")
        self.status = status


class SessionLockedError(GiveUpError):
    """The session is not OPEN: no attempt may be added, and it cannot be ended otherwise."""

    def __init__(self, status: str) -> None:
        super().__init__(f"session is {status}")
        self.status = status


class TransactionNotFoundError(GiveUpError):
    """The session has no such transaction."""


class TransactionExistsError(GiveUpError):
    """The session has another transaction with this id."""


class TooManyTransactionsError(GiveUpError):
    """The session has as many attempts as one session may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"a session has at most {limit} transactions")
        self.limit = limit


class AttachTooLateError(GiveUpError):
    """Attaching took so long that the provider must not be called any more."""


class ReferenceConflictError(GiveUpError):
    """The transaction has another provider reference already."""


class NoSuchWebhookError(GiveUpError):
    """There is no such provider, or we have no account of that name at it."""


class PaymentGivenUpError(GiveUpError):
    """A cancellation took this payment for never sent, and it was. It has to be voided."""


class TryAgainError(CheckoutError):
    """The same request may succeed after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CancellationInProgressError(TryAgainError):
    """Another call drives the cancellation of this session right now."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("session is being cancelled", retry_after)


class IdempotencyInProgressError(TryAgainError):
    """The first call with this idempotency key is still running."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("first call with this key is running", retry_after)


class StoreError(CheckoutError):
    """The store did not do what it was asked; whether it did it all the same is not known."""


class StoreUnavailableError(StoreError, TryAgainError):
    """The store could not be reached, throttled us, or broke."""

    def __init__(self, code: str, retry_after: int = 1) -> None:
        super().__init__(f"store unavailable: {code}", retry_after)
        self.code = code


class UnmatchedReportError(TryAgainError):
    """A kept report cannot be recorded yet. It stays in its queue."""


class ReportsLostError(TryAgainError):
    """What a webhook reported could not be recorded, nor kept for later: it has to come again."""

    def __init__(self, retry_after: int = 5) -> None:
        super().__init__("reports are neither recorded nor kept", retry_after)


class OperatorError(CheckoutError):
    """No repeat and no other request helps, only a change of the deployment."""


class StoreRefusedError(StoreError, OperatorError):
    """The store rejected the call itself: missing permission, missing table, malformed call."""

    def __init__(self, code: str) -> None:
        super().__init__(f"store refused: {code}")
        self.code = code


class MalformedRecordError(OperatorError):
    """A record of a stream or a queue cannot be read. `part` says where, never what is there."""

    def __init__(self, part: str) -> None:
        super().__init__(f"record has no readable {part}")
        self.part = part


class MisconfiguredError(OperatorError):
    """The environment of the function lacks something."""


class ProviderTrouble(StrEnum):
    """What went wrong, for operators. For the payment all of them are the same."""

    NO_CONNECTION = "NO_CONNECTION"
    TLS_FAILED = "TLS_FAILED"  # or the certificate is not theirs
    TIMED_OUT = "TIMED_OUT"
    BROKEN_OFF = "BROKEN_OFF"  # before its end, or it was no HTTP
    RATE_LIMITED = "RATE_LIMITED"
    SERVER_ERROR = "SERVER_ERROR"
    REDIRECTED = "REDIRECTED"  # who is there is not who was asked
    ENCODED = "ENCODED"  # compressed, which nobody had asked for
    TOO_LARGE = "TOO_LARGE"
    NOT_JSON = "NOT_JSON"  # or a JSON text that is no object and no list
    UNAUTHORIZED = "UNAUTHORIZED"  # 401: the account's credentials are wrong, or no longer right
    NO_CREDENTIALS = "NO_CREDENTIALS"  # there is no such account
    CREDENTIALS_UNREADABLE = "CREDENTIALS_UNREADABLE"  # now, or they lack a field


class ProviderTroubleError(CheckoutError):
    """It is not known what the provider did. Never carries a part of its answer.

    `retry_after` is in seconds, if the provider said so.
    """

    def __init__(
        self, code: ProviderTrouble, status: int | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(f"provider trouble: {code}")
        self.code = code
        self.status = status
        self.retry_after = retry_after


class ProviderUnreachableError(ProviderTroubleError):
    """The provider could not be reached, or its answer did not come to its end in time."""


class ProviderFailedError(ProviderTroubleError):
    """The provider answered 429 or 5xx."""


class CredentialsError(ProviderTroubleError):
    """Without other credentials nothing will come of it, and somebody has to mend them."""


class UnreadableAnswerError(ProviderTroubleError):
    """The provider answered, and what it said cannot be read."""

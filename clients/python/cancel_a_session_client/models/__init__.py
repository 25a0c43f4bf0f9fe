"""Contains all the data models used in inputs/outputs"""

from .cancel_answer import CancelAnswer
from .cancel_answer_status import CancelAnswerStatus
from .cancel_request import CancelRequest
from .error import Error
from .list_sessions_status import ListSessionsStatus
from .listed_session import ListedSession
from .listed_session_status import ListedSessionStatus
from .pending_reason import PendingReason
from .receive_webhook_provider import ReceiveWebhookProvider
from .session_answer import SessionAnswer
from .session_status import SessionStatus
from .sessions_answer import SessionsAnswer
from .transaction_answer import TransactionAnswer
from .transaction_status import TransactionStatus
from .webhook_event import WebhookEvent
from .webhook_form import WebhookForm

__all__ = (
    "CancelAnswer",
    "CancelAnswerStatus",
    "CancelRequest",
    "Error",
    "ListedSession",
    "ListedSessionStatus",
    "ListSessionsStatus",
    "PendingReason",
    "ReceiveWebhookProvider",
    "SessionAnswer",
    "SessionsAnswer",
    "SessionStatus",
    "TransactionAnswer",
    "TransactionStatus",
    "WebhookEvent",
    "WebhookForm",
)

"""Contains all the data models used in inputs/outputs"""

from .cancel_answer import CancelAnswer
from .cancel_answer_status import CancelAnswerStatus
from .cancel_request import CancelRequest
from .error import Error
from .pending_reason import PendingReason
from .receive_webhook_provider import ReceiveWebhookProvider
from .session_answer import SessionAnswer
from .session_status import SessionStatus
from .transaction_answer import TransactionAnswer
from .transaction_status import TransactionStatus
from .webhook_event import WebhookEvent
from .webhook_form import WebhookForm

__all__ = (
    "CancelAnswer",
    "CancelAnswerStatus",
    "CancelRequest",
    "Error",
    "PendingReason",
    "ReceiveWebhookProvider",
    "SessionAnswer",
    "SessionStatus",
    "TransactionAnswer",
    "TransactionStatus",
    "WebhookEvent",
    "WebhookForm",
)

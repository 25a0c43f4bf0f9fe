from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.cancel_answer_status import CancelAnswerStatus

T = TypeVar("T", bound="CancelAnswer")


@_attrs_define
class CancelAnswer:
    """
    Attributes:
        session_id (str): UUID of version 7.
        status (CancelAnswerStatus):
        message (str): One sentence for people; do not parse it.
        cancelled_transaction_ids (list[str]): What this call cancelled, in ascending order.
        pending_transaction_ids (list[str]): What may still be in flight, in ascending order.
    """

    session_id: str
    status: CancelAnswerStatus
    message: str
    cancelled_transaction_ids: list[str]
    pending_transaction_ids: list[str]

    def to_dict(self) -> dict[str, Any]:
        session_id = self.session_id

        status = self.status.value

        message = self.message

        cancelled_transaction_ids = self.cancelled_transaction_ids

        pending_transaction_ids = self.pending_transaction_ids

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "sessionId": session_id,
                "status": status,
                "message": message,
                "cancelledTransactionIds": cancelled_transaction_ids,
                "pendingTransactionIds": pending_transaction_ids,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        session_id = d.pop("sessionId")

        status = CancelAnswerStatus(d.pop("status"))

        message = d.pop("message")

        cancelled_transaction_ids = cast(list[str], d.pop("cancelledTransactionIds"))

        pending_transaction_ids = cast(list[str], d.pop("pendingTransactionIds"))

        cancel_answer = cls(
            session_id=session_id,
            status=status,
            message=message,
            cancelled_transaction_ids=cancelled_transaction_ids,
            pending_transaction_ids=pending_transaction_ids,
        )

        return cancel_answer

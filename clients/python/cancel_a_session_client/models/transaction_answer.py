from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.pending_reason import PendingReason
from ..models.transaction_status import TransactionStatus

T = TypeVar("T", bound="TransactionAnswer")


@_attrs_define
class TransactionAnswer:
    """
    Attributes:
        transaction_id (str):
        provider (str):
        status (TransactionStatus):
        pending_reason (None | PendingReason): Why it is still in flight; null where it is not.
        settled_after_cancel (bool): Money arrived all the same.
    """

    transaction_id: str
    provider: str
    status: TransactionStatus
    pending_reason: None | PendingReason
    settled_after_cancel: bool

    def to_dict(self) -> dict[str, Any]:
        transaction_id = self.transaction_id

        provider = self.provider

        status = self.status.value

        pending_reason: None | str
        if isinstance(self.pending_reason, PendingReason):
            pending_reason = self.pending_reason.value
        else:
            pending_reason = self.pending_reason

        settled_after_cancel = self.settled_after_cancel

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "transactionId": transaction_id,
                "provider": provider,
                "status": status,
                "pendingReason": pending_reason,
                "settledAfterCancel": settled_after_cancel,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        transaction_id = d.pop("transactionId")

        provider = d.pop("provider")

        status = TransactionStatus(d.pop("status"))

        def _parse_pending_reason(data: object) -> None | PendingReason:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                pending_reason_type_0 = PendingReason(data)

                return pending_reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PendingReason, data)

        pending_reason = _parse_pending_reason(d.pop("pendingReason"))

        settled_after_cancel = d.pop("settledAfterCancel")

        transaction_answer = cls(
            transaction_id=transaction_id,
            provider=provider,
            status=status,
            pending_reason=pending_reason,
            settled_after_cancel=settled_after_cancel,
        )

        return transaction_answer

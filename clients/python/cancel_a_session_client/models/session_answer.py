from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.session_status import SessionStatus

if TYPE_CHECKING:
    from ..models.transaction_answer import TransactionAnswer


T = TypeVar("T", bound="SessionAnswer")


@_attrs_define
class SessionAnswer:
    """
    Attributes:
        session_id (str): UUID of version 7.
        status (SessionStatus):
        reason (None | str): As given with the first cancellation.
        created_at (datetime.datetime):
        cancel_requested_at (datetime.datetime | None):
        cancelled_at (datetime.datetime | None):
        transactions (list[TransactionAnswer]):
    """

    session_id: str
    status: SessionStatus
    reason: None | str
    created_at: datetime.datetime
    cancel_requested_at: datetime.datetime | None
    cancelled_at: datetime.datetime | None
    transactions: list[TransactionAnswer]

    def to_dict(self) -> dict[str, Any]:
        session_id = self.session_id

        status = self.status.value

        reason: None | str
        reason = self.reason

        created_at = self.created_at.isoformat()

        cancel_requested_at: None | str
        if isinstance(self.cancel_requested_at, datetime.datetime):
            cancel_requested_at = self.cancel_requested_at.isoformat()
        else:
            cancel_requested_at = self.cancel_requested_at

        cancelled_at: None | str
        if isinstance(self.cancelled_at, datetime.datetime):
            cancelled_at = self.cancelled_at.isoformat()
        else:
            cancelled_at = self.cancelled_at

        transactions = []
        for transactions_item_data in self.transactions:
            transactions_item = transactions_item_data.to_dict()
            transactions.append(transactions_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "sessionId": session_id,
                "status": status,
                "reason": reason,
                "createdAt": created_at,
                "cancelRequestedAt": cancel_requested_at,
                "cancelledAt": cancelled_at,
                "transactions": transactions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.transaction_answer import TransactionAnswer  # noqa: PLC0415

        d = dict(src_dict)
        session_id = d.pop("sessionId")

        status = SessionStatus(d.pop("status"))

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        def _parse_cancel_requested_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                cancel_requested_at_type_0 = datetime.datetime.fromisoformat(data)

                return cancel_requested_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        cancel_requested_at = _parse_cancel_requested_at(d.pop("cancelRequestedAt"))

        def _parse_cancelled_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                cancelled_at_type_0 = datetime.datetime.fromisoformat(data)

                return cancelled_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        cancelled_at = _parse_cancelled_at(d.pop("cancelledAt"))

        transactions = []
        _transactions = d.pop("transactions")
        for transactions_item_data in _transactions:
            transactions_item = TransactionAnswer.from_dict(transactions_item_data)

            transactions.append(transactions_item)

        session_answer = cls(
            session_id=session_id,
            status=status,
            reason=reason,
            created_at=created_at,
            cancel_requested_at=cancel_requested_at,
            cancelled_at=cancelled_at,
            transactions=transactions,
        )

        return session_answer

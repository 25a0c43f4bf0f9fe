from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.listed_session_status import ListedSessionStatus

T = TypeVar("T", bound="ListedSession")


@_attrs_define
class ListedSession:
    """
    Attributes:
        session_id (str): UUID of version 7.
        status (ListedSessionStatus):
        reason (None | str): As given with the first cancellation.
        created_at (datetime.datetime):
        cancel_requested_at (datetime.datetime):
        cancelled_at (datetime.datetime | None):
    """

    session_id: str
    status: ListedSessionStatus
    reason: None | str
    created_at: datetime.datetime
    cancel_requested_at: datetime.datetime
    cancelled_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        session_id = self.session_id

        status = self.status.value

        reason: None | str
        reason = self.reason

        created_at = self.created_at.isoformat()

        cancel_requested_at = self.cancel_requested_at.isoformat()

        cancelled_at: None | str
        if isinstance(self.cancelled_at, datetime.datetime):
            cancelled_at = self.cancelled_at.isoformat()
        else:
            cancelled_at = self.cancelled_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "sessionId": session_id,
                "status": status,
                "reason": reason,
                "createdAt": created_at,
                "cancelRequestedAt": cancel_requested_at,
                "cancelledAt": cancelled_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        session_id = d.pop("sessionId")

        status = ListedSessionStatus(d.pop("status"))

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        cancel_requested_at = datetime.datetime.fromisoformat(d.pop("cancelRequestedAt"))

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

        listed_session = cls(
            session_id=session_id,
            status=status,
            reason=reason,
            created_at=created_at,
            cancel_requested_at=cancel_requested_at,
            cancelled_at=cancelled_at,
        )

        return listed_session

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.listed_session import ListedSession


T = TypeVar("T", bound="SessionsAnswer")


@_attrs_define
class SessionsAnswer:
    """
    Attributes:
        sessions (list[ListedSession]): The newest cancellation first; of two of one moment, the greater id.
        next_cursor (None | str): Send it as cursor for the next page; null after the last one.
        has_more (bool):
    """

    sessions: list[ListedSession]
    next_cursor: None | str
    has_more: bool

    def to_dict(self) -> dict[str, Any]:
        sessions = []
        for sessions_item_data in self.sessions:
            sessions_item = sessions_item_data.to_dict()
            sessions.append(sessions_item)

        next_cursor: None | str
        next_cursor = self.next_cursor

        has_more = self.has_more

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "sessions": sessions,
                "nextCursor": next_cursor,
                "hasMore": has_more,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.listed_session import ListedSession  # noqa: PLC0415

        d = dict(src_dict)
        sessions = []
        _sessions = d.pop("sessions")
        for sessions_item_data in _sessions:
            sessions_item = ListedSession.from_dict(sessions_item_data)

            sessions.append(sessions_item)

        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("nextCursor"))

        has_more = d.pop("hasMore")

        sessions_answer = cls(
            sessions=sessions,
            next_cursor=next_cursor,
            has_more=has_more,
        )

        return sessions_answer

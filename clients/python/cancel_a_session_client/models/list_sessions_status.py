from enum import StrEnum


class ListSessionsStatus(StrEnum):
    CANCELLED = "CANCELLED"
    PENDING_CANCELLATION = "PENDING_CANCELLATION"

    def __str__(self) -> str:
        return str(self.value)

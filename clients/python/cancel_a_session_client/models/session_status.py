from enum import StrEnum


class SessionStatus(StrEnum):
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    OPEN = "OPEN"
    PENDING_CANCELLATION = "PENDING_CANCELLATION"

    def __str__(self) -> str:
        return str(self.value)

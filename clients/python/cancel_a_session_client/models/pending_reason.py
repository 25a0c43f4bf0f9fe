from enum import StrEnum


class PendingReason(StrEnum):
    NOT_FOUND = "NOT_FOUND"
    REFUSED = "REFUSED"
    REQUESTED = "REQUESTED"
    UNKNOWN = "UNKNOWN"
    UNSUPPORTED = "UNSUPPORTED"

    def __str__(self) -> str:
        return str(self.value)

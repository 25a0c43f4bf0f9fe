"""UUID version 7 (RFC 9562, section 5.7). The standard library has it from Python 3.14 on."""

import uuid
from datetime import datetime

from checkout.timestamps import to_millis

RANDOM_BYTES = 10


def uuid7(at: datetime, random: bytes) -> str:
    """The id made at `at` from ten random bytes; ids sort by the millisecond they were made in."""
    tail = int.from_bytes(random[:RANDOM_BYTES], "big")
    value = to_millis(at) << 80 | tail
    value = value & ~(0xF << 76) | 0x7 << 76  # the version
    value = value & ~(0x3 << 62) | 0x2 << 62  # the variant
    return str(uuid.UUID(int=value))

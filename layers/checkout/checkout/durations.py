"""How long something took, in words for a person."""

from datetime import timedelta

# From how many seconds on, how many each of the two units has, and their names.
UNITS = (
    (2 * 86400, 86400, 3600, ("d", "h")),
    (3600, 3600, 60, ("h", "min")),
    (60, 60, 1, ("min", "s")),
)


def lasted(duration: timedelta) -> str:
    """In two units at most: 412 ms, 5.0 s, 3 min 2 s, 2 h 5 min, 36 h, 3 d 4 h."""
    seconds = abs(duration.total_seconds())
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for least, unit, part, names in UNITS:
        if whole >= least:
            large, rest = f"{whole // unit} {names[0]}", whole % unit // part
            return f"{large} {rest} {names[1]}" if rest else large
    return f"{whole} s"

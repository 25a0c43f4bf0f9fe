"""What a soak says: a line now and then, a table, a summary, and a picture."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from local import pictures, show
from local.places import ROOT
from local.soak_checks import Evidence
from local.soak_history import UNENDED, Sample
from local.soak_records import Call

MOST_SHOWN = 30


@dataclass(frozen=True)
class Figures:
    sessions: int
    transactions: int
    faults: int
    kills: int
    violations: int

    def __str__(self) -> str:
        return (
            f"{self.sessions} sessions, {self.transactions} transactions, {self.faults} faults, "
            f"{self.kills} kills, {self.violations} violations"
        )


def progress(seconds: float, states: Mapping[str, int], figures: Figures) -> None:
    alive = ", ".join(f"{state} {states[state]}" for state in UNENDED)
    print(f"{seconds:5.0f} s  {alive}; in all {figures}", flush=True)


def table(evidence: Sequence[Evidence], repeated: int) -> str:
    """How often each answer was given, and what became of the sessions and of their payments."""
    calls = [call for each in evidence for call in each.record.calls]
    payments = [payment for each in evidence for payment in each.snapshot.transactions]
    shown = [late for each in evidence for late in each.shown.values()]
    counted = {
        "calls answered": Counter(map(_answer, calls)),
        "sessions": Counter(each.status.value for each in evidence),
        "drives of a session": Counter(str(each.snapshot.session.drives) for each in evidence),
        "payments": Counter(payment.status.value for payment in payments),
        "attempts": Counter(refused=sum(each.record.refused for each in evidence)),
        "late money": Counter(shown=sum(late is True for late in shown)),
        "ended by a last repeat": Counter(sessions=repeated),
    }
    rows = [
        [what if n == 0 else "", name, str(number)]
        for what, counts in counted.items()
        for n, (name, number) in enumerate(sorted(counts.items()))
    ]
    return show.table(["", "", "number"], rows, "")


def _answer(call: Call) -> str:
    answer = call.answer
    if answer is None:
        return "not within 40 s"
    return f"200 {answer.json()['status']}" if answer.status == 200 else str(answer.status)


def tell(violations: Sequence[tuple[str, str]]) -> None:
    for session_id, what in violations[:MOST_SHOWN]:
        print(f"VIOLATION  session {session_id}: {what}")
    if len(violations) > MOST_SHOWN:
        print(f"and {len(violations) - MOST_SHOWN} more")


def draw(samples: Sequence[Sample], kills: Sequence[float], load: float, folder: Path) -> Path:
    """The picture of the sessions by state; `kills` and the end of the `load` in seconds.

    Raises:
        Problem: it could not be drawn.
    """
    picture = folder / "sessions.png"
    drawn = {"samples": [asdict(each) for each in samples], "kills": list(kills), "load": load}
    pictures.draw(ROOT / "local" / "soak_plot.py", drawn, picture)
    return picture

"""What a driver answers, held against the table and the bank at that moment."""

from collections.abc import Iterator
from typing import Any

from tests.exploration.actors import answer_of
from tests.exploration.mechanics import Mechanics
from tests.exploration.state import Slot, State
from tests.integration import promises
from tests.integration.changes import demand

DRIVERS = ("driver", "reconciler")


class Answers:
    def __init__(self, mechanics: Mechanics) -> None:
        self._mechanics = mechanics
        self._true: set[tuple[int, int, int]] = set()

    def check(self, state: State, actor: Slot) -> None:
        """When `actor` has just come to its end."""
        key = (actor.standing, state.table, state.ledger)
        told = self._told(actor)
        if told is None or key in self._true:
            return
        view, ledger = self._mechanics.tables[state.table], self._mechanics.ledgers[state.ledger]
        answer = answer_of(told)
        promises.answer_is_true(answer, ledger.bank, view.changes)
        if answer.status == "CANCELLED":
            demand(view.session["status"] == "CANCELLED", "told as CANCELLED and is not")
        hidden = view.changes.in_flight - {*answer.pending}
        demand(not hidden, f"in flight and not told as pending: {sorted(hidden)}")
        self._true.add(key)

    def check_together(self, state: State) -> None:
        told = [each for slot in state.slots if (each := self._told(slot))]
        promises.nothing_is_claimed_twice(answer_of(each) for each in told)

    def late_money(self, state: State) -> Iterator[str]:
        """The transactions whose late money anybody tells of, as often as somebody does."""
        yield from state.told
        for slot in state.slots:
            result = self._result(slot)
            kind = self._mechanics.casts[slot.cast].kind
            if kind == "worker":
                yield from (
                    each["transactionId"] for each in result or () if each["lateSettlement"]
                )
            elif kind in DRIVERS and result and "refused" not in result:
                yield from result["settled"]
            elif kind == "webhook" and result:
                yield from result["late"]

    def _result(self, actor: Slot) -> Any:
        if actor.standing < 0:
            return None
        return self._mechanics.standings[actor.standing].situation.result

    def _told(self, actor: Slot) -> dict[str, list[str]] | None:
        if self._mechanics.casts[actor.cast].kind not in DRIVERS:
            return None
        result: dict[str, list[str]] | None = self._result(actor)
        return None if result is None or "refused" in result else result

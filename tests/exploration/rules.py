"""Which steps there are in a state."""

from __future__ import annotations

from collections.abc import Iterator

from checkout.timestamps import from_text
from checkout.transactions import CREATE_LIMIT, SEND_DEADLINE
from tests.exploration.mechanics import Cast, Mechanics
from tests.exploration.replay import Request
from tests.exploration.state import CLOCK, DEAD, NOT_BEGUN, Luck, Move, Slot, State

WRITES = ("put_item", "update_item")
BUSY_PAYING = (SEND_DEADLINE + CREATE_LIMIT).total_seconds() * 1000
LAWS = {
    "put_item": (Luck.ANSWER_LOST, Luck.STORE_FAILS, Luck.STORE_FAILS_AFTERWARDS),
    "update_item": (Luck.ANSWER_LOST, Luck.STORE_FAILS, Luck.STORE_FAILS_AFTERWARDS),
    "query": (Luck.STORE_FAILS,),
    "fan out": (Luck.THROTTLED,),
}


class Rules:
    def __init__(self, mechanics: Mechanics) -> None:
        self._mechanics = mechanics

    def moves(self, state: State) -> Iterator[Move]:
        goes_on = state.last >= 0 and self.can_step(state, state.last)
        for slot in range(len(state.slots)):
            interrupts = goes_on and slot != state.last
            if interrupts and not state.preemptions:
                continue
            if self.can_step(state, slot):
                yield Move(slot)
            if state.faults:
                yield from self._unlucky(state, slot, interrupts=interrupts)
        if self.can_jump(state) and (state.preemptions or not goes_on):
            yield Move(CLOCK)

    def interrupts(self, state: State, slot: int) -> bool:
        return slot != state.last and state.last >= 0 and self.can_step(state, state.last)

    def can_step(self, state: State, slot: int) -> bool:
        actor = state.slots[slot]
        if actor.standing == NOT_BEGUN:
            return self._may_begin(state, self.cast(actor))
        if actor.workers:
            return all(self.is_over(state.slots[each]) for each in actor.workers)
        return not self.is_over(actor)

    def is_end(self, state: State) -> bool:
        """Whether nobody has to make a step any more. A second delivery of a record may come."""
        return not any(
            self.can_step(state, slot) and (state.fresh or not self._is_idle_stream(actor))
            for slot, actor in enumerate(state.slots)
        )

    def _is_idle_stream(self, actor: Slot) -> bool:
        return self.cast(actor).kind == "stream" and actor.standing == NOT_BEGUN

    def is_over(self, actor: Slot) -> bool:
        return actor.standing == DEAD or (
            actor.standing >= 0 and self._mechanics.standings[actor.standing].request is None
        )

    def cast(self, actor: Slot) -> Cast:
        return self._mechanics.casts[actor.cast]

    def request(self, state: State, actor: Slot) -> Request | None:
        if actor.standing == DEAD:
            return None
        return self._mechanics.standings[self.standing(state, actor)].request

    def standing(self, state: State, actor: Slot) -> int:
        """Where it stands, or where it stands as soon as it begins."""
        if actor.standing == NOT_BEGUN:
            return self._mechanics.begin(actor.cast, state.now)
        return actor.standing

    def can_jump(self, state: State) -> bool:
        """Whether time may pass until the session is due."""
        due_at = self._mechanics.tables[state.table].due_at
        if not state.jumps or due_at is None or due_at < state.now:
            return False
        return not any(self._holds_time(actor, due_at) for actor in state.slots)

    def _holds_time(self, actor: Slot, until: int) -> bool:
        kind = self.cast(actor).kind
        if self.is_over(actor) or kind in ("webhook", "stream"):
            return False
        if kind == "worker":
            return True
        if actor.standing == NOT_BEGUN:
            return False
        began = self._mechanics.standings[actor.standing].began
        return kind != "payment" or until > began + BUSY_PAYING

    def _may_begin(self, state: State, cast: Cast) -> bool:
        if cast.kind == "stream":
            return state.fresh + state.again > 0
        if cast.kind != "reconciler":
            return True
        due_at = self._mechanics.tables[state.table].due_at
        return due_at is not None and due_at < state.now

    def _unlucky(self, state: State, slot: int, *, interrupts: bool) -> Iterator[Move]:
        actor = state.slots[slot]
        if self.is_over(actor):
            return
        # Whoever is interrupted may as well die later: nobody can tell.
        if not interrupts:
            yield from (Move(slot, luck) for luck in self._deaths(actor))
        if actor.workers:
            yield Move(slot, Luck.NO_ANSWER_IN_TIME)
        elif self.can_step(state, slot):
            request = self.request(state, actor)
            operation = request.operation if request else ""
            yield from (Move(slot, luck) for luck in LAWS.get(operation, ()))

    def _deaths(self, actor: Slot) -> tuple[Luck, ...]:
        if self._is_idle_stream(actor):
            return ()
        if self.cast(actor).kind == "worker":
            return (Luck.DIES, Luck.DIES_AND_IS_RUN_AGAIN)
        return (Luck.DIES,)

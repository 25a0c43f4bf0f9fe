"""Which steps there are in a state."""

from checkout.transactions import CREATE_LIMIT, SEND_DEADLINE
from tests.exploration.mechanics import Mechanics
from tests.exploration.state import CLOCK, DEAD, NOT_BEGUN, Luck, Move, Slot, State

BUSY_PAYING = (SEND_DEADLINE + CREATE_LIMIT).total_seconds() * 1000
_WRITE = (Luck.ANSWER_LOST, Luck.STORE_FAILS, Luck.STORE_FAILS_AFTERWARDS)
MISFORTUNES = {
    "put_item": _WRITE,
    "update_item": _WRITE,
    "get_item": (Luck.STORE_FAILS,),
    "query": (Luck.STORE_FAILS,),
    "fan out": (Luck.THROTTLED,),
}
DEATHS = {"worker": (Luck.DIES, Luck.DIES_AND_IS_RUN_AGAIN)}


class Rules:
    """`faults` are those that may happen in this world."""

    def __init__(self, mechanics: Mechanics, faults: frozenset[Luck]) -> None:
        self._mechanics = mechanics
        self._casts = mechanics.casts.values
        self._standings = mechanics.standings.values
        self._tables = mechanics.tables.values
        self._faults = faults

    def moves(self, state: State) -> list[Move]:
        slots = range(len(state.slots))
        able = [self.can_step(state, slot) for slot in slots]
        goes_on = state.last >= 0
        moves = []
        for slot in slots:
            interrupts = goes_on and slot != state.last
            if interrupts and not state.preemptions:
                continue
            if able[slot]:
                moves.append(Move(slot, Luck.WELL, interrupts))
            if state.faults:
                found = self._unlucky(state, slot, able=able[slot], interrupts=interrupts)
                moves += [Move(slot, luck, interrupts) for luck in found if luck in self._faults]
        if (state.preemptions or not goes_on) and self.can_jump(state):
            moves.append(Move(CLOCK, interrupts=goes_on))
        return moves

    def can_step(self, state: State, slot: int) -> bool:
        actor = state.slots[slot]
        if actor.standing == NOT_BEGUN:
            return self._may_begin(state, self._casts[actor.cast].kind)
        if actor.workers:
            return all(self.is_over(state.slots[each]) for each in actor.workers)
        return not self.is_over(actor)

    def is_end(self, state: State) -> bool:
        """Whether nobody has to make a step any more. A second delivery of a record may come."""
        return not any(
            (state.fresh or not self._is_idle_stream(actor)) and self.can_step(state, slot)
            for slot, actor in enumerate(state.slots)
        )

    def is_over(self, actor: Slot) -> bool:
        standing = actor.standing
        return standing == DEAD or (standing >= 0 and self._standings[standing].operation == "")

    def can_jump(self, state: State) -> bool:
        """Whether time may pass until the session is due."""
        if not state.jumps:
            return False
        due_at = self._tables[state.table].due_at
        if due_at is None or due_at < state.now:
            return False
        return not any(self._holds_time(actor, due_at) for actor in state.slots)

    def _holds_time(self, actor: Slot, until: int) -> bool:
        kind = self._casts[actor.cast].kind
        if kind in ("webhook", "stream") or self.is_over(actor):
            return False
        if actor.standing == NOT_BEGUN:
            return kind == "worker"
        began = self._standings[actor.standing].began
        return kind != "payment" or until > began + BUSY_PAYING

    def _may_begin(self, state: State, kind: str) -> bool:
        if kind == "stream":
            return state.fresh + state.again > 0
        if kind != "reconciler":
            return True
        due_at = self._tables[state.table].due_at
        return due_at is not None and due_at < state.now

    def _is_idle_stream(self, actor: Slot) -> bool:
        return actor.standing == NOT_BEGUN and self._casts[actor.cast].kind == "stream"

    def _unlucky(
        self, state: State, slot: int, *, able: bool, interrupts: bool
    ) -> tuple[Luck, ...]:
        actor = state.slots[slot]
        if self.is_over(actor) or self._is_idle_stream(actor):
            return ()
        # Whoever is interrupted may as well die later: nobody can tell.
        deaths = DEATHS.get(self._casts[actor.cast].kind, (Luck.DIES,)) if not interrupts else ()
        if actor.workers:
            return (*deaths, Luck.NO_ANSWER_IN_TIME)
        if not able:
            return deaths
        standing = actor.standing
        if standing == NOT_BEGUN:
            standing = self._mechanics.begin(actor.cast, state.now)
        return (*deaths, *MISFORTUNES.get(self._standings[standing].operation, ()))

"""What becomes of a state by a move."""

from dataclasses import replace
from itertools import groupby
from typing import Any

from tests.exploration.actors import worker
from tests.exploration.answers import Answers
from tests.exploration.mechanics import WRITES, Cast, Mechanics
from tests.exploration.rules import Rules
from tests.exploration.state import CLOCK, DEAD, NOBODY, NOT_BEGUN, Luck, Move, Slot, State

HARM = (
    Luck.DIES,
    Luck.DIES_AND_IS_RUN_AGAIN,
    Luck.STORE_FAILS,
    Luck.STORE_FAILS_AFTERWARDS,
)
AGAIN = ", again"
STORE_CALLS = (*WRITES, "get_item", "query")


class Steps:
    """`delivery` and `redelivery` are the casts of the stream's first and second try."""

    def __init__(self, mechanics: Mechanics, rules: Rules, delivery: int, redelivery: int) -> None:
        self._mechanics = mechanics
        self._rules = rules
        self.answers = Answers(mechanics)
        self._casts = mechanics.casts.values
        self._standings = mechanics.standings.values
        self._delivery = delivery
        self._redelivery = redelivery
        self._store_failed = mechanics.answer({"unavailable": True})
        self._throttled = mechanics.answer({"throttled": True})
        self._no_answer = mechanics.answer({"no answer": True})
        self._arrived = mechanics.answer({"arrived": True})

    def after(self, state: State, move: Move) -> State:
        if move.slot == CLOCK:
            return self._jump(state, move)
        preemptions = state.preemptions - move.interrupts
        state = state._replace(last=move.slot, preemptions=preemptions)
        if move.luck is not Luck.WELL:
            state = self._fail(state, move)
        dies = move.luck in (Luck.DIES, Luck.DIES_AND_IS_RUN_AGAIN)
        state = self._die(state, move) if dies else self._step(state, move)
        # Whoever cannot go on is not interrupted, so nobody can tell who it was.
        if state.last >= 0 and not self._rules.can_step(state, state.last):
            return state._replace(last=NOBODY)
        return state

    def _fail(self, state: State, move: Move) -> State:
        actor, harmed = state.slots[move.slot], state.harmed
        if move.luck in HARM or (move.luck is Luck.ANSWER_LOST and self._tells_of_money(actor)):
            harmed |= {self._casts[actor.cast].name}
        return state._replace(faults=state.faults - 1, harmed=harmed)

    def _tells_of_money(self, actor: Slot) -> bool:
        """A known gap: who is not told that this write was its own one does not count the money.

        The transaction shows it all the same.
        """
        standing = self._standings[actor.standing] if actor.standing >= 0 else None
        request = standing.situation.request if standing else None
        update = request.body.get("UpdateExpression", "") if request else ""
        return str(update).startswith("SET settledAfterCancel")

    def _jump(self, state: State, move: Move) -> State:
        due_at = self._mechanics.tables[state.table].due_at
        assert due_at is not None
        preemptions = state.preemptions - move.interrupts
        return state._replace(
            now=due_at + 1, last=NOBODY, jumps=state.jumps - 1, preemptions=preemptions
        )

    def _die(self, state: State, move: Move) -> State:
        actor = state.slots[move.slot]
        kind = self._casts[actor.cast].kind
        if kind == "stream":
            # Lambda delivers the record again.
            return state.with_slot(move.slot, Slot(self._delivery))._replace(fresh=state.fresh + 1)
        if kind != "worker":
            return state.with_slot(move.slot, Slot(actor.cast, DEAD))
        for each in actor.group:
            there = state.slots[each]
            gone = Slot(there.cast, DEAD, group=there.group)
            if move.luck is Luck.DIES_AND_IS_RUN_AGAIN:
                gone = Slot(self._run_again(there), NOT_BEGUN, group=there.group)
            state = state.with_slot(each, gone)
        return state

    def _run_again(self, actor: Slot) -> int:
        cast = self._casts[actor.cast]
        return self._mechanics.cast(replace(cast, name=cast.name + AGAIN), actor.cast)

    def _step(self, state: State, move: Move) -> State:
        actor = state.slots[move.slot]
        if actor.standing == NOT_BEGUN:
            state, actor = self._begin(state, actor)
        if actor.workers:
            return self._join(state, move, actor)
        operation = self._standings[actor.standing].operation
        if operation == "fan out" and move.luck is Luck.WELL:
            return self._fan_out(state, move.slot, actor)
        return self._call(state, move, actor, operation)

    def _begin(self, state: State, actor: Slot) -> tuple[State, Slot]:
        cast, standing = actor.cast, self._mechanics.begin(actor.cast, state.now)
        if self._casts[actor.cast].kind == "stream":
            cast = self._delivery if state.fresh else self._redelivery
            fresh = min(state.fresh, 1)
            state = state._replace(fresh=state.fresh - fresh, again=state.again - (1 - fresh))
        return state, actor._replace(cast=cast, standing=standing)

    def _call(self, state: State, move: Move, actor: Slot, operation: str) -> State:
        """One call of the store, of the bank, or of nobody."""
        if operation in STORE_CALLS:
            state, answer = self._call_store(state, actor, move.luck)
        elif move.luck is Luck.THROTTLED:
            answer = self._throttled
        elif operation == "arrive":
            answer = self._arrived
        else:
            state, answer = self._call_bank(state, actor, operation)
        if move.luck is Luck.ANSWER_LOST:
            return state.with_slot(move.slot, actor)
        return self._hear(state, move.slot, actor, answer)

    def _call_store(self, state: State, actor: Slot, luck: Luck) -> tuple[State, int]:
        if luck is Luck.STORE_FAILS:
            return state, self._store_failed
        table, answer, woken = self._mechanics.call_store(state.table, actor.standing, state.now)
        state = state._replace(table=table, fresh=state.fresh + woken)
        return state, self._store_failed if luck is Luck.STORE_FAILS_AFTERWARDS else answer

    def _call_bank(self, state: State, actor: Slot, operation: str) -> tuple[State, int]:
        # A settlement is never in the same millisecond as what was before.
        now = state.now + (operation == "act")
        ledger, answer = self._mechanics.call_bank(state.ledger, state.table, actor.standing, now)
        return state._replace(ledger=ledger, now=now), answer

    def _hear(self, state: State, number: int, actor: Slot, answer: int) -> State:
        standing = self._mechanics.go_on(actor.standing, answer, state.now)
        actor = Slot(actor.cast, standing, group=actor.group)
        if self._casts[actor.cast].kind == "stream" and self._rules.is_over(actor):
            return self._delivered(state, number, actor)
        if not self._standings[standing].operation:
            self.answers.check(state, actor)
        return state.with_slot(number, actor)

    def _delivered(self, state: State, number: int, actor: Slot) -> State:
        result = self._standings[actor.standing].situation.result
        first = actor.cast == self._delivery
        state = state.with_slot(number, Slot(self._delivery))
        if "late" not in result:
            return state._replace(fresh=state.fresh + 1, last=NOBODY)
        told = tuple(sorted((*state.told, *result["late"])))
        return state._replace(again=state.again + first, last=NOBODY, told=told)

    def _fan_out(self, state: State, number: int, actor: Slot) -> State:
        request = self._standings[actor.standing].situation.request
        assert request
        message, token = request.body, request.body["driver"]
        workers: list[Slot] = []
        first = len(state.slots)
        for group in message["groups"]:
            start = first + len(workers)
            numbers = tuple(range(start, start + len(group["transactions"])))
            for each in group["transactions"]:
                part = {**message, **group, "transactions": [each]}
                name = f"worker of {token} for {each['transactionId']}"
                cast = Cast("worker", name, worker(part), token, group["provider"])
                workers.append(Slot(self._mechanics.cast(cast, part), group=numbers))
        waiting = actor._replace(workers=tuple(range(first, first + len(workers))))
        state = state.with_slot(number, waiting)
        return state._replace(slots=(*state.slots, *workers))

    def _join(self, state: State, move: Move, actor: Slot) -> State:
        answer = self._no_answer
        if move.luck is Luck.WELL:
            answer = self._mechanics.answer({"groups": self._groups(state, actor)})
        return self._hear(state, move.slot, actor, answer)

    def _groups(self, state: State, actor: Slot) -> list[dict[str, Any]]:
        """As the state machine answers: one entry a provider's function."""
        workers = [state.slots[each] for each in actor.workers]
        return [
            self._group(provider, list(threads))
            for provider, threads in groupby(workers, key=self._provider)
        ]

    def _provider(self, actor: Slot) -> str:
        return self._casts[actor.cast].provider

    def _group(self, provider: str, threads: list[Slot]) -> dict[str, Any]:
        if any(each.standing == DEAD for each in threads):
            return {"provider": provider, "error": "Sandbox.Timedout"}
        results = [self._standings[each.standing].situation.result for each in threads]
        return {"provider": provider, "outcomes": [one for each in results for one in each]}

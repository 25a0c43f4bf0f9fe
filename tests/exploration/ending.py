"""What must hold when everybody has done: nothing is left that nobody will finish."""

from collections import Counter
from datetime import datetime

from checkout.storage.items import SESSION, session_from, transaction_from
from checkout.timestamps import from_text
from checkout.transactions import SessionSnapshot
from tests.exploration.actors import KEY
from tests.exploration.replay import moment
from tests.exploration.state import CLOCK, NOBODY, Move, Slot, State
from tests.exploration.steps import AGAIN
from tests.exploration.world import Stage
from tests.integration import promises
from tests.integration.changes import demand

MOST_RECOVERIES = 4


class Ending:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._mechanics = stage.mechanics
        self._checked: set[State] = set()
        self.ends: set[str] = set()

    def check(self, state: State) -> None:
        key = state._replace(last=NOBODY, preemptions=0, faults=0, again=0, jumps=0)
        if key in self._checked:
            return
        self.ends.add(self._mechanics.tables[state.table].session["status"])
        self._check(key)
        self._checked.add(key)

    def _check(self, state: State) -> None:
        self._stage.steps.answers.check_together(state)
        self._late_money_is_told_once(state)
        rerun = any(self._mechanics.casts[each.cast].name.endswith(AGAIN) for each in state.slots)
        state = self._deliver(state)
        self._nobody_waits_for_ever(state)
        state = self._told_of_refunds(self._recover(state))
        self._check_at_rest(state, most_voids=2 if rerun else 1)

    def _check_at_rest(self, state: State, most_voids: int) -> None:
        session = self._mechanics.tables[state.table].session
        bank = self._mechanics.ledgers[state.ledger].bank
        if session["status"] in ("OPEN", "COMPLETED"):
            promises.nothing_was_asked(bank)
            return
        demand(session["status"] == "CANCELLED", "stuck: the recovery does not help")
        promises.provider_agrees(bank, self._mechanics.tables[state.table].changes)
        promises.one_driver_at_a_time(bank)
        for name, payment in bank.payments.items():
            most = max(Counter(driver for driver, _ in payment.asked).values(), default=0)
            demand(most <= most_voids, f"{name} voided {most} times by one drive")
        self._late_money_is_shown(state)

    def _deliver(self, state: State) -> State:
        stream = Slot(self._stage.casts["stream"])
        return self._play(state._replace(slots=(stream,), last=NOBODY))

    def _play(self, state: State) -> State:
        while not self._stage.rules.is_end(state):
            state = self._stage.steps.after(state, self._stage.turn(state))
        return state

    def _nobody_waits_for_ever(self, state: State) -> None:
        """Unless the driver died, or its store failed: that is for a repeat or the reconciler."""
        view = self._mechanics.tables[state.table]
        pending = view.session["status"] == "PENDING_CANCELLATION"
        if pending and view.session["driver"] not in state.harmed:
            demand(view.changes.in_flight, "drained, and nobody will complete it")

    def _recover(self, state: State) -> State:
        """The reconciler, whenever the session is due, at providers that do what they are asked."""
        ledger = self._mechanics.ledgers[state.ledger].copy()
        ledger.bank.calm_down()
        state = state._replace(ledger=self._mechanics.ledger(ledger))
        for number in range(MOST_RECOVERIES):
            if self._mechanics.tables[state.table].due_at is None:
                break
            state = state._replace(slots=(), jumps=1)
            if self._stage.rules.can_jump(state):
                state = self._stage.steps.after(state, Move(CLOCK))
            driver = Slot(self._stage.reconciler(f"recovery {number + 1}"))
            state = self._play(state._replace(slots=(driver,), last=NOBODY))
            state = self._deliver(state)
        return state

    def _told_of_refunds(self, state: State) -> State:
        """A refund is reported until it was heard, whoever died over the first report."""
        payments = self._mechanics.ledgers[state.ledger].bank.payments
        refunded = [name for name, each in payments.items() if each.refunded]
        casts = [self._stage.refund_report(name) for name in refunded]
        return self._play(state._replace(slots=tuple(map(Slot, casts)), last=NOBODY))

    def _late_money_is_told_once(self, state: State) -> None:
        """By a worker, by the report's answer, or by the driver that saw it at its first look."""
        told = Counter(self._stage.steps.answers.late_money(state))
        for name, times in told.items():
            demand(times == 1, f"{name}: late money was told {times} times")
        session = self._mechanics.tables[state.table].session
        if state.harmed or self._stage.world.before is not None or session["status"] == "OPEN":
            return
        for name in self._captured_late(state):
            demand(name in told, f"{name}: nobody tells of late money")

    def _captured_late(self, state: State) -> dict[str, datetime]:
        """What was settled after the cancellation, and not given back."""
        requested = self._mechanics.tables[state.table].session.get("cancelRequestedAt")
        ledger = self._mechanics.ledgers[state.ledger]
        return {
            name: moment(at)
            for name, at in ledger.captured_at.items()
            if requested
            and moment(at) > from_text(requested)
            # What was given back is nobody's to decide about any more.
            and not ledger.bank.payments[name].refunded
        }

    def _late_money_is_shown(self, state: State) -> None:
        items = self._mechanics.tables[state.table].items.values()
        session = next(session_from(KEY, each) for each in items if each["SK"]["S"] == SESSION)
        others = (each for each in items if each["SK"]["S"] != SESSION)
        snapshot = SessionSnapshot(session, tuple(transaction_from(KEY, each) for each in others))
        promises.late_money_is_shown(snapshot, self._captured_late(state))

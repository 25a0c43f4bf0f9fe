"""The worlds that are explored: what is in place, how it takes a cancellation, who may act.

Any three of six actors act at the same time: a cancellation, a repeat of it, a payment attempt, a
webhook, the table's stream, the reconciler. Three with the repeat and without the cancellation are
left out: but for a name they are three with the cancellation.

A step is one call of the store or of a provider. Between two steps of one actor any other may make
its own; where the first could have gone on, that is a pre-emption. One fault happens in a schedule
at most, in one world two: an actor dies before a step (a driver's workers live on, a worker's
threads die with it, the state machine runs a worker again or does not, Lambda delivers a record of
the stream again); the answer of a write is lost and the SDK repeats it; the store fails before or
after a write; the state machine does not start, or does not answer in time.

What is assumed of time, which passes at once and only when these allow it:

- A lease outlives everything that its holder has started. So nobody's lease ends while a driver,
  the reconciler or one of their workers is under way: they have to finish, or die.
- A payment attempt that was begun has sent and recorded what it does within 90 s (SEND_DEADLINE and
  CREATE_LIMIT). So that much later nobody is still about to send.
- A settlement at a provider takes a millisecond; everything else happens in the same one. So a
  clock that was read before a settlement and one that was read after it differ.
- A webhook and a record of the stream may be under way for as long as they like.

Records of the stream come one after the other, each at least once and at most twice, any time
after its write.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import combinations
from unittest.mock import patch

from checkout.storage import session_requests, transaction_requests
from checkout.transactions import MAX_TRANSACTIONS, TransactionStatus
from tests.exploration import actors
from tests.exploration.ledger import Ledger
from tests.exploration.mechanics import Cast, Mechanics
from tests.exploration.replay import Program, moment
from tests.exploration.rules import Rules
from tests.exploration.state import CLOCK, NOBODY, Luck, Move, Slot, State
from tests.exploration.steps import Steps
from tests.exploration.table import MemoryTable
from tests.integration.bank import Temper

ACTORS = ("cancel", "repeat", "payment", "webhook", "stream", "reconciler")
TRIPLES = tuple(
    each for each in combinations(ACTORS, 3) if "repeat" not in each or "cancel" in each
)
LATE = "t9"
PENDING, PROCESSING = TransactionStatus.PENDING, TransactionStatus.PROCESSING


@dataclass(frozen=True)
class Bound:
    preemptions: int
    faults: int
    jumps: int = 1


WHOLE_BOUND = Bound(preemptions=2, faults=1)


@dataclass(frozen=True)
class World:
    """`payments` are in place, each with its provider; the attempt that races is willing.

    `before` is how far an earlier driver got: it died instead of its step of that number, or
    finished (0), and the session has become due. Without it the session is open.
    `mistaken`: the payment side makes once more what is there.
    `limit` is how many attempts the session takes. `reported` end at their provider, in this order.
    """

    name: str
    payments: tuple[tuple[str, Temper], ...]
    reported: tuple[str, ...] = ("t1",)
    older: TransactionStatus = TransactionStatus.AUTHORIZED
    refunds: bool = False
    completes: bool = False
    before: int | None = None
    mistaken: bool = False
    limit: int = MAX_TRANSACTIONS
    faults: frozenset[Luck] = frozenset(Luck)
    bound: Bound = WHOLE_BOUND


PROCESSES_FAIL = frozenset(
    {Luck.DIES, Luck.DIES_AND_IS_RUN_AGAIN, Luck.ANSWER_LOST, Luck.NO_ANSWER_IN_TIME}
)
WORLDS = (
    World(
        "two that are willing",
        (("a", Temper.WILLING), ("b", Temper.WILLING)),
        completes=True,
        faults=PROCESSES_FAIL,
    ),
    World(
        "one unstoppable, one willing",
        (("a", Temper.UNSTOPPABLE), ("a", Temper.WILLING)),
        faults=PROCESSES_FAIL,
    ),
    World("one that refuses first", (("a", Temper.MOODY),), refunds=True),
    World("one forgetful, and no room", (("a", Temper.FORGETFUL),), mistaken=True, limit=1),
    World("only the attempt that races", (), reported=(LATE,), refunds=True),
    World("left unstoppable by a drive", (("a", Temper.UNSTOPPABLE),), before=0),
    World("left late by a drive", (("a", Temper.LATE),), older=PROCESSING, before=0),
    World(
        "after a driver's death",
        (("a", Temper.LATE), ("b", Temper.DEAF)),
        older=PENDING,
        before=4,
        faults=PROCESSES_FAIL,
    ),
    World(
        "two reported, two deaths",
        (("b", Temper.WILLING), ("a", Temper.UNSTOPPABLE)),
        reported=("t1", "t2"),
        faults=frozenset({Luck.DIES}),
        bound=Bound(preemptions=0, faults=2),
    ),
)


class Stage:
    """One world with everything that was computed of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.mechanics = Mechanics(world.limit)
        self.rules = Rules(self.mechanics, world.faults)
        first, second = (
            self.mechanics.cast(Cast("stream", name, actors.delivery()))
            for name in ("stream", "stream, again")
        )
        self.steps = Steps(self.mechanics, self.rules, first, second)
        self.casts = {
            "cancel": self._cast("driver", "cancel", actors.driver("cancel", actors.BY_CALL)),
            "repeat": self._cast("driver", "repeat", actors.driver("repeat", actors.BY_CALL)),
            "payment": self._cast(
                "payment", "payment", actors.payment("a", LATE, mistaken=world.mistaken)
            ),
            "webhook": self._cast(
                "webhook",
                "webhook",
                actors.webhook(
                    world.reported,
                    world.older,
                    refunds=world.refunds,
                    completes=world.completes,
                ),
            ),
            "stream": first,
            "reconciler": self.reconciler("reconciler"),
        }

    def reconciler(self, name: str) -> int:
        return self._cast("reconciler", name, actors.driver(name, None))

    def refund_report(self, transaction_id: str) -> int:
        name = f"refund of {transaction_id}"
        return self._cast("webhook", name, actors.refund_report(transaction_id))

    def _cast(self, kind: str, name: str, program: Program) -> int:
        token = name if kind in ("driver", "reconciler") else ""
        return self.mechanics.cast(Cast(kind, name, program, token))

    def first_state(self, names: tuple[str, ...], bound: Bound) -> State:
        """Everybody is about to begin."""
        state = self._in_place()
        if self.world.before is not None:
            state = self._driven_before(state, self.world.before)
        slots = tuple(Slot(self.casts[each]) for each in names)
        return state._replace(
            slots=slots,
            last=NOBODY,
            preemptions=bound.preemptions,
            faults=bound.faults,
            jumps=bound.jumps,
        )

    def limited(self) -> AbstractContextManager[object]:
        return patch.object(session_requests, "MAX_TRANSACTIONS", self.world.limit)

    def _in_place(self) -> State:
        table, ledger = MemoryTable(), Ledger()
        table.put_item(**session_requests.open_session(actors.KEY, moment(0)))
        for number, (provider, temper) in enumerate(self.world.payments, 1):
            name = f"t{number}"
            attempt = actors.attempt_at(provider, name)
            reference = transaction_requests.record_reference(attempt.key, provider, f"ref-{name}")
            table.put_item(**transaction_requests.put_attempt(attempt, moment(0)))
            table.update_item(**session_requests.attach_attempt(attempt.key))
            table.update_item(**reference)
            ledger.put(name, temper, sent=True)
        ledger.put(LATE, Temper.WILLING, sent=False)
        return State(
            table=self.mechanics.view(table.items),
            ledger=self.mechanics.ledger(ledger),
            now=0,
            slots=(),
            fresh=0,
            again=0,
            last=NOBODY,
            preemptions=0,
            faults=0,
            jumps=0,
        )

    def _driven_before(self, state: State, dies_at: int) -> State:
        driver = self._cast("driver", "before", actors.driver("before", actors.BY_CALL))
        state = state._replace(slots=(Slot(driver),), faults=1, jumps=1)
        made = 0
        while not self.rules.is_end(state):
            move = self.turn(state)
            made += move.slot == 0
            dies = move.slot == 0 and made == dies_at
            state = self.steps.after(state, move._replace(luck=Luck.DIES if dies else Luck.WELL))
        return self.steps.after(state, Move(CLOCK))

    def turn(self, state: State) -> Move:
        """Whose turn it is when nobody interrupts anybody."""
        if state.last >= 0:
            return Move(state.last)
        return next(
            Move(each) for each in range(len(state.slots)) if self.rules.can_step(state, each)
        )

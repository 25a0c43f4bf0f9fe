"""Where everybody stands."""

from enum import Enum
from typing import NamedTuple

NOT_BEGUN, DEAD = -1, -2
NOBODY, CLOCK = -1, -2


class Slot(NamedTuple):
    """One actor: who it is, and where it stands.

    `workers` are the slots of the fan-out that it waits for. `group` are those of the threads that
    live and die together with it, in one run of a provider's function.
    """

    cast: int
    standing: int = NOT_BEGUN
    workers: tuple[int, ...] = ()
    group: tuple[int, ...] = ()


class State(NamedTuple):
    """`fresh` records of the stream are to be delivered, `again` ones may be once more.

    `last` made the step before, and can go on. So many `preemptions`, `faults`, and `jumps` of the
    clock are left.
    `harmed` are those that died, or that the store failed; a driver by its token. `told` are the
    transactions of whose late money the stream has told.
    """

    table: int
    ledger: int
    now: int
    slots: tuple[Slot, ...]
    fresh: int
    again: int
    last: int
    preemptions: int
    faults: int
    jumps: int
    harmed: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()

    def with_slot(self, number: int, slot: Slot) -> "State":
        return self._replace(slots=(*self.slots[:number], slot, *self.slots[number + 1 :]))


class Luck(Enum):
    """How a step goes."""

    WELL = ""
    DIES = "never makes this step"
    DIES_AND_IS_RUN_AGAIN = "dies, and the state machine runs its function again"
    ANSWER_LOST = "makes it, and the answer is lost: once more"
    STORE_FAILS = "is told that the store failed; the write was not made"
    STORE_FAILS_AFTERWARDS = "is told that the store failed; the write was made"
    THROTTLED = "is told that the state machine did not start"
    NO_ANSWER_IN_TIME = "waits no longer for its workers"


class Move(NamedTuple):
    """`slot` makes its next step, with more or less luck.

    `interrupts`: another one could have gone on.
    """

    slot: int
    luck: Luck = Luck.WELL
    interrupts: bool = False

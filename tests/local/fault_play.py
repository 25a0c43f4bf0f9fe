"""The table of faults, played in one go: many sessions share one wait for the lease."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from checkout.providers.sandbox.ledger import LedgerEntry
from checkout.sessions import SessionStatus
from checkout.transactions import SessionSnapshot
from local.function_variables import functions_of
from local.microburst import Microburst, caller, in_front_of
from local.waiting import wait_until
from tests.local.fault_scenes import Part, Stage, wait_until_free
from tests.local.fault_table import (
    CALLS,
    COMPLETION,
    ELSEWHERE,
    PLAIN,
    ROWS,
    Act,
    Row,
    Scene,
    matching,
)
from tests.local.moments import PATIENCE, warm_up

# More at once would cost more cold starts than they save time.
CALLERS = 4
RECOVERY_STARTS_PER_SECOND = "8"
STREAM_WITHIN_SECONDS = 20.0
END_WITHIN_SECONDS = 120.0
# On a busy machine a scene may take another turn, and never come to the call that is to fail.
TRIES = 2


@dataclass(frozen=True)
class Seen:
    """What the functions asked of AWS while nothing failed.

    `known` are requests of the table, by function and name; `unknown` are all others.
    """

    known: frozenset[tuple[str, str]]
    unknown: frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """`fired` is how often the fault happened; the rest is how all was found in the end."""

    part: Part
    fired: int
    snapshot: SessionSnapshot
    ledger: LedgerEntry


@dataclass(frozen=True)
class Played:
    seen: Seen
    outcomes: Mapping[Row, Outcome]


def play(stage: Stage) -> Played:
    """All of it; afterwards the functions are as before."""
    pace = {"reconcile": {"RECOVERY_STARTS_PER_SECOND": RECOVERY_STARTS_PER_SECOND}}
    # What listens to the bus works on behind the scenes, and fails in tests of its own.
    playing = [each for each in functions_of(stage.stack) if each not in ELSEWHERE]
    with in_front_of(stage.stack, playing, pace) as proxy:
        seen = _play_without_faults(stage, proxy)
        parts: dict[Row, Part] = {}
        fired: dict[Row, int] = {}
        for _ in range(TRIES):
            left = [row for row in ROWS if fired.get(row, 0) < row.tries]
            parts |= zip(left, _prepare(stage, [row.call.scene for row in left]), strict=True)
            fired |= _play_rows(stage, proxy, {row: parts[row] for row in left})
        proxy.set_rules([])
        _end(stage, list(parts.values()))
    outcomes = {
        row: Outcome(part, fired[row], stage.snapshot(part), stage.ledger(part))
        for row, part in parts.items()
    }
    return Played(seen, outcomes)


def _play_without_faults(stage: Stage, proxy: Microburst) -> Seen:
    """Each scene once, while rules that do nothing tell who asks for what."""
    known = {(call.function, call.request.name): call for call in CALLS}
    rules = [matching(call.function, call.request) for call in known.values()]
    functions = functions_of(stage.stack)
    others = [{"headers": caller(function)} for function in functions]
    ids = proxy.set_rules([*rules, *others])
    asked = dict(zip(ids, known, strict=False))
    scenes = dict.fromkeys(call.scene for call in CALLS)
    # One after the other, so that each cold start has the machine for itself.
    for scene in scenes:
        _act(stage, [stage.prepare(scene)])
    warm_up(stage.merchant, CALLERS)
    _act(stage, [stage.prepare(PLAIN) for _ in range(CALLERS)])

    def missing() -> set[tuple[str, str]]:
        seen = {asked.get(event["rule_id"]) for event in proxy.events()}
        return {who for who, call in known.items() if not call.unheard} - seen

    with suppress(AssertionError):  # a test tells
        wait_until(lambda: not missing(), "the last of them has come", PATIENCE, every=0.5)
    events = proxy.events()
    return Seen(
        frozenset(asked[event["rule_id"]] for event in events if event["rule_id"] in asked),
        frozenset(
            f"{event['operation']} of {event['service']}, {event['resource']}"
            for event in events
            if event["rule_id"] not in asked
        ),
    )


def _play_rows(stage: Stage, proxy: Microburst, parts: Mapping[Row, Part]) -> dict[Row, int]:
    """How often each fault happened."""
    fired: dict[Row, int] = {}
    alone = {row: part for row, part in parts.items() if row.call.scene.act is Act.LIST}
    if len(alone) < len(parts):
        together = {row: part for row, part in parts.items() if row not in alone}
        fired |= _play_together(stage, proxy, together)
    for row, part in alone.items():
        fired[row] = _play_alone(stage, proxy, row, part)
    return fired


def _play_together(stage: Stage, proxy: Microburst, parts: Mapping[Row, Part]) -> dict[Row, int]:
    """Those whose calls can be told apart by the session."""
    # What lasts leaves a lease behind, and what hangs takes longest: the others run meanwhile.
    rows = sorted(
        parts,
        key=lambda row: (row.fault.effect.get("timeout_ms", 0), row.lasting),
        reverse=True,
    )
    rules = [(row, rule) for row in rows for rule in row.rules(parts[row].target)]
    ids = proxy.set_rules([rule for _, rule in rules])
    # The last rule of a row is its fault.
    fault = {row: rule_id for (row, _), rule_id in zip(rules, ids, strict=True)}
    _act(stage, [parts[row] for row in rows])

    by_stream = [row for row in rows if row.call.function == COMPLETION]

    def has_come() -> bool:
        fired = proxy.fired()
        return all(fired[fault[row]] >= row.tries for row in by_stream)

    with suppress(AssertionError):  # the row's own test tells
        wait_until(has_come, "the stream has been read", STREAM_WITHIN_SECONDS)
    fired = proxy.fired()
    return {row: fired[fault[row]] for row in rows}


def _play_alone(stage: Stage, proxy: Microburst, row: Row, part: Part) -> int:
    """A call that is for many sessions at once."""
    ids = proxy.set_rules(row.rules(part.target))
    stage.lock_and_die(part)
    stage.recover()
    return proxy.fired()[ids[-1]]


def _prepare(stage: Stage, scenes: Sequence[Scene]) -> list[Part]:
    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(stage.prepare, scenes))


def _act(stage: Stage, parts: Sequence[Part]) -> None:
    """What callers do, some at a time, and beside them the recovery, with what is left to it."""
    left = [part for part in parts if part.scene.act in (Act.RECOVER, Act.LIST)]
    for part in left:
        stage.lock_and_die(part)
    with ThreadPoolExecutor(CALLERS + 1) as pool:
        recovery = pool.submit(stage.recover)
        calls = [pool.submit(stage.act, part) for part in parts if part not in left]
        for each in (*calls, recovery):
            each.result()


def _end(stage: Stage, parts: Sequence[Part]) -> None:
    """Without faults: whoever had nothing to do with a session so far ends it."""
    ending = [part for part in parts if part.scene.session is SessionStatus.CANCELLED]
    for part in ending:
        if stage.status(part) is SessionStatus.OPEN:
            stage.repeat(part)
    pending = [part for part in ending if stage.status(part) is not SessionStatus.CANCELLED]
    wait_until_free(stage, pending)

    def have_ended() -> bool:
        stage.recover()
        left = [part for part in pending if stage.status(part) is not SessionStatus.CANCELLED]
        for part in left:
            if part.scene.act in (Act.RECOVER, Act.LIST):
                stage.repeat(part)
        return not left

    with suppress(AssertionError):  # the row's own test tells
        wait_until(have_ended, "all have ended", END_WITHIN_SECONDS, every=1.0)

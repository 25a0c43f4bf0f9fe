"""The timeline tells what happened, in order, and invents nothing."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.errors import CheckoutError
from checkout.payments import complete_session, expire_session, record_status
from checkout.sessions import Session, SessionStatus
from checkout.timeline import ANSWERS, Moment, MomentKind, timeline
from checkout.transactions import (
    TERMINAL,
    Money,
    PendingReason,
    SessionSnapshot,
    Transaction,
    TransactionStatus,
)
from tests.unit import providers
from tests.unit.clock import NOON
from tests.unit.samples import KEY, a_transaction, start, transaction_key
from tests.unit.world import NAMES, World, a_world

if TYPE_CHECKING:
    from collections.abc import Callable

ENDS = {MomentKind.ANSWERED, MomentKind.REPORTED}
PROVIDER_ANSWERS = (
    providers.CANCELLED,
    providers.REQUESTED,
    providers.REFUSED,
    providers.UNSUPPORTED,
    providers.UNKNOWN,
    providers.NOT_FOUND,
)
Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["begin", "answer", "drive", "report", "stream", "end", "wait"]),
        st.integers(0, 7),
        st.integers(0, 200),
    ),
    max_size=25,
)


def play(steps: list[Step]) -> World:
    world = a_world()
    world.open_with(*NAMES[:1])
    for number, (verb, which, seconds) in enumerate(steps):
        world.clock.sleep(seconds)
        # What the service refuses has not happened.
        with suppress(CheckoutError):
            take(world, verb, which, number)
    return world


def take(world: World, verb: str, which: int, number: int) -> None:
    name = NAMES[which % len(NAMES)]
    steps: dict[str, Callable[[], object]] = {
        "begin": lambda: start(world.store, number + 2, name, world.clock()),
        "answer": lambda: setattr(
            world.providers[name], "answer", PROVIDER_ANSWERS[which % len(PROVIDER_ANSWERS)]
        ),
        "drive": lambda: world.drive(f"driver-{number}"),
        "report": lambda: report(world, which),
        "stream": world.deliver_stream,
        "end": lambda: (complete_session, expire_session)[which % 2](
            world.store, KEY, world.clock()
        ),
        "wait": lambda: None,
    }
    steps[verb]()


def report(world: World, which: int) -> None:
    key = sorted(world.store.transactions, key=lambda each: each.transaction_id)[
        which % len(world.store.transactions)
    ]
    record_status(world.store, key, list(TransactionStatus)[1 + which % 7], world.clock())


def kinds(moments: tuple[Moment, ...]) -> list[MomentKind]:
    return [each.kind for each in moments]


@given(STEPS)
def test_it_is_in_the_order_of_time_from_the_opening_to_now(steps: list[Step]) -> None:
    world = play(steps)
    moments = timeline(world.store.read_session(KEY))
    assert moments[0].kind is MomentKind.OPENED
    times = [each.at for each in moments]
    assert times == sorted(times)
    assert all(NOON <= at <= world.clock() for at in times)
    assert all(each.exact for each in moments)


@given(STEPS)
def test_each_payment_begins_once_and_ends_once_or_not_at_all(steps: list[Step]) -> None:
    snapshot = play(steps).store.read_session(KEY)
    moments = timeline(snapshot)
    for each in snapshot.transactions:
        own = [moment for moment in moments if moment.transaction_id == each.transaction_id]
        assert kinds(tuple(own)).count(MomentKind.ATTACHED) == 1
        ends = [moment for moment in own if moment.kind in ENDS]
        assert [end.status for end in ends] == ([] if each.in_flight else [each.status])
        assert own[0].kind is MomentKind.ATTACHED


@given(STEPS)
def test_the_lock_is_between_the_last_attempt_and_the_first_try(steps: list[Step]) -> None:
    snapshot = play(steps).store.read_session(KEY)
    found = kinds(timeline(snapshot))
    locked = snapshot.session.cancel_requested_at is not None
    assert found.count(MomentKind.LOCKED) == int(locked)
    before, after = MomentKind.ATTACHED, {MomentKind.TRIED, MomentKind.ANSWERED}
    if not locked:
        assert not after & set(found)
        return
    at = found.index(MomentKind.LOCKED)
    assert before not in found[at:]
    assert not after & set(found[:at])


@given(STEPS)
def test_nothing_but_money_comes_after_a_session_is_cancelled(steps: list[Step]) -> None:
    snapshot = play(steps).store.read_session(KEY)
    moments = timeline(snapshot)
    ends = [each for each in moments if each.transaction_id is None][1:]
    assert [each.status for each in ends if each.status != "PENDING_CANCELLATION"] == (
        [snapshot.session.status] if snapshot.session.status in _ENDED else []
    )
    if snapshot.session.status is SessionStatus.CANCELLED:
        afterwards = moments[kinds(moments).index(MomentKind.CANCELLED) + 1 :]
        assert {each.kind for each in afterwards} <= {MomentKind.REPORTED, MomentKind.LATE_MONEY}
        reported = {each.status for each in afterwards if each.kind is MomentKind.REPORTED}
        assert reported <= {TransactionStatus.REFUNDED}


_ENDED = {SessionStatus.COMPLETED, SessionStatus.EXPIRED, SessionStatus.CANCELLED}


@given(STEPS)
def test_late_money_is_told_of_exactly_where_the_service_counts_it(steps: list[Step]) -> None:
    snapshot = play(steps).store.read_session(KEY)
    told = {
        each.transaction_id
        for each in timeline(snapshot)
        if each.kind is MomentKind.LATE_MONEY and "being cancelled" in each.sentence
    }
    late = {
        each.transaction_id for each in snapshot.transactions if snapshot.settled_after_cancel(each)
    }
    assert told == late


@given(STEPS)
def test_the_order_in_which_the_transactions_are_read_does_not_matter(
    steps: list[Step],
) -> None:
    snapshot = play(steps).store.read_session(KEY)
    turned = replace(snapshot, transactions=snapshot.transactions[::-1])
    assert timeline(turned) == timeline(snapshot)


@given(STEPS)
def test_items_of_an_older_release_give_the_same_with_times_that_are_bounds(
    steps: list[Step],
) -> None:
    snapshot = play(steps).store.read_session(KEY)
    old = replace(snapshot, transactions=tuple(map(as_before, snapshot.transactions)))
    new_ones: dict[tuple[MomentKind, str | None], Moment] = {
        (each.kind, each.transaction_id): each
        for each in timeline(snapshot)
        if each.kind is not MomentKind.TRIED
    }
    old_ones = {(each.kind, each.transaction_id): each for each in timeline(old)}
    assert old_ones.keys() == new_ones.keys()
    for name, each in old_ones.items():
        assert each.at <= new_ones[name].at
        assert each.at == new_ones[name].at or not each.exact


def as_before(each: Transaction) -> Transaction:
    return replace(each, status_at=None, first_tried_at=None, last_tried_at=None)


MINUTE = timedelta(minutes=1)


def of_one(**facts: Any) -> tuple[Moment, ...]:
    """A cancelled session with one payment: locked a minute after noon."""
    session = Session(
        KEY,
        SessionStatus.PENDING_CANCELLATION,
        NOON,
        frozenset({transaction_key().transaction_id}),
        cancel_requested_at=NOON + MINUTE,
        cancel_requested_by="merchant-1",
    )
    return timeline(SessionSnapshot(session, (a_transaction(**facts),)))


def said(moments: tuple[Moment, ...], kind: MomentKind) -> list[str]:
    return [each.sentence for each in moments if each.kind is kind]


@pytest.mark.parametrize("reason", PendingReason)
def test_what_the_last_try_was_answered_is_said(reason: PendingReason) -> None:
    first, last = NOON + MINUTE, NOON + 3 * MINUTE
    tried = of_one(pending_reason=reason, first_tried_at=first, last_tried_at=last)
    one, two = said(tried, MomentKind.TRIED)
    assert one == "Its cancellation was tried for the first time: it stayed in flight."
    answer = ANSWERS[reason].format(provider="bank")
    assert two == f"Its cancellation was tried for the last time so far: {answer}"


def test_an_amount_cannot_be_read_as_one_of_major_units() -> None:
    (sentence,) = said(of_one(money=Money(1999, "EUR")), MomentKind.ATTACHED)
    assert sentence.startswith("A payment of 1999 minor units of EUR began at bank,")


def test_a_single_try_is_told_of_once() -> None:
    at = NOON + 2 * MINUTE
    requested = PendingReason.REQUESTED
    tried = of_one(pending_reason=requested, first_tried_at=at, last_tried_at=at, driver="driver-1")
    assert said(tried, MomentKind.TRIED) == [
        "Its cancellation was tried: bank accepted it, and will confirm it later."
    ]


def test_the_try_that_was_answered_with_the_end_is_the_end() -> None:
    at = NOON + 2 * MINUTE
    facts = {"status_at": at, "first_tried_at": at, "last_tried_at": at}
    answered = of_one(status=TransactionStatus.CANCELLED, driver="driver-1", **facts)
    assert said(answered, MomentKind.TRIED) == []
    assert said(answered, MomentKind.ANSWERED) == ["bank confirmed the cancellation: CANCELLED."]
    reported = of_one(status=TransactionStatus.CANCELLED, **facts)
    assert len(said(reported, MomentKind.TRIED)) == 1
    assert said(reported, MomentKind.REPORTED) == [
        "bank or the payment service reported its end: CANCELLED."
    ]


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_every_end_has_its_status_in_its_sentence(status: TransactionStatus) -> None:
    for driver in (None, "driver-1"):
        (end,) = (each for each in of_one(status=status, driver=driver) if each.kind in ENDS)
        assert status in end.sentence
        assert not end.exact
        assert end.at == NOON + (MINUTE if driver else timedelta(0))


def test_what_was_never_sent_is_told_apart_from_what_has_failed() -> None:
    facts = {"status": TransactionStatus.FAILED, "driver": "driver-1"}
    (sentence,) = said(of_one(never_sent=True, **facts), MomentKind.ANSWERED)
    assert sentence == "bank does not know it, and it can no longer be sent: FAILED."
    assert said(of_one(**facts), MomentKind.ANSWERED) != [sentence]


def test_money_before_a_refund_and_after_a_failure_is_told_of() -> None:
    refunded = of_one(
        status=TransactionStatus.REFUNDED,
        settled_at=NOON,
        settled_after_cancel=False,
        status_at=NOON + MINUTE,
    )
    assert kinds(refunded)[1:4] == [MomentKind.ATTACHED, MomentKind.SETTLED, MomentKind.LOCKED]
    assert said(refunded, MomentKind.LATE_MONEY) == []
    failed = of_one(status=TransactionStatus.FAILED, settled_at=NOON, status_at=NOON)
    assert said(failed, MomentKind.LATE_MONEY) == ["Money arrived although it had ended as FAILED."]


def test_a_refund_of_late_money_asks_nobody_to_decide() -> None:
    facts = {"settled_at": NOON + 2 * MINUTE, "settled_after_cancel": True}
    (late,) = said(of_one(status=TransactionStatus.SETTLED, **facts), MomentKind.LATE_MONEY)
    assert late.endswith("somebody has to decide about a refund.")
    (repaid,) = said(of_one(status=TransactionStatus.REFUNDED, **facts), MomentKind.LATE_MONEY)
    assert repaid.endswith("has been refunded since.")


def test_money_is_late_by_its_time_alone_where_nobody_has_marked_it() -> None:
    settled = {"status": TransactionStatus.SETTLED, "settled_after_cancel": False}
    assert len(said(of_one(settled_at=NOON + 2 * MINUTE, **settled), MomentKind.LATE_MONEY)) == 1
    assert said(of_one(settled_at=NOON, **settled), MomentKind.LATE_MONEY) == []


def test_what_an_older_release_settled_has_its_time_and_its_refund_is_later() -> None:
    at = NOON + 2 * MINUTE
    for status, exact in ((TransactionStatus.SETTLED, True), (TransactionStatus.REFUNDED, False)):
        (end,) = (each for each in of_one(status=status, settled_at=at) if each.kind in ENDS)
        assert (end.at, end.exact) == (at, exact)

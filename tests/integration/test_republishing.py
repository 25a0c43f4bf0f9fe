"""Which sessions a span has, by a scan of the real table; and `session republish --since`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from admin import republish_command, target
from admin.exits import DONE, FAILED
from admin.target import Target
from checkout import bootstrap, payments
from checkout.events import Event, Told, events_so_far
from checkout.republishing import Span
from checkout.sessions import SessionKey
from checkout.storage import scan_requests
from checkout.storage.items import serialize
from checkout.storage.whole_table import WholeTable
from checkout.timestamps import to_text
from checkout.transactions import Attempt, Money, TransactionKey, TransactionStatus
from local.aws import Aws
from tests.integration import scenes
from tests.integration.stack import TABLE
from tests.unit.admin.documents import documented
from tests.unit.local_stack.test_commands import STACK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.storage.dynamodb import CheckoutStore

NOON = bootstrap.utc_now().replace(microsecond=0)
# Of the hour that is asked for, in minutes from noon.
BEFORE, FIRST, WITHIN, LAST, AFTER = -61, -60, -1, 0, 1
SPAN = Span(NOON + timedelta(minutes=FIRST), NOON + timedelta(minutes=LAST))
SETTLED, CANCELLED = TransactionStatus.SETTLED, TransactionStatus.CANCELLED


@pytest.fixture
def table(client: DynamoDBClient) -> WholeTable:
    return WholeTable(client, TABLE)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def opened(store: CheckoutStore, merchant: str = "shop") -> SessionKey:
    key = SessionKey(merchant, bootstrap.new_id())
    payments.open_session(store, key, at(-600))
    return key


def paying(store: CheckoutStore, key: SessionKey) -> TransactionKey:
    payment = TransactionKey(key, bootstrap.new_id())
    attempt = Attempt(payment, "bank", "default", Money(1, "EUR"))
    payments.begin_transaction(store, attempt, lambda: at(-500))
    return payment


def locked(store: CheckoutStore, minutes: int, merchant: str = "shop") -> SessionKey:
    key = opened(store, merchant)
    store.lock_for_cancellation(key, scenes.lock_at(at(minutes)))
    return key


def completed(store: CheckoutStore, minutes: int) -> SessionKey:
    """It was locked long before."""
    key = locked(store, -300)
    store.complete_cancellation(key, at(minutes))
    return key


def cancelled_by_its_payer(store: CheckoutStore, minutes: int) -> SessionKey:
    """In a session that is open all the time."""
    key = opened(store)
    payments.record_status(store, paying(store, key), CANCELLED, at(minutes))
    return key


def settled_while_awaited(store: CheckoutStore, minutes: int) -> SessionKey:
    key = opened(store)
    payment = paying(store, key)
    store.lock_for_cancellation(key, scenes.lock_at(at(-300)))
    store.mark_pending(payment)
    store.record_status(payment, SETTLED, at(minutes))
    return key


def settled_after_its_end(store: CheckoutStore, minutes: int) -> SessionKey:
    key = opened(store)
    payment = paying(store, key)
    store.lock_for_cancellation(key, scenes.lock_at(at(-300)))
    store.record_status(payment, CANCELLED, at(-290))
    store.record_late_settlement(payment, at(minutes))
    return key


HAPPENED = [locked, completed, cancelled_by_its_payer]
LATE_MONEY = [settled_while_awaited, settled_after_its_end]


@pytest.mark.parametrize("happened", HAPPENED)
@pytest.mark.parametrize("minutes", [BEFORE, FIRST, WITHIN, LAST, AFTER])
def test_a_session_is_found_if_and_only_if_something_was_told_of_it_within_the_span(
    store: CheckoutStore,
    table: WholeTable,
    happened: Callable[[CheckoutStore, int], SessionKey],
    minutes: int,
) -> None:
    key = happened(store, minutes)
    told = [each.time for each in events_so_far(store.read_session(key))]
    within = any(SPAN.since <= each <= SPAN.until for each in told)
    assert within is (minutes in (FIRST, WITHIN, LAST))
    assert table.changed_sessions(SPAN, None).sessions == ((key,) if within else ())


@pytest.mark.parametrize("happened", LATE_MONEY)
@pytest.mark.parametrize(
    ("minutes", "found"),
    [(-181, False), (-180, True), (FIRST, True), (WITHIN, True), (LAST, True), (AFTER, False)],
)
def test_late_money_is_found_also_if_it_came_up_to_two_hours_before_the_span(
    store: CheckoutStore,
    table: WholeTable,
    happened: Callable[[CheckoutStore, int], SessionKey],
    minutes: int,
    found: bool,
) -> None:
    """It may be told when the recovery has come by: an hour after the money, at most."""
    key = happened(store, minutes)
    assert table.changed_sessions(SPAN, None).sessions == ((key,) if found else ())


def test_ordinary_payments_are_no_change(store: CheckoutStore, table: WholeTable) -> None:
    key = opened(store)
    for status in (SETTLED, TransactionStatus.FAILED, TransactionStatus.EXPIRED):
        payments.record_status(store, paying(store, key), status, at(WITHIN))
    payments.complete_session(store, key, at(WITHIN))
    page = table.changed_sessions(SPAN, None)
    assert (page.sessions, page.read) == ((), 4)


def test_a_session_with_many_changes_is_found_once(store: CheckoutStore, table: WholeTable) -> None:
    key = opened(store)
    for _ in range(3):
        payments.record_status(store, paying(store, key), CANCELLED, at(WITHIN))
    store.lock_for_cancellation(key, scenes.lock_at(at(WITHIN)))
    assert table.changed_sessions(SPAN, None).sessions == (key,)


def test_of_one_merchant_no_others_are_found(store: CheckoutStore, table: WholeTable) -> None:
    mine, _ = (locked(store, WITHIN, name) for name in ("shop", "shop-2"))
    of_mine = replace(SPAN, merchant_id="shop")
    assert table.changed_sessions(of_mine, None).sessions == (mine,)
    assert len(table.changed_sessions(SPAN, None).sessions) == 2


def test_an_item_that_names_no_session_is_named(table: WholeTable, client: DynamoDBClient) -> None:
    strange = {"PK": "nonsense", "SK": "SESSION", "cancelledAt": to_text(at(WITHIN))}
    client.put_item(TableName=TABLE, Item=serialize(strange))
    page = table.changed_sessions(SPAN, None)
    assert (page.sessions, page.unreadable) == ((), ("nonsense",))


# The command itself, on a stack whose table is this one.


@dataclass
class Heard:
    events: list[Event] = field(default_factory=list)
    says: Told = Told.TAKEN

    def publish(self, events: Sequence[Event]) -> list[Told]:
        self.events += events
        return [self.says] * len(events)


@pytest.fixture
def bus(table: WholeTable, monkeypatch: pytest.MonkeyPatch) -> Heard:
    class OfThisTable(Target):
        @property
        def store(self) -> WholeTable:
            return table

        @property
        def whole_table(self) -> WholeTable:
            return table

    heard = Heard()
    there = OfThisTable(replace(STACK, stack_name="shop"), Aws(None))
    monkeypatch.setattr(target, "find", lambda *_: there)
    monkeypatch.setattr(republish_command, "_bus", lambda _: heard)
    asked = scan_requests.changed_items
    monkeypatch.setattr(scan_requests, "changed_items", lambda span: {**asked(span), "Limit": 2})
    return heard


def test_the_command_tells_of_every_session_of_the_span_and_of_no_other(
    store: CheckoutStore, bus: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = {locked(store, WITHIN), completed(store, WITHIN), settled_after_its_end(store, WITHIN)}
    locked(store, BEFORE)
    locked(store, WITHIN, "another")
    since, until = to_text(SPAN.since), to_text(SPAN.until)
    run = partial(republish_command.republish, since=since, until=until, of_merchant="shop")
    assert run(as_json=True) == DONE
    said = documented("session republish --since", capsys.readouterr().out)
    expected = [each for key in keys for each in events_so_far(store.read_session(key))]
    assert {each.event_id for each in bus.events} == {each.event_id for each in expected}
    assert said == {
        "stack": "shop", "since": since, "until": until, "sessions": 3, "events": len(expected),
        "untold": 0, "unread": 0, "stopped": False,
    }  # fmt: skip
    assert run() == DONE
    assert f"Told again: {len(expected)} events of 3 sessions." in capsys.readouterr().out


def test_without_an_end_the_span_goes_on_to_now(
    store: CheckoutStore, bus: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    key = locked(store, WITHIN)
    assert republish_command.republish(since=to_text(at(BEFORE))) == DONE
    assert {each.key for each in bus.events} == {key}


def test_the_command_says_what_the_bus_does_not_take(
    store: CheckoutStore, bus: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    key = locked(store, WITHIN)
    bus.says = Told.REFUSED
    assert republish_command.republish(since=to_text(at(BEFORE)), as_json=True) == FAILED
    told = capsys.readouterr()
    assert documented("session republish --since", told.out)["untold"] == 1
    assert (key.session_id in told.err, told.err.count("\n")) == (True, 1)

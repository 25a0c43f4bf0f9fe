"""Sessions whose item and list disagree, as two releases leave them, and `session relist`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from admin import relist_command, target
from admin.exits import DONE, FAILED, NOT_FOUND
from admin.target import Target
from checkout import bootstrap, payments
from checkout.errors import StoreUnavailableError
from checkout.relisting import Misplaced, Relisted, relist
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage import scan_requests
from checkout.storage.items import session_item_key
from checkout.storage.whole_table import WholeTable
from local.aws import Aws
from local.console import Problem
from tests.integration import scenes
from tests.integration.stack import TABLE
from tests.integration.wire import Trouble, named
from tests.unit.admin.documents import documented
from tests.unit.local_stack.test_commands import STACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.storage.dynamodb import CheckoutStore
    from tests.integration.cloud import Cloud

PENDING, CANCELLED = SessionStatus.PENDING_CANCELLATION, SessionStatus.CANCELLED


@pytest.fixture
def table(client: DynamoDBClient) -> WholeTable:
    return WholeTable(client, TABLE)


def locked(store: CheckoutStore, merchant: str = "") -> SessionKey:
    key = SessionKey(merchant or scenes.merchant(), bootstrap.new_id())
    payments.open_session(store, key, bootstrap.utc_now())
    scenes.lock(store, key)
    return key


def completed_by_an_older_release(store: CheckoutStore, client: DynamoDBClient) -> SessionKey:
    """Which knew no list: it stays in that of the lock."""
    key = locked(store)
    pending = stored(client, key)
    store.complete_cancellation(key, bootstrap.utc_now())
    scenes.set_values(client, session_item_key(key), cancellationsOf={"S": pending})
    return key


def in_no_list(store: CheckoutStore, client: DynamoDBClient) -> SessionKey:
    key = locked(store)
    store.complete_cancellation(key, bootstrap.utc_now())
    scenes.drop(client, key, "cancellationsOf")
    return key


def stored(client: DynamoDBClient, key: SessionKey) -> str | None:
    item = client.get_item(TableName=TABLE, Key=session_item_key(key))["Item"]
    return item["cancellationsOf"]["S"] if "cancellationsOf" in item else None


def in_list(client: DynamoDBClient, key: SessionKey, status: SessionStatus) -> bool:
    return stored(client, key) == f"MERCHANT#{key.merchant_id}#{status.value}"


def run(table: WholeTable, merchant: str | None = None) -> Relisted:
    return relist(table, merchant, pytest.fail, lambda *_: None)


@pytest.mark.parametrize("left_so", [completed_by_an_older_release, in_no_list])
def test_a_session_is_put_into_the_list_of_its_status_once(
    cloud: Cloud,
    store: CheckoutStore,
    client: DynamoDBClient,
    table: WholeTable,
    left_so: Callable[..., SessionKey],
) -> None:
    key, others = left_so(store, client), [locked(store), locked(store)]
    payments.open_session(store, SessionKey("m", bootstrap.new_id()), bootstrap.utc_now())
    store.complete_cancellation(others[1], bootstrap.utc_now())
    assert run(table) == Relisted(seen=3, mended=1, unreadable=0)
    assert run(table) == Relisted(seen=3, mended=0, unreadable=0)
    found = [scenes.listed(cloud, status=each).body["sessions"] for each in (PENDING, CANCELLED)]
    ids = [[one["sessionId"] for one in each] for each in found]
    assert ids == [[others[0].session_id], [others[1].session_id, key.session_id]]


def test_one_that_goes_on_between_the_look_and_the_write_is_left_in_its_new_list(
    store: CheckoutStore, client: DynamoDBClient, table: WholeTable
) -> None:
    key = locked(store)
    scenes.drop(client, key, "cancellationsOf")
    found = table.read_misplaced(key)
    assert found == Misplaced(key, PENDING)
    store.complete_cancellation(key, bootstrap.utc_now())
    assert not table.relist(found)
    assert in_list(client, key, CANCELLED)


def test_one_that_nobody_has_cancelled_is_put_into_none(
    store: CheckoutStore, client: DynamoDBClient, table: WholeTable
) -> None:
    key = scenes.open_session(store)
    assert table.read_misplaced(key) is None
    assert not table.relist(Misplaced(key, PENDING))
    assert stored(client, key) is None


def test_one_that_another_run_has_mended_is_not_counted_again(
    store: CheckoutStore, client: DynamoDBClient, table: WholeTable
) -> None:
    key = completed_by_an_older_release(store, client)
    found = Misplaced(key, CANCELLED)
    assert [table.relist(found), table.relist(found)] == [True, False]
    assert in_list(client, key, CANCELLED)


def test_one_that_has_been_deleted_is_not_made_anew(
    store: CheckoutStore, client: DynamoDBClient, table: WholeTable
) -> None:
    key = completed_by_an_older_release(store, client)
    client.delete_item(TableName=TABLE, Key=session_item_key(key))
    assert not table.relist(Misplaced(key, CANCELLED))
    assert "Item" not in client.get_item(TableName=TABLE, Key=session_item_key(key))


def test_of_one_merchant_the_others_are_left_alone(
    store: CheckoutStore, client: DynamoDBClient, table: WholeTable
) -> None:
    mine, longer = (locked(store, name) for name in ("shop", "shop-2"))
    for each in (mine, longer):
        scenes.drop(client, each, "cancellationsOf")
    assert run(table, "shop") == Relisted(1, 1, 0)
    assert in_list(client, mine, PENDING)
    assert stored(client, longer) is None


def test_pages_are_followed_to_the_end_and_tell_how_far_it_is(
    store: CheckoutStore,
    client: DynamoDBClient,
    table: WholeTable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(5):
        completed_by_an_older_release(store, client)
    asked = scan_requests.cancelled_items(None)
    monkeypatch.setattr(scan_requests, "cancelled_items", lambda _: {**asked, "Limit": 2})
    seen: list[tuple[int, int, int]] = []
    done = relist(table, None, pytest.fail, lambda *each: seen.append(each))
    assert done == Relisted(5, 5, 0)
    assert [each[1:] for each in seen] == [(0, 0), (2, 2), (4, 4), (5, 5)]
    assert all(items >= read for items, read, _ in seen)


def test_what_no_list_can_show_is_named_and_left_as_it_is(
    store: CheckoutStore, client: DynamoDBClient, table: WholeTable
) -> None:
    broken, whole = (completed_by_an_older_release(store, client) for _ in range(2))
    scenes.set_values(client, session_item_key(broken), createdAt={"S": "yesterday"})
    told: list[str] = []
    assert relist(table, None, told.append, lambda *_: None) == Relisted(2, 1, 1)
    assert [broken.session_id in each for each in told] == [True]
    assert in_list(client, broken, PENDING)
    assert in_list(client, whole, CANCELLED)


# The command itself, on a stack whose table is this one.


@pytest.fixture
def there(table: WholeTable, monkeypatch: pytest.MonkeyPatch) -> Target:
    class OfThisTable(Target):
        @property
        def whole_table(self) -> WholeTable:
            return table

    found = OfThisTable(replace(STACK, stack_name="shop"), Aws(None))
    monkeypatch.setattr(target, "find", lambda *_: found)
    return found


def test_the_command_mends_one_or_all(
    store: CheckoutStore,
    client: DynamoDBClient,
    there: Target,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, other = (completed_by_an_older_release(store, client) for _ in range(2))
    for mended in (1, 0):
        assert relist_command.relist(one.merchant_id, one.session_id, as_json=True) == DONE
        said = documented("session relist", capsys.readouterr().out)
        assert said == {"stack": "shop", "lookedAt": 1, "mended": mended, "unreadable": 0}
    assert in_list(client, other, PENDING)
    assert relist_command.relist(every=True) == DONE
    assert "looked at: 2; put into the right list: 1." in capsys.readouterr().out
    assert in_list(client, other, CANCELLED)


@pytest.mark.parametrize("every", [False, True])
def test_the_command_names_what_it_cannot_read(
    store: CheckoutStore,
    client: DynamoDBClient,
    there: Target,
    capsys: pytest.CaptureFixture[str],
    *,
    every: bool,
) -> None:
    key = completed_by_an_older_release(store, client)
    scenes.set_values(client, session_item_key(key), createdAt={"S": "yesterday"})
    merchant, session = (None, None) if every else (key.merchant_id, key.session_id)
    assert relist_command.relist(merchant, session, every=every, as_json=True) == FAILED
    told = capsys.readouterr()
    assert json.loads(told.out)["unreadable"] == 1
    assert (key.session_id in told.err, told.err.count("\n")) == (True, 1)


def test_the_command_knows_no_session_that_there_is_not(there: Target) -> None:
    with pytest.raises(Problem) as raised:
        relist_command.relist("m", bootstrap.new_id())
    assert raised.value.exit_code == NOT_FOUND


def test_a_scan_that_is_refused_leaves_what_is_mended(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient, there: Target
) -> None:
    key = completed_by_an_older_release(store, client)
    cloud.wire.meddle = Trouble(named("Scan"), 400, "ThrottlingException", times=1000)
    with pytest.raises(StoreUnavailableError):
        relist_command.relist(every=True)
    assert in_list(client, key, PENDING)

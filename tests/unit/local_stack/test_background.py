"""The outside world and the log follower, without a stack."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checkout.sessions import SessionKey
from checkout.storage.items import serialize
from checkout.timestamps import to_text
from checkout.transactions import TransactionKey, TransactionStatus
from local.function_logs import Follower, Line
from local.world import Watched, ended, ledger_key, notice

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = TransactionKey(SessionKey("m", "s"), "t")


def image(reference: str = "async_2_1", status: str = "PENDING", **more: Any) -> dict[str, Any]:
    item = {
        "PK": "MERCHANT#m#SESSION#s", "SK": "TRANSACTION#t", "status": status,
        "provider": "sandbox", "providerAccount": "default", "providerReference": reference,
        "amount": 2000, "currency": "EUR", "createdAt": to_text(NOON), "attachedAt": to_text(NOON),
    }  # fmt: skip
    return serialize(item | more)


@pytest.mark.parametrize("reference", ["async_2_1", "unstoppable_5_SETTLED_1"])
def test_a_payment_that_will_end_by_itself_is_watched_until_it_has(reference: str) -> None:
    watched: Watched = {}
    notice(watched, image(reference))
    assert list(watched) == [KEY]
    notice(watched, image(reference, "SETTLED"))
    assert watched == {}


@pytest.mark.parametrize("reference", ["ok_1", "refused_1", "what", ""])
def test_one_that_will_not_is_left_alone(reference: str) -> None:
    watched: Watched = {}
    notice(watched, image(reference))
    assert watched == {}


def test_other_providers_and_sessions_are_none_of_its_business() -> None:
    watched: Watched = {}
    notice(watched, image(provider="stripe"))
    notice(watched, serialize({"PK": "MERCHANT#m#SESSION#s", "SK": "SESSION", "status": "OPEN"}))
    assert watched == {}


def test_a_payment_whose_reference_is_not_known_yet_is_watched_once_it_is() -> None:
    watched: Watched = {}
    early = image()
    del early["providerReference"]
    notice(watched, early)
    assert watched == {}
    notice(watched, image())
    assert list(watched) == [KEY]


def watch(reference: str) -> Watched:
    watched: Watched = {}
    notice(watched, image(reference))
    return watched


@pytest.mark.parametrize(("after", "ends"), [(4.9, []), (5.0, [TransactionStatus.SETTLED])])
def test_what_cannot_be_stopped_ends_its_time_after_it_was_created(
    after: float, ends: list[TransactionStatus]
) -> None:
    watched = watch("unstoppable_5_SETTLED_1")
    now = NOON + timedelta(seconds=after)
    assert [status for _, status in ended(watched.values(), {}, now)] == ends


def test_what_is_confirmed_later_ends_only_after_it_was_voided() -> None:
    watched = watch("async_2_1")
    now = NOON + timedelta(hours=1)
    assert list(ended(watched.values(), {}, now)) == []
    voided = {ledger_key(watched[KEY]): now - timedelta(seconds=2)}
    assert [status for _, status in ended(watched.values(), voided, now)] == ["CANCELLED"]


def line(at: int, stream: str, message: str) -> Line:
    return Line(at, stream, "get-session", message)


def test_each_invocation_is_written_once_and_in_its_own_order(tmp_path: Path) -> None:
    file = tmp_path / "functions.log"
    follower = Follower(file)
    first = [line(2000, "b", "START"), line(2000, "b", "END"), line(1000, "a", "earlier")]
    follower.write(first)
    follower.write([*first, line(3000, "c", "later")])
    messages = [text.split(" ", 2)[2] for text in file.read_text().splitlines()]
    assert messages == ["earlier", "START", "END", "later"]
    assert follower.newest == 3000


def test_the_file_is_there_before_anything_was_logged(tmp_path: Path) -> None:
    file = tmp_path / "functions.log"
    Follower(file).write([])
    assert file.read_text() == ""

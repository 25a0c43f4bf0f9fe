"""Ids, moments, keys and settings: what everything else stands on."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.errors import MisconfiguredError
from checkout.ids import RANDOM_BYTES, uuid7
from checkout.sessions import SessionKey
from checkout.settings import (
    EdgeSettings,
    FanOutSettings,
    IdempotencySettings,
    RecoverySettings,
    SandboxSettings,
    Settings,
    StoreSettings,
    WorkerSettings,
)
from checkout.storage.items import partition_key, session_key_of
from checkout.timestamps import from_millis, from_text, to_millis, to_text

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
MILLIS = st.integers(to_millis(FIRST), to_millis(LAST))
RANDOM = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)
ZONES = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))


@given(millis=MILLIS, random=RANDOM)
def test_an_id_is_a_uuid_of_version_7_with_the_moment_it_was_made_in(
    millis: int, random: bytes
) -> None:
    made = uuid.UUID(uuid7(from_millis(millis), random))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == millis
    assert str(made) == uuid7(from_millis(millis), random)


@given(one=MILLIS, other=MILLIS, random=st.tuples(RANDOM, RANDOM))
def test_ids_sort_by_the_moment_they_were_made_in(
    one: int, other: int, random: tuple[bytes, bytes]
) -> None:
    ids = [uuid7(from_millis(at), each) for at, each in zip((one, other), random, strict=True)]
    assert one == other or (ids[0] < ids[1]) == (one < other)


@given(random=st.sets(RANDOM, min_size=2, max_size=2))
def test_ids_of_one_moment_differ_in_their_random_part(random: set[bytes]) -> None:
    kept = {int.from_bytes(each, "big") & ~(0xF << 76) & ~(0x3 << 62) for each in random}
    assert len({uuid7(FIRST, each) for each in random}) == len(kept)


@given(millis=MILLIS, zone=ZONES)
def test_a_moment_is_the_same_in_both_forms_whatever_its_zone(millis: int, zone: timezone) -> None:
    moment = from_millis(millis).astimezone(zone)
    assert to_millis(moment) == millis
    assert from_text(to_text(moment)) == moment
    assert to_text(moment).endswith("Z")


@given(one=MILLIS, other=MILLIS)
def test_the_order_of_texts_is_the_order_of_moments(one: int, other: int) -> None:
    texts = [to_text(from_millis(each)) for each in (one, other)]
    assert (texts[0] < texts[1]) == (one < other)


def test_a_text_is_iso_8601_with_milliseconds() -> None:
    moment = datetime(2026, 3, 1, 13, 5, 9, 70_999, tzinfo=timezone(timedelta(hours=1)))
    assert to_text(moment) == "2026-03-01T12:05:09.070Z"


@given(merchant=st.text(min_size=1), session_id=st.uuids().map(str))
def test_a_partition_key_names_its_session_whatever_the_merchant_is_called(
    merchant: str, session_id: str
) -> None:
    key = SessionKey(merchant, session_id)
    assert session_key_of(partition_key(key)) == key


@pytest.mark.parametrize("merchant", ["a#SESSION#b", "#SESSION#", "MERCHANT#", "#", "a#b"])
def test_a_merchant_may_be_called_like_a_part_of_a_key(merchant: str) -> None:
    key = SessionKey(merchant, "s-1")
    assert session_key_of(partition_key(key)) == key


@pytest.mark.parametrize(
    "key",
    ["", "SESSION#s", "MERCHANT#m", "MERCHANT##SESSION#s", "MERCHANT#m#SESSION#", "X#m#SESSION#s"],
)
def test_a_key_of_another_form_names_no_session(key: str) -> None:
    with pytest.raises(ValueError, match="not a session's partition key"):
        session_key_of(key)


WANTED = [
    (StoreSettings, "TABLE_NAME"),
    (IdempotencySettings, "IDEMPOTENCY_TABLE_NAME"),
    (FanOutSettings, "STATE_MACHINE_ARN"),
    (FanOutSettings, "WORKER_PREFIX"),
    (RecoverySettings, "RECOVERY_STARTS_PER_SECOND"),
    (RecoverySettings, "GIVE_UP_HOURS"),
    (WorkerSettings, "PROVIDER"),
    (SandboxSettings, "SANDBOX_LEDGER_TABLE_NAME"),
]
COMPLETE = {name: f"value of {name}" for _, name in WANTED}


@pytest.mark.parametrize(("settings", "name"), WANTED)
def test_settings_are_read_by_the_upper_case_name(settings: type[Settings], name: str) -> None:
    assert getattr(settings.read(COMPLETE), name.lower()) == f"value of {name}"


@pytest.mark.parametrize(("settings", "name"), WANTED)
@pytest.mark.parametrize("empty", [True, False])
def test_a_setting_that_is_missing_or_empty_is_named(
    settings: type[Settings], name: str, empty: bool
) -> None:
    there = {key: value for key, value in COMPLETE.items() if key != name}
    with pytest.raises(MisconfiguredError, match=name):
        settings.read(there | ({name: ""} if empty else {}))


@pytest.mark.parametrize(
    ("environment", "claim"),
    [({}, "client_id"), ({"MERCHANT_CLAIM": ""}, "client_id"), ({"MERCHANT_CLAIM": "sub"}, "sub")],
)
def test_the_merchants_claim_has_a_default(environment: dict[str, str], claim: str) -> None:
    assert EdgeSettings.read(environment).merchant_claim == claim


def test_every_missing_setting_is_named_at_once() -> None:
    @dataclass(frozen=True, slots=True)
    class Many(Settings):
        one: str
        two: str

    with pytest.raises(MisconfiguredError, match="ONE, TWO"):
        Many.read({})

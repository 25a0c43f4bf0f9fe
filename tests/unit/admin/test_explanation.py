"""What is said of a pending payment agrees with the runbook, the adapters and the clock."""

import dataclasses
import inspect
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest

from admin.explanation import (
    AGES,
    CANNOT_BE_ASKED,
    CANNOT_CANCEL,
    WAITS_FOR,
    YOU_MAY,
    Circumstances,
    explained,
    of_completion,
)
from checkout.providers.registry import PROVIDERS
from checkout.sessions import Session, SessionStatus
from checkout.timestamps import to_millis
from checkout.transactions import PendingReason
from tests.unit.clock import NOON
from tests.unit.samples import KEY, a_transaction

RUNBOOK = (Path(__file__).parents[3] / "docs" / "runbook.md").read_text()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SESSION = Session(KEY, SessionStatus.PENDING_CANCELLATION, NOON, cancel_requested_at=NOON)


def around(age: timedelta = DAY, due_in: timedelta | None = HOUR) -> Circumstances:
    now = NOON + age
    due_at = None if due_in is None else now + due_in
    return Circumstances("shop", now, due_at, age, DAY)


def in_runbook(reason: PendingReason) -> tuple[str, str]:
    (row,) = (line for line in RUNBOOK.splitlines() if line.startswith(f"| `{reason}` |"))
    _, _, what, do, _ = (each.strip() for each in row.split("|"))
    return what.replace("`", ""), do.replace("`", "")


@pytest.mark.parametrize("reason", PendingReason)
def test_the_runbook_says_the_same_of_every_reason(reason: PendingReason) -> None:
    do = YOU_MAY[reason].format(stack="$STACK", provider="<provider>", ages=AGES)
    assert (WAITS_FOR[reason], do) == in_runbook(reason)


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_is_said_of_a_provider_is_what_its_adapter_can_do(name: str) -> None:
    module = import_module(f"{PROVIDERS[name]}.cancel")
    (adapter,) = (
        each
        for _, each in inspect.getmembers(module, dataclasses.is_dataclass)
        if "supports_cancel" in {field.name for field in dataclasses.fields(each)}
    )
    can = {each.name: each.default for each in dataclasses.fields(adapter)}
    assert can["supports_retrieve"] is (name not in CANNOT_BE_ASKED)
    assert can["supports_cancel"] is (name not in CANNOT_CANCEL)
    said = explained(SESSION, a_transaction(provider=name), around()).by_itself
    assert ("asked how it ended" in said) is can["supports_retrieve"]
    assert ("to cancel once more" in said or "asked to cancel" in said) is can["supports_cancel"]
    assert ("webhook" in said) is not name.startswith("sandbox")


@pytest.mark.parametrize("reason", [*PendingReason, None])
def test_before_its_age_it_needs_nobody_and_from_then_on_it_does(
    reason: PendingReason | None,
) -> None:
    payment = a_transaction(pending_reason=reason)
    early = explained(SESSION, payment, around(DAY - HOUR))
    assert early.you_may == "wait: it needs nobody before it is 24 h old, in 1 h"
    late = explained(SESSION, payment, around(DAY))
    assert "wait" not in late.you_may
    assert "{" not in late.you_may
    assert early.waits_for == late.waits_for


def test_the_log_of_its_own_worker_is_named() -> None:
    payment = a_transaction(pending_reason=PendingReason.UNKNOWN)
    assert "/aws/lambda/shop-cancel-with-bank" in explained(SESSION, payment, around()).you_may


@pytest.mark.parametrize(
    ("due_in", "said"),
    [
        (timedelta(minutes=41), "The recovery drives it in 41 min. "),
        (timedelta(0), "It is due: the recovery drives it within a minute. "),
        (-HOUR, "It is due: the recovery drives it within a minute. "),
        (None, "The recovery drives it within the hour. "),
    ],
)
def test_when_it_is_driven_next_is_said(due_in: timedelta | None, said: str) -> None:
    explanation = explained(SESSION, a_transaction(), around(due_in=due_in))
    assert explanation.by_itself.startswith(said)


def test_a_driver_that_holds_the_lease_is_driving_it() -> None:
    lease = to_millis(NOON + DAY + timedelta(seconds=40))
    held = dataclasses.replace(SESSION, lease_until=lease)
    said = explained(held, a_transaction(), around()).by_itself
    assert said.startswith("It is being driven now; should that die, the recovery takes over in 40")
    over = dataclasses.replace(SESSION, lease_until=to_millis(NOON + DAY))
    assert "driven now" not in explained(over, a_transaction(), around()).by_itself


def test_what_waits_for_its_completion_alone_can_be_completed_at_once() -> None:
    said = of_completion(SESSION, around())
    assert "nothing is in flight" in said.waits_for
    assert said.you_may.endswith("checkout-admin redrive --all")

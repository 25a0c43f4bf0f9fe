"""kill -9 in the middle of a cancellation: what it leaves. Its end is in test_takeover."""

import sys
from collections.abc import Mapping

import pytest

from local.answers import busy
from local.calls import Client
from local.inspection import Inspector
from local.stack import Stack
from tests.local import killed
from tests.local.conftest import Seed
from tests.local.killed import Scene

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")


@pytest.fixture
def scenes(stack: Stack, merchant: Client, seed: Seed, inspect: Inspector) -> Mapping[str, Scene]:
    if stack.endpoint_url is None:
        pytest.skip("nobody can kill a process of AWS Lambda")
    return killed.scenes(stack, merchant, seed, inspect)


@pytest.mark.parametrize("what", killed.PROVIDERS)
def test_the_session_of_a_killed_driver_is_locked_until_its_lease_is_over(
    scenes: Mapping[str, Scene], what: str
) -> None:
    scene = scenes[what]
    assert scene.answer.status >= 500, "the gateway's answer, for a function that is no more"
    assert scene.status == "PENDING_CANCELLATION"
    busy(scene.repeat)


@pytest.mark.parametrize("what", killed.PROVIDERS)
def test_the_lock_of_a_killed_driver_has_left_what_is_needed_to_go_on(
    scenes: Mapping[str, Scene], inspect: Inspector, what: str
) -> None:
    item = inspect.session_item(scenes[what].session.session_id)
    assert item["status"] == "PENDING_CANCELLATION"
    assert item["dueAt"] >= item["leaseUntil"] > 0
    assert item["dueShard"]

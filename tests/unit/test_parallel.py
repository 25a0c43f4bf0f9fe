"""Parallel work: who is waited for, who is not, and what may still be done afterwards."""

from collections.abc import Iterator
from queue import Queue
from threading import Event

import pytest

from checkout.parallel import Claim, Unfinished, do_all

LONG = 30.0
SHORT = 0.1


@pytest.fixture
def released() -> Iterator[Event]:
    """Set at the end in any case, so that no thread is left behind."""
    event = Event()
    yield event
    event.set()


def test_results_come_in_the_order_of_the_items() -> None:
    first_may_end = Event()

    def double(item: int, claim: Claim) -> int:
        if item == 1:
            assert first_may_end.wait(LONG)
        else:
            first_may_end.set()
        assert claim()
        return 2 * item

    assert do_all(double, [1, 2, 3], threads=3, seconds=LONG) == [2, 4, 6]


def test_there_may_be_more_items_than_threads() -> None:
    def double(item: int, claim: Claim) -> int:
        assert claim()
        return 2 * item

    assert do_all(double, range(50), threads=3, seconds=LONG) == [2 * n for n in range(50)]


def test_of_no_items_there_are_no_results() -> None:
    assert do_all(lambda item, claim: item, [], threads=3, seconds=LONG) == []


def test_one_that_hangs_is_left_and_the_others_have_their_results(released: Event) -> None:
    def hang(item: str, claim: Claim) -> str:
        if item == "hangs":
            released.wait(LONG)
        claim()
        return item

    results = do_all(hang, ["one", "hangs", "two"], threads=3, seconds=1.0)
    assert results == ["one", Unfinished.STILL_RUNNING, "two"]


def test_one_that_comes_back_after_its_time_may_change_nothing(released: Event) -> None:
    claims: Queue[bool] = Queue()

    def hang(item: str, claim: Claim) -> None:
        released.wait(LONG)
        claims.put(claim())

    do_all(hang, ["hangs"], threads=1, seconds=SHORT)
    released.set()
    assert claims.get(timeout=LONG) is False


def test_one_that_has_claimed_in_time_is_waited_for() -> None:
    never = Event()

    def store_slowly(item: str, claim: Claim) -> str:
        assert claim()
        never.wait(4 * SHORT)
        return item

    assert do_all(store_slowly, ["one"], threads=1, seconds=SHORT) == ["one"]


def test_one_whose_turn_never_came_is_not_begun_later_either(released: Event) -> None:
    begun: list[str] = []
    claims: Queue[bool] = Queue()

    def hang(item: str, claim: Claim) -> None:
        begun.append(item)
        released.wait(LONG)
        claims.put(claim())

    results = do_all(hang, ["hangs", "waits"], threads=1, seconds=SHORT)
    assert results == [Unfinished.STILL_RUNNING, Unfinished.NEVER_BEGUN]
    released.set()
    assert claims.get(timeout=LONG) is False
    assert begun == ["hangs"]


@pytest.mark.parametrize("claims_first", [False, True])
def test_what_the_work_raises_is_raised(claims_first: bool) -> None:
    def fail(item: int, claim: Claim) -> int:
        if claims_first:
            claim()
        raise KeyError(item)

    with pytest.raises(KeyError):
        do_all(fail, [1, 2], threads=2, seconds=LONG)

"""Waiting for something that comes by itself."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(
    probe: Callable[[], Value], what: str, within: float = 15.0, every: float = 0.1
) -> Value:
    """The first value of `probe` that counts as true.

    Raises AssertionError with the last value if there is none `within` seconds.
    """
    deadline = time.monotonic() + within
    while not (value := probe()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}; at last it was {value!r}")
        time.sleep(every)
    return value

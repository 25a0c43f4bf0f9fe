"""What may stand in no log, metric, answer or queue, and the search for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Of every JSON Web Token the letters of `{"`, and the word before it.
OF_A_TOKEN = ("eyJ", "Bearer ")
# Thirteen to nineteen digits, as printed on a card; epoch milliseconds begin with a 1.
_DIGITS = re.compile(r"(?<![\w.-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w.-])")
_SHORTEST = 7


@dataclass(frozen=True)
class Canary:
    """A text that was sent or is kept secret, and of which kind it is."""

    kind: str
    text: str

    def __post_init__(self) -> None:
        # A shorter one would be found by chance, and an empty one everywhere.
        if len(self.text) < _SHORTEST:
            raise ValueError(f"too short to look for: a {self.kind}")


def found(text: str, canaries: Iterable[Canary]) -> list[str]:
    """The kinds of what stands in `text`, and never the secret itself: this is printed."""
    kinds = {each.kind for each in canaries if each.text in text}
    if any(mark in text for mark in OF_A_TOKEN):
        kinds.add("token")
    if any(_is_a_card(each) for each in _numbers(text)):
        kinds.add("card number")
    return sorted(kinds)


def _numbers(text: str) -> Iterator[str]:
    for each in _DIGITS.findall(text):
        yield re.sub("[ -]", "", each)


def _is_a_card(digits: str) -> bool:
    """By its check digit (Luhn, ISO/IEC 7812-1)."""
    doubled = [int(each) * 2 for each in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(n - 9 * (n > 9) for n in doubled)) % 10 == 0

"""What a person sees of the long steps. Standard library only: it runs before any environment.

Everything here goes to stderr, so that stdout stays clean for results.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

WIDTH = 100
REMIND_EVERY_SECONDS = 10.0


class Problem(Exception):  # noqa: N818 - what the user reads, not what a caller catches
    """One clear sentence for the user, with the cure. Ends the command with `exit_code`."""

    def __init__(self, sentence: str, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def seconds(duration: float) -> str:
    minutes, rest = divmod(duration, 60)
    return f"{int(minutes)} min {rest:.0f} s" if minutes else f"{rest:.1f} s"


class _Ticker:
    """Shows that a step is alive: counts on a terminal, gives a sign now and then elsewhere."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._over = threading.Event()
        self._terminal = sys.stderr.isatty()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def start(self) -> None:
        if not self._terminal:
            say(f"  {self._title} ...")
        self._thread.start()

    def stop(self, verdict: str) -> None:
        self._over.set()
        self._thread.join()
        line = f"  {self._title}: {verdict} ({seconds(time.monotonic() - self._started)})"
        say(f"\r\x1b[K{line}" if self._terminal else line)

    def _tick(self) -> None:
        while not self._over.wait(0.5 if self._terminal else REMIND_EVERY_SECONDS):
            line = f"  {self._title} ... {seconds(time.monotonic() - self._started)}"
            print(f"\r\x1b[K{line}" if self._terminal else line, file=sys.stderr, end="")
            print("" if self._terminal else "\n", file=sys.stderr, end="", flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a long step, and when it is over say how long it took."""
    ticker = _Ticker(title)
    ticker.start()
    verdict = "failed"
    try:
        yield
        verdict = "done"
    except KeyboardInterrupt:
        verdict = "interrupted"
        raise
    finally:
        ticker.stop(verdict)


ENDING = (signal.SIGTERM, signal.SIGHUP)


def _end(number: int, _frame: object) -> None:
    """As if the program had ended here: what it started is stopped on the way out."""
    # make passes on a signal that the whole group has got already: once is enough.
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


@contextmanager
def undisturbed() -> Iterator[None]:
    """For a short clearing up: a second Ctrl-C must not leave half of it undone."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, *ENDING)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(main: Callable[[], int | None]) -> NoReturn:
    """Run a command: a Problem becomes its sentence, Ctrl-C the exit code that shells expect."""
    for number in ENDING:
        signal.signal(number, _end)
    try:
        sys.exit(main() or 0)
    except Problem as problem:
        say(str(problem))
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)

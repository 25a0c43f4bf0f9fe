"""`make run` and `make demo`: the service at work, on real input, with its claims checked."""

import os
import sys
import time

from local import lifecycle, processes, try_it
from local.calls import Client
from local.console import run, say, seconds
from local.inspection import Inspector
from local.listener import Listener, listening
from local.payments import PaymentSide
from local.places import Places
from local.promises import Promises
from local.scenes import SCENES
from local.stack import Stack
from local.stage import Stage
from local.typed_calls import TypedClient
from local.up import port_asked_for


def since_make() -> float:
    """Seconds since make was called, environments and build included."""
    return time.time() - float(os.environ.get("MAKE_STARTED") or time.time())


def show(stack: Stack) -> Promises:
    with listening(stack, f"demo-{os.getpid()}") as listener:
        return _play(stack, listener)


def _play(stack: Stack, listener: Listener) -> Promises:
    first, second = stack.merchants
    promises = Promises()
    stage = Stage(
        merchant=TypedClient(Client(stack, first)),
        other=TypedClient(Client(stack, second)),
        side=PaymentSide(stack, first.client_id),
        inspector=Inspector(stack, first.client_id),
        promises=promises,
        listener=listener,
    )
    for scene in SCENES:
        try:
            scene(stage)
        except Exception as error:  # noqa: BLE001 - the other scenes are still worth seeing
            promises.check(f"the scene {scene.__name__}", False, repr(error))
        if scene is SCENES[0]:
            print(f"   The first session was cancelled {seconds(since_make())} after make began.")
    print(f"\n{promises.summary}.", flush=True)
    return promises


def _stay(places: Places) -> None:
    print("The stack stays up until Ctrl-C.", flush=True)
    started = processes.read(places.processes)
    try:
        while all(processes.is_alive(process) for process in started):
            time.sleep(1)
        say("Part of the stack has gone; its logs are in the folder above.")
    except KeyboardInterrupt:
        pass


def main() -> int:
    """`python -m local.demo` ends after the show, `python -m local.demo stay` at Ctrl-C."""
    places = Places.from_environment()
    stack, started = lifecycle.up(places, port_asked_for())
    if not started:
        say("  using the stack that is up already; it stays up afterwards")
    try:
        promises = show(stack)
        if sys.argv[1:] == ["stay"]:
            print(f"\n{try_it.in_the_browser(stack)}\n{try_it.in_a_terminal(stack)}")
            _stay(places)
    finally:
        if started:
            lifecycle.down(places)
            say("  the stack is stopped")
    return 1 if promises.broken else 0


if __name__ == "__main__":
    run(main)

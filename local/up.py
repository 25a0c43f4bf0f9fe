"""`make up` and `make down`: the local stack in the background."""

import os
import sys

from local import lifecycle
from local.console import Problem, run, say
from local.places import Places
from local.stack import Stack
from local.try_it import sign_in


def port_asked_for() -> int | None:
    """PORT of the environment. Raises Problem: it is no port."""
    text = os.environ.get("PORT", "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1024 <= int(text) <= 65535:
        raise Problem(f"PORT={text} is no port: choose a number from 1024 to 65535.")
    return int(text)


def introduce(stack: Stack, places: Places) -> None:
    say(f"  base URL   {stack.base_url}")
    say(f"  reference  {stack.reference_url}")
    say(f"  console    {stack.console_url} ({sign_in(stack)})")
    say(f"  merchants  {', '.join(each.client_id for each in stack.merchants)}")
    say(f"  all of it  {places.stack_json}")
    say(f"  logs       {stack.logs['functions']}")


def main() -> None:
    """`python -m local.up`, and `python -m local.up down`."""
    places = Places.from_environment()
    if sys.argv[1:] == ["down"]:
        stopped = lifecycle.down(places)
        say(f"  stopped {', '.join(each.name for each in stopped)}" if stopped else "  nothing ran")
        return
    openid = bool(os.environ.get("OPENID"))
    stack, started = lifecycle.up(places, port_asked_for(), openid=openid)
    say("The local stack is up." if started else "The local stack was up already.")
    introduce(stack, places)


if __name__ == "__main__":
    run(main)

"""A stack deployed to AWS, described as a local one is."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from checkout.bootstrap import utc_now
from local import merchants
from local.aws import Aws
from local.console import Problem
from local.deploy import outputs
from local.stack import NOT_RUNNING, Stack
from local.world import EVERY_SECONDS, World


def named(stack_name: str) -> Stack:
    """Its names alone. Raises Problem (exit code 2): AWS does not tell them."""
    try:
        return Stack.from_outputs(stack_name, outputs(Aws(None), stack_name))
    except (BotoCoreError, ClientError) as error:
        raise Problem(f"'{stack_name}' cannot be described: {error}", NOT_RUNNING) from None


def describe(stack_name: str) -> Stack:
    """With merchants of its own. Raises Problem: without a sandbox nothing can be tested."""
    stack = named(stack_name)
    if not stack.ledger_table:
        raise Problem(f"'{stack_name}' was deployed without the sandbox providers.", NOT_RUNNING)
    names = ("e2e-first", "e2e-second")
    made = tuple(merchants.make(stack, each) for each in names)
    return replace(stack, merchants=made)


@contextmanager
def running(stack_name: str) -> Iterator[Stack]:
    """The stack, with merchants of its own and an outside world, for as long as it is used."""
    stack = describe(stack_name)
    over = threading.Event()
    world = World(stack.aws, stack.table, stack.ledger_table)

    def turn() -> None:
        while not over.wait(EVERY_SECONDS):
            world.turn(utc_now())

    thread = threading.Thread(target=turn, daemon=True)
    thread.start()
    try:
        yield stack
    finally:
        over.set()
        thread.join()
        for merchant in stack.merchants:
            merchants.remove(stack, merchant)

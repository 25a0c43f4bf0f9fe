"""A stack deployed to AWS, described as a local one is: for the e2e tier."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from checkout.bootstrap import utc_now
from local import merchants
from local.aws import Aws
from local.console import Problem
from local.deploy import outputs
from local.stack import NOT_RUNNING, Stack
from local.world import EVERY_SECONDS, World


def describe(stack_name: str) -> Stack:
    """Raises Problem: it has no sandbox, so nothing of it can be tested."""
    aws = Aws(None)
    found = outputs(aws, stack_name)
    if "SandboxLedgerTableName" not in found:
        raise Problem(f"'{stack_name}' was deployed without the sandbox providers.", NOT_RUNNING)
    pool = found["UserPoolId"]
    return Stack(
        stack_name=stack_name,
        base_url=found["BaseUrl"],
        token_url=found["TokenUrl"],
        endpoint_url=None,
        table=found["TableName"],
        idempotency_table=found["IdempotencyTableName"],
        ledger_table=found["SandboxLedgerTableName"],
        state_machine_arn=found["StateMachineArn"],
        completion_failures_queue_url=found["CompletionFailuresQueueUrl"],
        user_pool_id=pool,
        merchants=tuple(merchants.make(aws, pool, f"e2e-{each}") for each in ("first", "second")),
        processes={},
        logs={},
    )


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
            merchants.remove(stack.aws, stack.user_pool_id, merchant)

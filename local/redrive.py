"""Completes what the stream's function has given up on: `bin/redrive`, or on AWS `make redrive`."""

import argparse

from botocore.exceptions import BotoCoreError, ClientError

from checkout.bootstrap import utc_now
from checkout.redrive import Redriven, redrive
from checkout.storage.dynamodb import CheckoutStore
from local import lifecycle, remote
from local.console import Problem, run, say
from local.failures_queue import SqsFailuresQueue
from local.places import Places

NOT_ALL = 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/redrive",
        description="Complete the cancelled sessions that the stream's function has given up on.",
    )
    parser.add_argument("--stack", help="a stack on AWS; the running local one if not given")
    parser.add_argument(
        "--all", action="store_true", help="look at every waiting session, message or not"
    )
    return parser.parse_args()


def summary(done: Redriven, *, asked_for_all: bool) -> str:
    if not (done.messages or asked_for_all):
        return "The queue is empty: nothing to do. With --all every waiting session is looked at."
    looked_at = (
        f"waiting sessions looked at: {done.looked_at}; of these completed: {done.completed}"
    )
    lines = [f"Messages: {done.messages}; {looked_at}"]
    if done.unread:
        lines.append(f"Could not be looked at: {done.unread}. The messages stay in the queue.")
    elif done.more:
        lines.append("There may be more messages: run it again.")
    return "\n".join(lines)


def main() -> int:
    asked = arguments()
    if asked.stack:
        stack = remote.named(asked.stack)
    else:
        stack = lifecycle.require(Places.from_environment())
    store = CheckoutStore(stack.aws.dynamodb, stack.table)
    queue = SqsFailuresQueue(stack.aws.queues, stack.completion_failures_queue_url)
    try:
        done = redrive(store, queue, utc_now, say, always=asked.all)
    except (BotoCoreError, ClientError) as error:
        raise Problem(f"The queue cannot be used, nothing is lost: {error}") from None
    print(summary(done, asked_for_all=asked.all))
    return NOT_ALL if done.unread else 0


if __name__ == "__main__":
    run(main)

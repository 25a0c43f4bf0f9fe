"""`checkout-admin pending` and `checkout-admin redrive`: about all sessions that wait."""

from datetime import timedelta
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from admin import pending_view, redriving, target, terminal
from admin.exits import DONE, FAILED, UNUSABLE
from admin.failures_queue import SqsFailuresQueue
from admin.options import AsJson, Profile, Region, StackName
from admin.waiting import Unreadable, deployed_ages, waiting
from checkout.bootstrap import utc_now
from checkout.redrive import redrive as redrive_all
from checkout.waiting_sessions import Waiting
from local.console import Problem, say

Stuck = Annotated[bool, typer.Option("--stuck", help="Only those past their give-up age.")]
Hours = Annotated[
    float, typer.Option("--hours", min=0, help="Only those cancelled at least so many hours ago.")
]
All = Annotated[bool, typer.Option("--all", help="Look at every waiting session, message or not.")]


def pending(
    stuck: Stuck = False,
    hours: Hours = 0,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> int:
    """List the cancelled sessions that wait: for what, since when, and what you may do."""
    least = _age(hours)
    there = target.find(stack, profile, region)
    now, ages = utc_now(), deployed_ages(there)
    with terminal.walking("waiting sessions") as tell:
        all_found = list(waiting(there.store, ages, now, tell))
    unreadable = [each for each in all_found if isinstance(each, Unreadable)]
    found = [
        each
        for each in all_found
        if isinstance(each, Waiting) and each.age >= least and (each.stuck or not stuck)
    ]
    found.sort(key=lambda each: each.age, reverse=True)
    if as_json:
        terminal.show_json(pending_view.as_document(there.name, now, found, unreadable))
    else:
        terminal.show(*pending_view.drawn(there.name, now, found))
        past = sum(each.stuck for each in found)
        say(f"{_sessions(len(found))} of '{there.name}'; past the give-up age: {past}.")
    for each in unreadable:
        say(terminal.clean(pending_view.told(each)))
    return FAILED if unreadable else DONE


def _age(hours: float) -> timedelta:
    """Raises Problem (exit code 2): not a number, or without an end."""
    try:
        return timedelta(hours=hours)
    except (OverflowError, ValueError):
        raise Problem("--hours takes a number of hours, such as 2 or 0.5.", UNUSABLE) from None


def _sessions(count: int) -> str:
    return f"{count} waiting session{'' if count == 1 else 's'}"


def redrive(
    every: All = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> int:
    """Complete what the stream's function has given up on, and empty its queue."""
    there = target.find(stack, profile, region)
    queue = SqsFailuresQueue(there.aws.queues, there.stack.completion_failures_queue_url)
    told: list[str] = []
    try:
        with terminal.walking("waiting sessions") as tell:
            done = redrive_all(
                there.store, queue, utc_now, told.append, progress=tell, always=every
            )
    except (BotoCoreError, ClientError) as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", type(error).__name__)
        raise Problem(
            f"The queue cannot be used ({code}); nothing is lost: run it again.", FAILED
        ) from None
    if as_json:
        terminal.show_json(redriving.as_document(there.name, done))
    else:
        terminal.show(terminal.cell(redriving.summary(done, asked_for_all=every)))
    for each in told:
        say(terminal.clean(each))
    return FAILED if done.unread else DONE

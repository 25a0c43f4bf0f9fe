"""`checkout-admin session republish`: one session's events once more, or those of a span."""

import time

from rich.text import Text

from admin import target, terminal
from admin.exits import DONE, FAILED, UNUSABLE
from admin.one_or_many import one_of
from admin.options import (
    AsJson,
    MaybeMerchantId,
    MaybeSessionId,
    OfMerchant,
    Profile,
    Region,
    StackName,
)
from admin.session_commands import read
from admin.spans import Since, Until, span_of
from admin.target import Target
from checkout.bootstrap import utc_now
from checkout.event_bus import ORIGIN, EventBridgeBus
from checkout.events import Told, events_so_far
from checkout.republishing import Republished, Span
from checkout.republishing import republish as republish_all
from checkout.sessions import SessionKey
from checkout.timestamps import to_text
from local.console import Problem, say


def republish(
    merchant: MaybeMerchantId = None,
    session: MaybeSessionId = None,
    since: Since = None,
    until: Until = None,
    of_merchant: OfMerchant = None,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> int:
    """Tell on the event bus once more what has happened, under the same ids.

    To one session, or to all that had a change within a span.
    """
    if since is None and (until is not None or of_merchant is not None):
        raise Problem("--until and --merchant are for --since: see --help.", UNUSABLE)
    key = one_of(merchant, session, "--since", many=since is not None)
    asked = key or span_of(since or "", until, of_merchant, utc_now())
    there = target.find(stack, profile, region)
    with terminal.logged_on_stderr():
        if isinstance(asked, Span):
            return _many(there, asked, as_json=as_json)
        _one(there, asked, as_json=as_json)
    return DONE


def _bus(there: Target) -> EventBridgeBus:
    return EventBridgeBus(there.aws.events, there.stack.event_bus, ORIGIN + there.name)


def _one(there: Target, key: SessionKey, *, as_json: bool) -> None:
    """Raises Problem (exit code 1): the bus has not taken all."""
    events = events_so_far(read(there, key))
    told = _bus(there).publish(events)
    if Told.LATER in told:
        raise Problem(
            f"{told.count(Told.LATER)} of {len(events)} events were not taken by the bus: mend what"
            " is logged above, and run it again. Repeats have the same ids.",
            FAILED,
        )
    if Told.REFUSED in told:
        raise Problem(
            f"{told.count(Told.REFUSED)} of {len(events)} events are refused by the bus for what"
            " they are: it will never take them. The others were told.",
            FAILED,
        )
    if as_json:
        shown = [{"id": each.event_id, "type": each.type.value} for each in events]
        terminal.show_json({"stack": there.name, "events": shown})
    else:
        names = ", ".join(each.type.value for each in events)
        said = f"Told again: {names}." if events else "Nothing has happened to tell of."
        terminal.show(Text(said))


def _many(there: Target, span: Span, *, as_json: bool) -> int:
    untold: list[str] = []
    with terminal.walking("items of the table") as tell:
        done = republish_all(there.whole_table, _bus(there), span, time.sleep, untold.append, tell)
    if as_json:
        terminal.show_json(_document(there.name, span, done))
    else:
        terminal.show(terminal.cell(_summary(done)))
    for each in untold:
        say(terminal.clean(each))
    return DONE if done.is_all else FAILED


def _summary(done: Republished) -> str:
    said = [f"Told again: {done.events} events of {done.sessions} sessions."]
    if done.untold or done.unread:
        said.append(f"Not taken by the bus: {done.untold}; sessions not read: {done.unread}.")
    if done.stopped:
        said.append(
            "The bus takes nothing more: mend what is logged, and run it again. Repeats have the"
            " same ids."
        )
    return " ".join(said)


def _document(stack: str, span: Span, done: Republished) -> dict[str, object]:
    return {
        "stack": stack,
        "since": to_text(span.since),
        "until": to_text(span.until),
        "sessions": done.sessions,
        "events": done.events,
        "untold": done.untold,
        "unread": done.unread,
        "stopped": done.stopped,
    }

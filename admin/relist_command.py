"""`checkout-admin session relist`."""

from typing import Annotated

import typer

from admin import target, terminal
from admin.exits import DONE, FAILED, UNUSABLE
from admin.one_or_many import no_such_session, one_of
from admin.options import (
    AsJson,
    MaybeMerchantId,
    MaybeSessionId,
    OfMerchant,
    Profile,
    Region,
    StackName,
)
from admin.target import Target
from checkout.errors import SessionNotFoundError
from checkout.relisting import Relisted
from checkout.relisting import relist as relist_all
from checkout.sessions import SessionKey
from local.console import Problem, say

All = Annotated[bool, typer.Option("--all", help="Every session: reads the whole table.")]


def relist(
    merchant: MaybeMerchantId = None,
    session: MaybeSessionId = None,
    every: All = False,
    of_merchant: OfMerchant = None,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> int:
    """Put a cancelled session, or all, into the list of its status, where it is in another."""
    key = one_of(merchant, session, "--all", many=every)
    if key and of_merchant is not None:
        raise Problem("--merchant is for --all: see --help.", UNUSABLE)
    there = target.find(stack, profile, region)
    done = _one(there, key) if key else _every(there, of_merchant)
    if as_json:
        terminal.show_json(
            {
                "stack": there.name,
                "lookedAt": done.seen,
                "mended": done.mended,
                "unreadable": done.unreadable,
            }
        )
    else:
        terminal.show(terminal.cell(_summary(done)))
    return FAILED if done.unreadable else DONE


def _one(there: Target, key: SessionKey) -> Relisted:
    """Raises Problem: there is no such session (exit code 3)."""
    table = there.whole_table
    try:
        found = table.read_misplaced(key)
    except SessionNotFoundError:
        raise no_such_session(there, key) from None
    except ValueError:
        say(terminal.clean(f"No list can show it: session {key.session_id}"))
        return Relisted(1, 0, 1)
    return Relisted(1, int(found is not None and table.relist(found)), 0)


def _every(there: Target, merchant_id: str | None) -> Relisted:
    with terminal.walking("items of the table") as tell:
        unreadable: list[str] = []
        done = relist_all(there.whole_table, merchant_id, unreadable.append, tell)
    for each in unreadable:
        say(terminal.clean(each))
    return done


def _summary(done: Relisted) -> str:
    looked_at = f"Sessions looked at: {done.seen}; put into the right list: {done.mended}."
    return f"{looked_at} No list can show: {done.unreadable}." if done.unreadable else looked_at

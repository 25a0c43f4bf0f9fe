"""A span of time, as it is given on the command line."""

from datetime import datetime
from typing import Annotated

import typer

from admin.exits import UNUSABLE
from checkout.republishing import Span
from checkout.timestamps import to_text
from local.console import Problem

Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="TIME", help="Every session with a change from then on: reads the table."
    ),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="With --since: to then; to now.")
]


def span_of(since: str, until: str | None, merchant_id: str | None, now: datetime) -> Span:
    """Raises Problem (exit code 2)."""
    span = Span(_moment("--since", since), _moment("--until", until) if until else now, merchant_id)
    if span.since > span.until:
        raise Problem("--since is after --until: see --help.", UNUSABLE)
    return span


def _moment(option: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            # Also where it cannot be told in UTC: in the year 1, and in the last one.
            to_text(moment)
            return moment
    except (OverflowError, ValueError):
        pass
    raise Problem(
        f"{option} takes a time of ISO 8601 with its zone, such as 2026-11-26T14:00:00Z:"
        " see --help.",
        UNUSABLE,
    )

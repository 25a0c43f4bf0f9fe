"""Which sessions a command is about: one, by its ids, or many, by an option."""

from admin.exits import NOT_FOUND, UNUSABLE
from admin.target import Target
from checkout.sessions import SessionKey
from local.console import Problem


def one_of(merchant: str | None, session: str | None, many: str | None) -> SessionKey | None:
    """The session, or None of many. `many` is the option that asks for them, if it was given.

    Raises Problem (exit code 2): it is neither, or both, or half of one.
    """
    if many is not None:
        if merchant is not None:
            raise Problem(f"One session, or {many}? Not both: see --help.", UNUSABLE)
        return None
    if merchant is None or session is None:
        raise Problem("Which session? Give MERCHANT and SESSION: see --help.", UNUSABLE)
    return SessionKey(merchant, session)


def no_such_session(there: Target, key: SessionKey) -> Problem:
    return Problem(
        f"The merchant '{key.merchant_id}' has no session '{key.session_id}' in"
        f" '{there.name}': look at both ids, and at --stack.",
        NOT_FOUND,
    )

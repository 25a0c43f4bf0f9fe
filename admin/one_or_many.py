"""Which sessions a command is about: one, by its ids, or many, by an option."""

from admin.exits import NOT_FOUND, UNUSABLE
from admin.target import Target
from checkout.sessions import SessionKey
from local.console import Problem


def one_of(
    merchant: str | None, session: str | None, option: str, *, many: bool
) -> SessionKey | None:
    """The session, or None of many, which `option` asks for.

    Raises Problem (exit code 2): it is neither, or both, or half of one.
    """
    if many:
        if merchant is not None:
            raise Problem(f"One session, or {option}? Not both: see --help.", UNUSABLE)
        return None
    if merchant is None or session is None:
        raise Problem(f"Give MERCHANT and SESSION, or {option}: see --help.", UNUSABLE)
    return SessionKey(merchant, session)


def no_such_session(there: Target, key: SessionKey) -> Problem:
    return Problem(
        f"The merchant '{key.merchant_id}' has no session '{key.session_id}' in"
        f" '{there.name}': look at both ids, and at --stack.",
        NOT_FOUND,
    )

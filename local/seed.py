"""Opens a session with given transactions, or starts further ones: `bin/seed --help`.

stdout has the result and nothing else: {"sessionId": ..., "transactionIds": [...]}.
"""

import argparse
import json

from checkout.errors import SessionLockedError, SessionNotFoundError, TooManyTransactionsError
from local import lifecycle
from local.console import Problem, run
from local.payments import PROVIDERS, USAGE, PaymentSide, parse
from local.places import Places
from local.stack import Stack

LOCKED = 3
REFUSED = 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/seed", description="Open a session with transactions that are in flight."
    )
    parser.add_argument("--merchant", help="client id; the first merchant if not given")
    parser.add_argument("--session", help="start the transactions on this session")
    parser.add_argument(
        "--transaction",
        action="append",
        default=[],
        metavar="PROVIDER:REFERENCE",
        help=f"e.g. sandbox:ok_1, any number of times; providers: {', '.join(PROVIDERS)}",
    )
    return parser.parse_args()


def merchant_of(running: Stack, asked_for: str | None) -> str:
    """Raises Problem (exit code 2): the stack has no such merchant."""
    known = [merchant.client_id for merchant in running.merchants]
    if asked_for is None:
        return known[0]
    if asked_for not in known:
        raise Problem(f"There is no merchant '{asked_for}': choose of {', '.join(known)}.", USAGE)
    return asked_for


def main() -> None:
    asked = arguments()
    payments = [parse(text) for text in asked.transaction]
    running = lifecycle.require(Places.from_environment())
    side = PaymentSide(running, merchant_of(running, asked.merchant))
    made: list[str] = []
    try:
        session_id = asked.session or side.open()
        made += [side.attempt(session_id, payment) for payment in payments]
    except SessionLockedError as error:
        raise Problem(
            f"The session is {error.status}: it takes no payment any more.", LOCKED
        ) from None
    except SessionNotFoundError:
        raise Problem(f"The merchant has no session '{asked.session}'.", USAGE) from None
    except TooManyTransactionsError:
        raise Problem("The session has all the transactions that it can hold.", REFUSED) from None
    print(json.dumps({"sessionId": session_id, "transactionIds": made}))


if __name__ == "__main__":
    run(main)

"""How many voids each payment of a session saw at its provider: `bin/ledger <session id>`."""

import argparse

from checkout.errors import SessionNotFoundError
from checkout.transactions import SessionSnapshot
from local import lifecycle, show
from local.console import Problem, run
from local.inspection import Inspector
from local.payments import USAGE
from local.places import Places
from local.stack import Stack


def find(running: Stack, session_id: str) -> tuple[Inspector, SessionSnapshot]:
    """Whichever merchant's it is. Raises Problem (exit code 2): nobody's."""
    for merchant in running.merchants:
        inspector = Inspector(running, merchant.client_id)
        try:
            return inspector, inspector.snapshot(session_id)
        except SessionNotFoundError:
            continue
    raise Problem(f"No merchant of this stack has a session '{session_id}'.", USAGE)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/ledger", description=__doc__)
    parser.add_argument("session", help="session id")
    asked = parser.parse_args()
    inspector, snapshot = find(lifecycle.require(Places.from_environment()), asked.session)
    rows = []
    for each in snapshot.transactions:
        entry = inspector.ledger(each.provider, each.transaction_id)
        counts = [str(entry.void_requests), str(len(entry.keys)), str(entry.voids)]
        rows.append([each.transaction_id, each.provider_reference or "-", each.status, *counts])
    print(f"{asked.session}: {snapshot.session.status}")
    print(show.table(["transaction", "payment", "status", "void calls", "keys", "voids"], rows, ""))


if __name__ == "__main__":
    run(main)

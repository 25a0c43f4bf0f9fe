"""`make smoke`: after a deployment, whether what was deployed answers as it should.

It leaves nothing behind but, where there is a sandbox, one cancelled session of a merchant that is
removed again. In prod it only reads: no provider is called.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from checkout.direct_fan_out import ALIAS
from local import lifecycle, merchants, remote
from local.answers import NO_SESSION, cancellation, error
from local.calls import Client
from local.console import Problem, run, say
from local.function_variables import functions_of
from local.inspection import Inspector
from local.payments import PaymentSide, parse
from local.places import Places
from local.stack import Merchant, Stack

FAILED = 1
NOBODY = Merchant("", "")
CANCEL = "/v1/checkout/session/cancel"


@dataclass(frozen=True)
class Check:
    """`look` raises AssertionError where something is not as it should be."""

    what: str
    look: Callable[[], object]


def edge_checks(stack: Stack) -> list[Check]:
    """What can be seen without a token."""
    anyone = Client(stack, NOBODY)
    no_token = {"Authorization": "", "Content-Type": "application/json"}
    return [
        Check(
            "a call without a token is refused",
            lambda: error(anyone.request("POST", CANCEL, b"{}", no_token), 401, "token"),
        ),
        Check(
            "a route that does not exist is not found",
            lambda: error(anyone.request("GET", "/v1/nothing", headers=no_token), 404, "route"),
        ),
        Check(
            "a webhook of nobody's is not found",
            lambda: error(
                anyone.request("POST", "/v1/webhooks/nobody/default", b"{}", no_token), 404
            ),
        ),
        Check("each alias points to one version", lambda: _check_aliases(stack)),
    ]


def _check_aliases(stack: Stack) -> None:
    names = functions_of(stack)
    assert names, "the stack has no functions"
    for name in names:
        alias = stack.aws.functions.get_alias(FunctionName=f"{stack.stack_name}-{name}", Name=ALIAS)
        assert not alias.get("RoutingConfig"), f"{name} is still between two versions"


def merchant_checks(merchant: Client) -> list[Check]:
    """The table is reached: by both routes, and without a write."""
    return [
        Check("a session of nobody's cannot be read", lambda: error(merchant.get(NO_SESSION), 404)),
        Check(
            "a session of nobody's cannot be cancelled",
            lambda: error(merchant.cancel(NO_SESSION), 404),
        ),
    ]


def sandbox_checks(stack: Stack, merchant: Client) -> list[Check]:
    return [Check("a session is cancelled, with one void", lambda: _cancel_one(stack, merchant))]


def _cancel_one(stack: Stack, merchant: Client) -> None:
    merchant_id = merchant.merchant.client_id
    side = PaymentSide(stack, merchant_id)
    session = side.open()
    transaction = side.attempt(session, replace(parse("sandbox:ok_1"), account=side.new_id()))
    done = cancellation(merchant.cancel(session, reason="smoke test"))
    assert (done.status, done.cancelled) == ("CANCELLED", [transaction])
    assert merchant.get(session).json()["status"] == "CANCELLED"
    assert Inspector(stack, merchant_id).ledger("sandbox", transaction).void_requests == 1


@contextmanager
def _merchant_of(stack: Stack) -> Iterator[Client | None]:
    """None where the tokens are another issuer's, who knows its merchants alone."""
    if not (stack.user_pool_id or stack.issuer):
        yield None
        return
    made = merchants.make(stack, "smoke")
    try:
        yield Client(stack, made)
    finally:
        merchants.remove(stack, made)


def failures(checks: list[Check]) -> list[str]:
    """Each that fails, and why. All are tried."""
    found = []
    for each in checks:
        try:
            each.look()
            say(f"  ok      {each.what}")
        except Exception as failure:  # noqa: BLE001 - whatever it is, it is not as it should be
            found.append(each.what)
            say(f"  FAILED  {each.what}: {type(failure).__name__}: {failure}")
    return found


def smoke(stack: Stack) -> list[str]:
    with _merchant_of(stack) as merchant:
        checks = edge_checks(stack)
        if merchant is None:
            say("  not tried: what needs a token, since yours come from an issuer of your own")
        else:
            checks += merchant_checks(merchant)
            checks += sandbox_checks(stack, merchant) if stack.ledger_table else []
        return failures(checks)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__)
    parser.add_argument("--stack", help="a stack on AWS; the running local one if not given")
    name = parser.parse_args().stack or os.environ.get("STACK_NAME")
    stack = remote.named(name) if name else lifecycle.require(Places.from_environment())
    found = smoke(stack)
    if found:
        raise Problem(f"{len(found)} of the checks failed; see above.", FAILED)
    say(f"'{stack.stack_name}' answers as it should.")
    return 0


if __name__ == "__main__":
    run(main)

"""`python -m examples.payment_service.demo`: a race of payments with a cancellation, over HTTP.

Needs the local stack (`make up`). Ends with 1 if a payment was neither cancelled nor refused.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from checkout.storage.dynamodb import CheckoutStore
from examples.payment_service.provider import StandIn
from examples.payment_service.service import PaymentService, server
from local import lifecycle
from local.calls import Answer, Client, Connection
from local.console import run
from local.places import Places
from local.stack import Stack
from local.waiting import wait_until

PAYERS = 4
PATIENCE = 60.0
Answers = list[Answer]


@contextmanager
def serving(service: PaymentService) -> Iterator[str]:
    """The service's address, while it runs."""
    listening = server(service)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def open_checkout(url: str) -> str:
    opened: str = Connection().send("POST", f"{url}/checkouts", {}, None).json()["sessionId"]
    return opened


def pay_until_refused(url: str) -> Answers:
    """One payer, who tries again and again; the last answer is the refusal."""
    answers: Answers = []
    while not answers or answers[-1].status == 201:
        answers.append(Connection().send("POST", url, {}, None))
    return answers


def race(stack: Stack, url: str) -> bool:
    """Whether every payment was cancelled with the session, or refused."""
    merchant = Client(stack, stack.merchants[0])
    # A first call is slow, and the payers would have their hundred payments before the lock.
    merchant.cancel(open_checkout(url))
    session_id = open_checkout(url)
    payments = f"{url}/checkouts/{session_id}/payments"
    first = Connection().send("POST", payments, {}, None)
    print(f"one payment            {first.status}")
    with ThreadPoolExecutor(PAYERS) as pool:
        paying = [pool.submit(pay_until_refused, payments) for _ in range(PAYERS)]
        cancelled = merchant.cancel(session_id)
        answers = [answer for each in paying for answer in each.result()]
    print(f"the cancellation       {cancelled.status} {cancelled.json().get('status', '')}")
    return _told(merchant, session_id, [first, *answers])


def _told(merchant: Client, session_id: str, answers: Answers) -> bool:
    made = {each.json()["paymentId"] for each in answers if each.status == 201}
    refused = [each.status for each in answers if each.status != 201]
    # What was sent while the provider was asked is cancelled by another call, or by the recovery.
    wait_until(lambda: _is_cancelled(merchant.cancel(session_id)), "it is CANCELLED", PATIENCE)
    shown = merchant.get(session_id).json()["transactions"]
    ended = {each["transactionId"] for each in shown if each["status"] == "CANCELLED"}
    print(f"paid before the lock   {len(made)}, and {len(made & ended)} of them cancelled")
    print(f"refused after it       {refused.count(409)}")
    return made == ended and refused == [409] * PAYERS


def _is_cancelled(answer: Answer) -> bool:
    return bool(answer.status == 200 and answer.json()["status"] == "CANCELLED")


def main() -> int:
    stack = lifecycle.require(Places.from_environment())
    store = CheckoutStore(stack.aws.dynamodb, stack.table)
    with serving(PaymentService(store, StandIn(), stack.merchants[0].client_id)) as url:
        return 0 if race(stack, url) else 1


if __name__ == "__main__":
    run(main)

"""A client of a soak: opens one session after another, has it paid and cancelled, as planned."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import Random
from uuid import UUID

import urllib3

from checkout.bootstrap import utc_now
from checkout.errors import SessionLockedError
from checkout.payments import complete_session, expire_session
from checkout.sessions import SessionKey
from local.calls import Client
from local.payments import Payment, PaymentSide
from local.soak_plan import plan
from local.soak_records import Call, Record, Records
from local.soak_webhooks import Webhooks

ENDS = {"COMPLETED": complete_session, "EXPIRED": expire_session}
# What of one session happens at once: cancellations, attempts, and the checkout's own end.
MOST_AT_ONCE = 10


@dataclass(frozen=True)
class SoakClient:
    """`under_way` tells that it has played its first session."""

    merchant: Client
    side: PaymentSide
    random: Random
    records: Records
    webhooks: Webhooks
    under_way: threading.Event = field(default_factory=threading.Event)

    def run(self, over: threading.Event) -> None:
        """Until the load is over; what was begun is done to its end."""
        with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
            while not over.is_set():
                record = Record(self.side.open(), plan(self.random))
                self.records.add(record)
                try:
                    self._play(record, pool)
                    self.under_way.set()
                except Exception as error:  # noqa: BLE001 - it is told of, and the soak goes on
                    met = f"its client met {type(error).__name__}: {error}"
                    self.records.troubles.append((record.session_id, met))

    def _play(self, record: Record, pool: ThreadPoolExecutor) -> None:
        drawn = record.plan
        for payment in drawn.payments:
            self._attempt(record, payment)
        key = str(UUID(int=self.random.getrandbits(128), version=4)) if drawn.keyed else ""
        again = partial(self._cancel, record, key)
        acts = [again] * drawn.at_once
        acts += [partial(self._attempt, record, payment) for payment in drawn.racing]
        if drawn.checkout_ends:
            acts.append(partial(self._end_checkout, record))
        self.random.shuffle(acts)
        for done in [pool.submit(act) for act in acts]:
            done.result()
        for _ in range(drawn.repeats):
            again()
        while not any(_is_taken(call) for call in record.calls):
            again()

    def _attempt(self, record: Record, payment: Payment) -> None:
        try:
            transaction_id = self.side.attempt(record.session_id, payment)
        except SessionLockedError:
            record.refused += 1
            return
        record.sent[transaction_id] = payment
        if report := record.plan.reports.get(payment.reference):
            self.webhooks.expect(record, transaction_id, report)

    def _cancel(self, record: Record, key: str) -> None:
        record.calls.append(cancel(self.merchant, record.session_id, key))

    def _end_checkout(self, record: Record) -> None:
        key = SessionKey(self.side.merchant_id, record.session_id)
        try:
            ENDS[record.plan.checkout_ends](self.side.store, key, utc_now())
        except SessionLockedError:
            return
        record.checkout_ended = True


def cancel(merchant: Client, session_id: str, key: str = "") -> Call:
    """A cancellation as it was answered, if it was."""
    began = time.monotonic()
    try:
        answer = merchant.cancel(session_id, idempotency_key=key)
    except urllib3.exceptions.HTTPError:
        answer = None
    return Call(began, time.monotonic(), key, answer)


def _is_taken(call: Call) -> bool:
    """Whether the service has the cancellation: no caller gives up before that."""
    return call.answer is not None and call.answer.status in (200, 409)

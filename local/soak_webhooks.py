"""The webhooks of a soak: reports that come whenever they come, through `record_status`."""

import heapq
import itertools
import threading
import time

from checkout.bootstrap import utc_now
from checkout.payments import record_status
from checkout.sessions import SessionKey
from checkout.transactions import TransactionKey, TransactionStatus
from local.payments import PaymentSide
from local.soak_plan import Report
from local.soak_records import Record

_Expected = tuple[float, int, Record, str, str]


class Webhooks:
    """One thread delivers them all, each no sooner than it is due."""

    def __init__(self, side: PaymentSide) -> None:
        self._side = side
        self._changed = threading.Condition()
        self._expected: list[_Expected] = []
        self._number = itertools.count()
        self._closed = False

    def expect(self, record: Record, transaction_id: str, report: Report) -> None:
        due = time.monotonic() + report.seconds
        with self._changed:
            # The number keeps records from being compared.
            expected = (due, next(self._number), record, transaction_id, report.status)
            heapq.heappush(self._expected, expected)
            self._changed.notify()

    def close(self) -> None:
        """No more will be expected: `run` ends after the last one."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def run(self) -> None:
        while expected := self._next():
            _, _, record, transaction_id, status = expected
            session = SessionKey(self._side.merchant_id, record.session_id)
            key = TransactionKey(session, transaction_id)
            # Before the write: who looks in between must not take it for nobody's.
            record.reported.setdefault(transaction_id, []).append(status)
            record_status(self._side.store, key, TransactionStatus(status), utc_now())

    def _next(self) -> _Expected | None:
        with self._changed:
            while True:
                if not self._expected:
                    if self._closed:
                        return None
                    self._changed.wait()
                    continue
                wait = self._expected[0][0] - time.monotonic()
                if wait <= 0:
                    return heapq.heappop(self._expected)
                self._changed.wait(wait)

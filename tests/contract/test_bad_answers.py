"""A provider that talks nonsense, or too late: in flight, counted, and nothing behind it waits.

Each case goes through the real worker, on one thread, with a healthy payment behind the bad one.
"""

import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from checkout.bootstrap import utc_now
from checkout.fan_out import TransactionOutcome, WorkOrder
from checkout.lease import LEASE
from checkout.provider_cancellation import STORE_RESERVE, cancel_transactions
from checkout.providers.base import CancelOutcome
from checkout.providers.circuit_breaker import CircuitBreaker, GuardedProvider
from checkout.timestamps import to_millis
from checkout.transactions import PendingReason, TransactionStatus
from tests.contract.loopback import (
    HOST,
    Connection,
    Double,
    LoopbackProvider,
    Script,
    exchange,
    http,
    says,
)
from tests.unit.memory_store import MemoryStore
from tests.unit.providers import Troubles
from tests.unit.samples import KEY, a_transaction, transaction_key

GOOD = b'{"status": "cancelled"}'
HTML = b"<html>a secret</html>"
# Seconds for one call. For those that use all of it, so that they take no longer;
SHORT_TIME = 0.5
# and for the others, which are over at once however busy the machine is.
LONG_TIME = 5.0
TEN_MEGABYTES = b'{"status": "' + b"a" * 10_000_000 + b'"}'
BOMB = gzip.compress(b" " * 50_000_000 + GOOD)


def half(connection: Connection) -> None:
    connection.say(http(200, GOOD)[:-10])


def reset_in_the_middle(connection: Connection) -> None:
    half(connection)
    connection.reset()


def too_late(connection: Connection) -> None:
    connection.over.wait(2 * SHORT_TIME)
    connection.say(http(200, GOOD))


def drip(answer: bytes) -> Script:
    return lambda connection: connection.drip(answer)


def drip_the_body(connection: Connection) -> None:
    connection.say(http(200, b"", length=len(TEN_MEGABYTES)))
    connection.drip(TEN_MEGABYTES)


def without_end(piece: bytes) -> Script:
    def go_on(connection: Connection) -> None:
        connection.say(b"HTTP/1.1 200 OK\r\n\r\n[")
        while not connection.over.is_set():
            connection.say(piece)

    return go_on


def hold(answer: bytes) -> Script:
    """Says it and then keeps the connection, as if there were more to come."""

    def say(connection: Connection) -> None:
        connection.say(answer)
        connection.say_nothing()

    return say


def hang_up(answer: bytes) -> Script:
    def say(connection: Connection) -> None:
        connection.say(answer)
        connection.sock.close()

    return say


def chunked(*chunks: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in chunks)


# What the provider does, and what it counts as; empty where it can be read and means nothing.
CASES: dict[str, tuple[Script, str]] = {
    "not JSON": (says(http(200, b"cancelled")), "NOT_JSON"),
    "JSON that is text": (says(http(200, b'"cancelled"')), "NOT_JSON"),
    "JSON that is null": (says(http(200, b"null")), "NOT_JSON"),
    "JSON with NaN": (says(http(200, b'{"status": "cancelled", "n": NaN}')), "NOT_JSON"),
    "JSON in JSON, very deep": (says(http(200, b"[" * 500_000)), "NOT_JSON"),
    "a number of 5000 digits": (says(http(200, b"[" + b"9" * 5000 + b"]")), "NOT_JSON"),
    "a list": (says(http(200, b"[" + GOOD + b"]")), ""),
    "an object of another shape": (says(http(200, b'{"state": "cancelled"}')), ""),
    "a value of another shape": (says(http(200, b'{"status": {"cancelled": 1}}')), ""),
    "a status that nobody knows": (says(http(200, b'{"status": "cancelling"}')), ""),
    "empty": (says(http(200, b"")), "NOT_JSON"),
    "invalid UTF-8": (says(http(200, b'{"status": "cancelled", "n": "\xff"}')), "NOT_JSON"),
    "10 MB": (says(http(200, TEN_MEGABYTES)), "TOO_LARGE"),
    "10 MB in chunks": (says(chunked(*[b"a" * 100_000] * 100)), "TOO_LARGE"),
    "without end": (without_end(b"1," * 50_000), "TOO_LARGE"),
    "'more to come' without end": (
        says(b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000),
        "TOO_LARGE",
    ),
    "headers without end": (says(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100_000), "BROKEN_OFF"),
    "10 MB, byte by byte": (drip_the_body, "TIMED_OUT"),
    "headers, byte by byte": (drip(http(200, GOOD, *["a: b"] * 90)), "TIMED_OUT"),
    "never": (Connection.say_nothing, "TIMED_OUT"),
    "after the deadline": (too_late, "TIMED_OUT"),
    "more announced than comes": (hold(http(200, GOOD, length=10_000)), "TIMED_OUT"),
    "gigabytes announced": (hang_up(http(200, GOOD, length=10**11)), "BROKEN_OFF"),
    "ends in the middle": (hang_up(http(200, GOOD)[:-10]), "BROKEN_OFF"),
    "ends in a chunk": (hang_up(chunked(GOOD)[:-10]), "BROKEN_OFF"),
    "ends between chunks": (hang_up(chunked(GOOD)), "BROKEN_OFF"),
    "a chunk of no size": (says(chunked() + b"xyz\r\n"), "BROKEN_OFF"),
    "reset in the middle": (reset_in_the_middle, "BROKEN_OFF"),
    "reset at once": (Connection.reset, "BROKEN_OFF"),
    "less announced than comes": (says(http(200, GOOD, length=10)), "NOT_JSON"),
    "no HTTP": (says(b"220 mail.example ESMTP\r\n"), "BROKEN_OFF"),
    "a redirect": (says(http(302, GOOD, "Location: /good")), "REDIRECTED"),
    "a gzip bomb": (says(http(200, BOMB, "Content-Encoding: gzip")), "ENCODED"),
    "gzip without a word": (says(http(200, gzip.compress(GOOD))), "NOT_JSON"),
    "500 with HTML": (says(http(500, HTML)), "SERVER_ERROR"),
    "503 that says cancelled": (says(http(503, GOOD)), "SERVER_ERROR"),
    "429": (says(http(429, GOOD)), "RATE_LIMITED"),
    "404 with HTML": (says(http(404, HTML)), "NOT_JSON"),
    "204, which has no body": (says(b"HTTP/1.1 204 No Content\r\n\r\n"), ""),
}


@dataclass(frozen=True)
class Worked:
    bad: TransactionOutcome
    good: TransactionOutcome
    store: MemoryStore
    seconds: float


@pytest.fixture
def double() -> Double:
    return Double({"/good": says(http(200, GOOD))})


@pytest.fixture
def port(double: Double) -> Iterator[int]:
    with double.listening() as port:
        yield port


def work(port: int) -> Worked:
    """One worker, as it is wired: the bad payment first, the good one behind it."""
    adapter = LoopbackProvider(exchange(), f"http://{HOST}:{port}")
    opened: list[str] = []
    provider = GuardedProvider(adapter, CircuitBreaker(utc_now, opened.append))
    payments = (
        a_transaction(1, provider_reference="bad"),
        a_transaction(2, provider_reference="good"),
    )
    store, troubles, now = MemoryStore(), Troubles(), utc_now()
    store.transactions = {each.key: each for each in payments}
    order = WorkOrder(KEY, "driver-1", to_millis(now + LEASE), payments)
    deadline = now + STORE_RESERVE + timedelta(seconds=2 * LONG_TIME)
    began = time.monotonic()
    bad, good = cancel_transactions(provider, store, order, deadline, utc_now, troubles, 1)
    assert troubles.told == [], "an adapter keeps its time-out, and raises nothing"
    return Worked(bad, good, store, time.monotonic() - began)


@pytest.mark.parametrize("case", CASES)
def test_it_is_in_flight_and_counted_and_the_payment_behind_it_is_cancelled(
    double: Double,
    port: int,
    case: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    double.scripts["/bad"], kind = CASES[case]
    limit = SHORT_TIME if kind == "TIMED_OUT" else LONG_TIME
    monkeypatch.setattr("checkout.provider_cancellation.PROVIDER_TIMEOUT", limit)

    worked = work(port)

    assert worked.bad.outcome is CancelOutcome.UNKNOWN
    stored = worked.store.transactions[transaction_key(1)]
    assert (stored.in_flight, stored.pending_reason) == (True, PendingReason.UNKNOWN)
    assert stored.awaited is True
    assert worked.good.cancelled
    assert worked.store.transactions[transaction_key(2)].status is TransactionStatus.CANCELLED
    assert worked.seconds < LONG_TIME
    assert double.asked == {"/bad": 1, "/good": 1}, "nothing is repeated or followed"
    assert counted(capsys.readouterr().out) == ([kind] if kind else [])
    ours = [each for each in caplog.records if "powertools" not in each.name]
    assert ours == [], "nobody logs what a provider said"
    double.wait_until_left()


def counted(printed: str) -> list[str]:
    metrics = [json.loads(line) for line in printed.splitlines()]
    return [each["kind"] for each in metrics if each.get("ProviderTroubles") == [1.0]]

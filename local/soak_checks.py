"""What has to hold of every session of a soak, in the end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkout.providers.sandbox.behaviour import Kind, behaviour_of
from checkout.providers.sandbox.ledger import LedgerEntry
from checkout.sessions import SessionStatus
from checkout.transactions import SessionSnapshot, Transaction
from local.answers import busy, cancellation, error
from local.soak_history import Item
from local.soak_records import Call, Record


@dataclass(frozen=True)
class Evidence:
    """All that is known of a session: what its client saw, what is stored, what was done.

    `ledger` is by transaction id, `items` are all transactions that were ever put, `shown` is what
    GET shows, `kills` are when processes were killed (monotonic clock).
    """

    record: Record
    snapshot: SessionSnapshot
    ledger: Mapping[str, LedgerEntry]
    items: Mapping[str, Item]
    shown: Mapping[str, Any]
    kills: Sequence[float]

    @property
    def status(self) -> SessionStatus:
        return self.snapshot.session.status


def violations(evidence: Evidence) -> list[str]:
    """What is wrong, in words; nothing if all is well."""
    return [
        *_answers(evidence),
        *_claims(evidence),
        *_end(evidence),
        *_attempts(evidence),
        *(
            f"transaction {transaction.transaction_id}: {what}"
            for transaction in evidence.snapshot.transactions
            for what in _payment(evidence, transaction)
        ),
    ]


def _answers(evidence: Evidence) -> Iterator[str]:
    for call in evidence.record.calls:
        if call.answer is None:
            # As a gateway that gave up: what was done is kept, and repeating is safe.
            continue
        try:
            _check_answer(evidence, call)
        except (AssertionError, KeyError, ValueError) as problem:
            yield f"it was answered {call.answer.status} {call.answer.body!r}: {problem!r}"


def _check_answer(evidence: Evidence, call: Call) -> None:
    answer = call.answer
    assert answer
    if answer.status == 200:
        said = cancellation(answer)
        assert said.status == "PENDING_CANCELLATION" or evidence.status is SessionStatus.CANCELLED
    elif answer.status == 409 and "retry-after" in answer.headers:
        busy(answer)
    elif answer.status == 409:
        error(answer, 409, evidence.status)
        assert evidence.record.checkout_ended
    elif answer.status == 503:
        error(answer, 503)
        assert int(answer.headers["retry-after"]) >= 1
    else:
        assert answer.status in (500, 502, 504), "not in the contract"
        assert any(call.began <= kill <= call.ended for kill in evidence.kills), "nobody was killed"


def _claims(evidence: Evidence) -> Iterator[str]:
    stored = {each.transaction_id: each.status for each in evidence.snapshot.transactions}
    claimed: set[str] = set()
    for answer in evidence.record.answers:
        if answer.status != 200:
            continue
        body = answer.json()
        for each in body["cancelledTransactionIds"]:
            if stored.get(each) != "CANCELLED":
                yield f"a call said that it cancelled {each}, which is {stored.get(each)}"
            if each in claimed:
                yield f"two calls say that they cancelled {each}"
            claimed.add(each)
        if unknown := set(body["pendingTransactionIds"]) - stored.keys():
            yield f"a call said that {sorted(unknown)} are pending, which it does not have"


def _end(evidence: Evidence) -> Iterator[str]:
    record = evidence.record
    expected = record.plan.checkout_ends if record.checkout_ended else "CANCELLED"
    if evidence.status != expected:
        yield f"it is {evidence.status}, and should be {expected}"
    if evidence.status is SessionStatus.CANCELLED:
        for each in evidence.snapshot.in_flight:
            yield f"it is CANCELLED, and {each.transaction_id} is {each.status}"


def _attempts(evidence: Evidence) -> Iterator[str]:
    attached, sent = evidence.snapshot.session.attempts, evidence.record.sent.keys()
    if attached != sent:
        yield f"attached are {sorted(attached)}, and sent were {sorted(sent)}"
    for each in evidence.items.keys() - sent:
        item, entry = evidence.items[each], evidence.ledger[each]
        if item["status"] != "FAILED" or "providerReference" in item or entry.void_requests:
            yield f"attempt {each} was refused, and is {item['status']}, {entry}"


def _payment(evidence: Evidence, transaction: Transaction) -> Iterator[str]:
    entry = evidence.ledger[transaction.transaction_id]
    reported = evidence.record.reported.get(transaction.transaction_id, [])
    behaviour = behaviour_of(transaction.provider_reference or "")
    if entry.voids > 1:
        yield f"its provider voided it {entry.voids} times"
    if entry.voids and len(entry.keys) > 1:
        yield f"it was voided with {len(entry.keys)} idempotency keys"
    if evidence.status is not SessionStatus.CANCELLED:
        if entry.void_requests:
            yield "its provider was asked to void it, and the session was not cancelled"
        return
    ends = {behaviour.end.value, *reported}
    if transaction.status not in ends:
        yield f"it is {transaction.status}, and ended as one of {sorted(ends)}"
    voidable = behaviour.kind is not Kind.UNSTOPPABLE and "CANCELLED" not in reported
    if transaction.status == "CANCELLED" and voidable and not entry.voids:
        yield "it is CANCELLED, and its provider did not void it"
    yield from _money(evidence, transaction, reported)


def _money(evidence: Evidence, transaction: Transaction, reported: list[str]) -> Iterator[str]:
    """Money that arrived all the same is shown, and no other."""
    requested, settled = evidence.snapshot.session.cancel_requested_at, transaction.settled_at
    late = bool(settled and requested and settled > requested)
    if "SETTLED" in reported and transaction.status != "SETTLED":
        late = True
    shown = evidence.shown.get(transaction.transaction_id)
    if late and shown is not True:
        yield f"its money came after the cancellation, and GET shows {shown}"

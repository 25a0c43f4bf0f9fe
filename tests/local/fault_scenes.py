"""The scenes of the table of faults, played: each on a session of its own, to be told by it."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import urllib3

from checkout.bootstrap import new_id, utc_now
from checkout.lease import CancelRequest, new_lock
from checkout.payments import complete_session, record_status
from checkout.providers.sandbox.ledger import LedgerEntry
from checkout.sessions import SessionStatus
from checkout.storage.session_requests import due_shard
from checkout.transactions import SessionSnapshot, TransactionKey, TransactionStatus
from local.calls import Answer, Client
from local.inspection import Inspector
from local.stack import Stack
from local.waiting import wait_until
from tests.local.conftest import Seed, Seeded
from tests.local.fault_table import Act, Scene
from tests.local.moments import PATIENCE, wait_until_voided

# A driver that took its lock so long ago is dead, and its lease is over.
LONG_AGO = timedelta(minutes=2)


@dataclass
class Part:
    """A scene on its session, which has one payment.

    `first` is what the scene's caller was answered, `found` and `asked` how the session and the
    provider were found right after it; `repeats` are the answers to the calls that end it.
    `trouble` is what kept it from being played.
    """

    scene: Scene
    session: Seeded
    key: str
    target: Mapping[str, str]
    first: Answer | None = None
    found: SessionSnapshot | None = None
    asked: LedgerEntry | None = None
    repeats: list[Answer] = field(default_factory=list)
    trouble: str = ""


@dataclass(frozen=True)
class Stage:
    stack: Stack
    merchant: Client
    seed: Seed
    inspect: Inspector

    def prepare(self, scene: Scene) -> Part:
        session, key = self.seed(scene.payment), str(uuid4())
        if scene.session is SessionStatus.COMPLETED:
            complete_session(self.inspect.store, self.inspect.key(session.session_id), utc_now())
        merchant_id = self.merchant.merchant.client_id
        # As Powertools makes it of the merchant and the key.
        record = hashlib.sha256(json.dumps([merchant_id, key]).encode()).hexdigest()
        target = {
            "partition": f"MERCHANT#{merchant_id}#SESSION#{session.session_id}",
            "session": session.session_id,
            "transaction": session.transaction_ids[0],
            "record": record,
            "shard": due_shard(session.session_id),
        }
        return Part(scene, session, key, target)

    def act(self, part: Part) -> None:
        """What the scene's caller does."""
        session_id = part.session.session_id
        acts: dict[Act, Callable[[], Answer]] = {
            Act.CANCEL: lambda: self.merchant.cancel(session_id),
            Act.CANCEL_WITH_KEY: lambda: self.merchant.cancel(session_id, idempotency_key=part.key),
            Act.CANCEL_AND_SETTLE: lambda: self._cancel_and_settle(part),
            Act.READ: lambda: self.merchant.get(session_id),
        }
        try:
            part.first = acts[part.scene.act]()
        except (AssertionError, urllib3.exceptions.HTTPError) as problem:
            # One that is not answered must not keep the others from being played.
            part.trouble = repr(problem)
        part.found = self.snapshot(part)
        part.asked = self.ledger(part)

    def repeat(self, part: Part) -> None:
        """A cancellation by the caller, without a key: it drives."""
        part.repeats.append(self.merchant.cancel(part.session.session_id))

    def lock_and_die(self, part: Part) -> None:
        """What is left of a driver that died right after its lock, some time ago."""
        request = CancelRequest(self.merchant.merchant.client_id, None)
        lock = new_lock(new_id(), utc_now() - LONG_AGO, 0.0, request)
        key = self.inspect.key(part.session.session_id)
        assert self.inspect.store.lock_for_cancellation(key, lock).held

    def recover(self) -> None:
        """One run of the recovery, as the schedule starts it; returns when it is over."""
        name = f"{self.stack.stack_name}-reconcile"
        self.stack.aws.functions.invoke(FunctionName=name, Payload=b"{}")

    def snapshot(self, part: Part) -> SessionSnapshot:
        return self.inspect.snapshot(part.session.session_id)

    def status(self, part: Part) -> SessionStatus:
        return self.snapshot(part).session.status

    def ledger(self, part: Part) -> LedgerEntry:
        (transaction_id,) = part.session.transaction_ids
        return self.inspect.ledger("sandbox", transaction_id)

    def _cancel_and_settle(self, part: Part) -> Answer:
        (transaction_id,) = part.session.transaction_ids
        key = TransactionKey(self.inspect.key(part.session.session_id), transaction_id)
        with ThreadPoolExecutor() as pool:
            call = pool.submit(self.merchant.cancel, part.session.session_id)
            wait_until_voided(self.inspect, "sandbox", [transaction_id])
            record_status(self.inspect.store, key, TransactionStatus.SETTLED, utc_now())
            return call.result()


def wait_until_free(stage: Stage, parts: Sequence[Part]) -> None:
    """Wait until a caller's repeat drives each, and so does the recovery where it does."""
    items = [stage.inspect.session_item(part.session.session_id) for part in parts]
    recovered = [item["dueAt"] for item in items if item["drives"] == 1]
    free = max([*recovered, *(item["leaseUntil"] for item in items)], default=0)
    wait_until(lambda: utc_now().timestamp() * 1000 > free, "no lease is left", PATIENCE * 2)

"""Every call of AWS in a cancellation, every way in which it can fail, and what may come of it.

A rule of microburst tells whose request it is by its body (JMESPath) and its function.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from checkout.sessions import SessionStatus
from checkout.transactions import TransactionStatus
from local.microburst import Rule, caller
from tests.template.cloudformation import REAL

READS = frozenset({"Query", "GetItem"})


@dataclass(frozen=True)
class Request:
    """`shape` tells it from a function's other requests; `of` tells whose it is."""

    name: str
    operation: str
    shape: str
    of: str


def _update(name: str, shape: str) -> Request:
    return Request(name, "UpdateItem", shape, "Key.PK.S == '{partition}'")


def _value(name: str) -> str:
    return f'ExpressionAttributeValues."{name}"'


OF_PAYMENT = "contains(Key.payment.S, '{transaction}')"

LOCK = _update("lock", _value(":lease"))
LOOK = Request("look", "Query", _value(":pk"), f"{_value(':pk')}.S == '{{partition}}'")
INVOKE = Request("invocation", "Invoke", "leaseUntil", "sessionId == '{session}'")
START = Request("start", "StartSyncExecution", "input", "contains(input, '{session}')")
MARK = _update("mark", f"{_value(':mark')} && !({_value(':driver')})")
COMPLETE = _update("completion", f"{_value(':cancelled')} && {_value(':pending')}")
RELEASE = _update("release", _value(":free"))
POSTPONE = _update("postponement", _value(":seen"))
OUTCOME = _update("outcome", _value(":driver"))
LATE_SETTLEMENT = _update("late settlement", _value(":settled"))
LEDGER_REQUEST = Request("provider's count", "UpdateItem", _value(":keys"), OF_PAYMENT)
LEDGER_VOID = Request(
    "provider's void", "UpdateItem", f"{_value(':one')} && !({_value(':keys')})", OF_PAYMENT
)
LEDGER_READ = Request("provider's status", "GetItem", "Key.payment", OF_PAYMENT)
RECORD_PUT = Request("key's record", "PutItem", "Item.id", "contains(Item.id.S, '{record}')")
RECORD_ANSWER = Request("key's answer", "UpdateItem", "Key.id", "contains(Key.id.S, '{record}')")
RECORD_DELETE = Request("key's end", "DeleteItem", "Key.id", "contains(Key.id.S, '{record}')")
# What the sandbox does in its ledger stands for the provider: its faults are the provider's.
OF_THE_PROVIDER = (LEDGER_REQUEST, LEDGER_VOID, LEDGER_READ)
LIST = Request("list", "Query", _value(":shard"), f"{_value(':shard')}.S == '{{shard}}'")


class Act(Enum):
    """What makes the function call. The last two need no caller."""

    CANCEL = "cancel"
    CANCEL_WITH_KEY = "cancel with a key"
    CANCEL_AND_SETTLE = "cancel, and the payer is faster"
    READ = "read"
    RECOVER = "recover what a dead driver left"
    LIST = "recover, on its own"


@dataclass(frozen=True)
class Scene:
    """Without a fault: the answer's status, and how many are in its two lists.

    With faults too: what becomes of the payment, and how often its provider voids it.
    """

    act: Act
    payment: str = "sandbox:ok_1"
    answer: int = 200
    cancelled: int = 1
    pending: int = 0
    session: SessionStatus = SessionStatus.CANCELLED
    transaction: TransactionStatus = TransactionStatus.CANCELLED
    voids: int = 1


PLAIN = Scene(Act.CANCEL)
ONE_STAYS = Scene(Act.CANCEL, "sandbox:flaky_1_1", cancelled=0, pending=1)
AWAITED = Scene(Act.CANCEL, "sandbox:async_3_1", cancelled=0, pending=1)
HAD_SETTLED = Scene(
    Act.CANCEL, "sandbox:settled_1", cancelled=0, transaction=TransactionStatus.SETTLED, voids=0
)
# Both: the sandbox carries out a void, and is not told of the settlement that the payer made.
OVERTAKEN = Scene(
    Act.CANCEL_AND_SETTLE, "sandbox:slow_1500_1", cancelled=0, transaction=TransactionStatus.SETTLED
)
KEYED = Scene(Act.CANCEL_WITH_KEY)
COMPLETED = Scene(
    Act.CANCEL_WITH_KEY,
    answer=409,
    session=SessionStatus.COMPLETED,
    transaction=TransactionStatus.PENDING,
    voids=0,
)
READ = Scene(Act.READ, session=SessionStatus.OPEN, transaction=TransactionStatus.PENDING, voids=0)
DEAD_DRIVER = Scene(Act.RECOVER)
DEAD_DRIVER_ONE_STAYS = Scene(Act.RECOVER, "sandbox:flaky_1_1")
ALONE = Scene(Act.LIST)


@dataclass(frozen=True)
class Call:
    """The nth such request in the scene. With `unheard`, the worker is never heard of. The machine
    is asked only after Lambda has refused to run the worker: so it is refused where START fails.

    `refusals` are the answers besides the scene's own that a fault may lead to. `recognised`: a
    second try knows the first one's write for its own.
    """

    function: str
    request: Request
    scene: Scene
    nth: int = 1
    refusals: frozenset[int] = frozenset()
    unheard: bool = False
    recognised: bool = True

    @property
    def faults(self) -> Iterator[tuple["Fault", bool]]:
        """Each with whether it lasts for as long as the call is tried, or comes once."""
        if self.request in (INVOKE, START):
            # One try (bootstrap.py). After it only the machine can hide what befell the worker.
            faults = OF_THE_WORKER if self.request is INVOKE else OF_THE_MACHINE
            yield from ((fault, not fault.hidden) for fault in faults)
            return
        yield from ((fault, True) for fault in (RATE_LIMITED, *OF_READS))
        if self.request in OF_THE_PROVIDER:
            return
        yield from ((fault, False) for fault in (THROTTLED, *OF_READS))
        if self.request.operation not in READS:
            yield from ((fault, lasting) for fault in OF_WRITES for lasting in (True, False))

    @property
    def ordinary(self) -> bool:
        """Whether its scene makes it when nothing has failed before."""
        return not self.unheard and self.request is not START

    @property
    def name(self) -> str:
        ordinal = {1: "", 2: "second "}[self.nth]
        return f"{self.function}, {ordinal}{self.request.name}"


UNREACHABLE = frozenset({503})
UNREACHABLE_OR_BUSY = frozenset({409, 503})
DRIVER, WORKER = "cancel-session", "cancel-with-sandbox"
RECOVERY, COMPLETION = "reconcile", "complete-cancellations"

CALLS = (
    Call(DRIVER, LOCK, PLAIN, refusals=UNREACHABLE),
    Call(DRIVER, LOOK, PLAIN),
    Call(DRIVER, INVOKE, PLAIN),
    Call(DRIVER, START, PLAIN),
    Call(DRIVER, MARK, PLAIN, unheard=True),
    Call(DRIVER, LOOK, ONE_STAYS, nth=2),
    Call(DRIVER, RELEASE, ONE_STAYS),
    Call(DRIVER, COMPLETE, PLAIN),
    # Powertools takes it for the record of another call that runs.
    Call(DRIVER, RECORD_PUT, KEYED, refusals=UNREACHABLE_OR_BUSY, recognised=False),
    Call(DRIVER, RECORD_ANSWER, KEYED),
    Call(DRIVER, RECORD_DELETE, COMPLETED),
    Call(WORKER, OUTCOME, PLAIN),
    Call(WORKER, LATE_SETTLEMENT, OVERTAKEN),
    Call(WORKER, LEDGER_REQUEST, PLAIN),
    Call(WORKER, LEDGER_VOID, PLAIN),
    Call(WORKER, LEDGER_READ, HAD_SETTLED),
    Call(COMPLETION, LOOK, AWAITED),
    Call(COMPLETION, COMPLETE, AWAITED),
    Call("get-session", LOOK, READ, refusals=UNREACHABLE),
    Call(RECOVERY, LIST, ALONE),
    Call(RECOVERY, LOCK, DEAD_DRIVER),
    Call(RECOVERY, LOOK, DEAD_DRIVER),
    Call(RECOVERY, INVOKE, DEAD_DRIVER),
    Call(RECOVERY, START, DEAD_DRIVER),
    Call(RECOVERY, MARK, DEAD_DRIVER, unheard=True),
    Call(RECOVERY, POSTPONE, DEAD_DRIVER, unheard=True),
    Call(RECOVERY, LOOK, DEAD_DRIVER_ONE_STAYS, nth=2),
    Call(RECOVERY, RELEASE, DEAD_DRIVER_ONE_STAYS),
    Call(RECOVERY, COMPLETE, DEAD_DRIVER),
)
# The code of the others is the same; a call that only one of them makes would be seen.
LIKE_THE_WORKER = ("cancel-with-sandbox-b", "cancel-with-sandbox-c")
# Functions that no scene has, and the tests in which their calls fail. Those of real providers are
# the worker, too, and read a secret.
ELSEWHERE = {
    **{f"cancel-with-{name}": "tests/unit/test_accounts.py" for name in REAL.values()},
    "list-sessions": "tests/integration/test_list_sessions.py",
    "operate": "tests/integration/test_operate.py",
    # The code of cancel-session, which every scene has.
    "operator-cancel": "tests/integration/test_operator_cancel.py",
    "receive-webhook": "tests/integration/test_receive_webhook.py",
    "match-reports": "tests/integration/test_match_reports.py",
    "publish-events": "tests/integration/test_publish_events.py",
    "send-webhooks": "tests/integration/test_send_webhooks.py",
}


@dataclass(frozen=True)
class Fault:
    """`effect` is in microburst's words. `hidden`: if it happens once, another try hides it.

    `done`: the request is carried out all the same.
    """

    name: str
    effect: Mapping[str, Any] = field(hash=False)
    hidden: bool = True
    done: bool = False


def _error(code: str, status: int = 400) -> Mapping[str, Any]:
    return {"error": {"code": code, "status": status}}


# AWS answers 200 for an execution that failed, and so does this.
FAILED = {"error": {"status": 200, "fields": {"status": "FAILED", "error": "States.Runtime"}}}


# Longer than the SDK waits (bootstrap.py): 1 s for the store, 13 s for a worker or the machine.
STORE_MS, FAN_OUT_MS = 1_500, 13_500
RESET = Fault("reset", {"reset": True})
# Two fates of a request whose caller gave up: it never arrived, or it is carried out afterwards.
NEVER_ARRIVED = Fault("time-out", {"timeout_ms": STORE_MS})
ARRIVED_LATE = Fault("time-out, done later", {"latency": STORE_MS}, done=True)
ANSWER_LOST = Fault("answer lost", {"response": {"abort_bytes": 0}}, done=True)
CONFLICT = Fault("conflict", _error("TransactionConflictException"), hidden=False)
THROTTLED = Fault("throttled", _error("ProvisionedThroughputExceededException"))
RATE_LIMITED = Fault("rate limited", _error("ThrottlingException"))
BROKEN = Fault("broken", _error("InternalServerError", 500))
OF_READS = (BROKEN, RESET, NEVER_ARRIVED, ANSWER_LOST)
OF_WRITES = (ARRIVED_LATE, CONFLICT)
UNHEARD = (
    Fault("reset", {"reset": True}, hidden=False),
    Fault("time-out", {"timeout_ms": FAN_OUT_MS}, hidden=False),
    Fault("answer lost", {"response": {"abort_bytes": 0}}, hidden=False, done=True),
)
OF_THE_MACHINE = (
    Fault("throttled", _error("ThrottlingException"), hidden=False),
    Fault("broken", _error("InternalServerError", 500), hidden=False),
    *UNHEARD,
    Fault("failed", FAILED, hidden=False),
)
# But what Lambda refuses, the machine does.
OF_THE_WORKER = (
    Fault("throttled", _error("TooManyRequestsException", 429)),
    Fault("broken", _error("ServiceException", 500)),
    *UNHEARD,
)


@dataclass(frozen=True)
class Row:
    call: Call
    fault: Fault
    lasting: bool

    def __str__(self) -> str:
        return f"{self.call.name}, {self.fault.name}, {'as long' if self.lasting else 'once'}"

    @property
    def tries(self) -> int:
        """How often it fails, at the least: the SDK tries the store twice."""
        return 2 if self.lasting and self.fault.hidden else 1

    @property
    def is_hidden(self) -> bool:
        """Nobody but the SDK notices: the answer is as if nothing had been."""
        unknown = self.fault.done and not self.call.recognised
        return self.fault.hidden and not (self.lasting or unknown)

    def rules(self, target: Mapping[str, str]) -> list[Rule]:
        """The first that matches decides, so what is to pass comes before what is to fail."""
        call = self.call
        request = matching(call.function, call.request, target)
        rules: list[Rule] = [{**request, "times": call.nth - 1}] if call.nth > 1 else []
        before = matching(call.function, INVOKE, target)
        if call.unheard:
            rules.append({**before, **RESET.effect})
        if call.request is START:
            rules.append({**before, **OF_THE_WORKER[0].effect})
        fails: Rule = {**request, **self.fault.effect}
        return [*rules, fails if self.lasting else {**fails, "times": 1}]


def matching(function: str, request: Request, target: Mapping[str, str] | None = None) -> Rule:
    """The part of a rule that says when; without a `target`, whoever's request it is."""
    whose = f" && {request.of.format(**target)}" if target else ""
    body = f"({request.shape}){whose}"
    return {"headers": caller(function), "operation": request.operation, "body": body}


ROWS = tuple(Row(call, fault, lasting) for call in CALLS for fault, lasting in call.faults)

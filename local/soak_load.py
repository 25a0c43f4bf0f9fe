"""The load of a soak, and what comes after it: clients, webhooks, kills; then the recovery."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

from local.calls import Client
from local.microburst import Microburst
from local.payments import PaymentSide
from local.soak_client import SoakClient, cancel
from local.soak_history import UNENDED, Follower
from local.soak_records import Record, Records
from local.soak_trouble import Killer, rules
from local.soak_webhooks import Webhooks
from local.stack import Stack

CLIENTS = 8
START_WITHIN_SECONDS = 30.0
SAY_EVERY_SECONDS = 10.0
LOOK_EVERY_SECONDS = 0.5
# A lease is a minute, and the recovery is due soon after it.
BY_THEMSELVES_SECONDS = 100.0
END_WITHIN_SECONDS = 180.0
# It comes each minute by itself; the soak need not wait for that.
RECOVER_EVERY_SECONDS = 5.0


@dataclass
class Load:
    """`say` is called now and then, with the seconds since it `began` (monotonic clock).

    `loaded` is for how many of them there were new sessions; `repeated` counts the sessions that
    waited so long for the recovery that their callers repeated their cancellation.
    """

    stack: Stack
    proxy: Microburst
    seed: str
    follower: Follower
    killer: Killer
    say: Callable[[float], None]
    began: float
    records: Records = field(default_factory=Records)
    loaded: float = 0.0
    repeated: int = 0

    def __post_init__(self) -> None:
        self._merchant = Client(self.stack, self.stack.merchants[0])
        self._side = PaymentSide(self.stack, self._merchant.merchant.client_id)

    def run(self, seconds: float) -> None:
        """Sessions, faults and kills for so long; then none, until every session has ended."""
        over = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            follower = pool.submit(self.follower.run, over)
            try:
                self._trouble(seconds)
                self._calm()
            finally:
                over.set()
            follower.result()
        self.follower.read()

    def _trouble(self, seconds: float) -> None:
        over = threading.Event()
        webhooks = Webhooks(self._side)
        with ThreadPoolExecutor(CLIENTS + 2) as pool:
            others = [pool.submit(webhooks.run)]
            playing: list[Future[None]] = []
            try:
                for n in range(CLIENTS):
                    client = self._client(n, webhooks)
                    playing.append(pool.submit(client.run, over))
                    # One after the other, so that not all functions start cold at once.
                    self._wait(START_WITHIN_SECONDS, client.under_way.is_set)
                self.proxy.set_rules(rules())
                others.append(pool.submit(self.killer.run, over))
                self._wait(seconds, lambda: False)
            finally:
                over.set()
                self.loaded = time.monotonic() - self.began
                for each in playing:
                    each.result()
                webhooks.close()
            for each in others:
                each.result()
        self.proxy.set_rules([])

    def _client(self, n: int, webhooks: Webhooks) -> SoakClient:
        random = Random(f"{self.seed} {n}")  # noqa: S311
        return SoakClient(self._merchant, self._side, random, self.records, webhooks)

    def _calm(self) -> None:
        over = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            recovering = pool.submit(self._recover, over)
            try:
                self._wait(BY_THEMSELVES_SECONDS, lambda: not self._unended())
                self._repeat(self._unended())
            finally:
                over.set()
            recovering.result()

    def _repeat(self, left: list[Record]) -> None:
        """The callers have waited long enough for the recovery, which comes ever less often."""
        self.repeated = len(left)
        for record in left:
            record.calls.append(cancel(self._merchant, record.session_id))
        self._wait(END_WITHIN_SECONDS, lambda: not self._unended())

    def _recover(self, over: threading.Event) -> None:
        name = f"{self.stack.stack_name}-reconcile"
        while not over.wait(RECOVER_EVERY_SECONDS):
            self.stack.aws.functions.invoke(FunctionName=name, Payload=b"{}")

    def _unended(self) -> list[Record]:
        states = self.follower.history.states
        return [each for each in self.records if states.get(each.session_id) in UNENDED]

    def _wait(self, seconds: float, is_enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        say_at = time.monotonic()
        while time.monotonic() < deadline and not is_enough():
            if time.monotonic() >= say_at:
                self.say(time.monotonic() - self.began)
                say_at += SAY_EVERY_SECONDS
            time.sleep(min(LOOK_EVERY_SECONDS, max(0.0, deadline - time.monotonic())))

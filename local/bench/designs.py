"""How a cancellation could be built, and what each way uses of AWS for one of them.

Ours is read from template.yaml. All keep the same calls of the table (counted.py), so that they
differ in what runs, for how long, and in how much memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from checkout.bootstrap import MB_PER_CALL
from checkout.provider_cancellation import MAX_PARALLEL_CALLS
from local.bench.cost import ARM, REST, X86, Express, Function, Usage
from tests.integration.stack import resolve
from tests.template.cloudformation import properties, template

if TYPE_CHECKING:
    from local.bench.capacity import Counts

# AWS Lambda, configuring memory: with this much a function has one whole processor.
WHOLE_PROCESSOR_MB = 1769
# Assumed: START, END, REPORT and the trace's id of one invocation.
LAMBDA_LOG_BYTES = 350
# X-Ray's default rule records one request a second and this share of the others.
TRACED = 0.05
API, WORKERS = "cancel_session", "workers"


# Milliseconds that an invocation does not wait, by megabytes of memory: measured (memory.py), on
# the machine that docs/benchmarks.md names. One with more has as much as with the most here.
Curve = tuple[tuple[int, float], ...]
DRIVER_BUSY: Curve = ((128, 115), (160, 50), (192, 42), (256, 30), (384, 18), (512, 14), (1769, 14))
WORKER_BUSY: Curve = ((128, 14), (160, 7), (192, 6), (1769, 6))


def at(curve: Curve, memory_mb: int) -> float:
    """Between two sizes in proportion. Raises ValueError: less than the least."""
    if memory_mb < curve[0][0]:
        raise ValueError(memory_mb)
    for (low, slow), (high, fast) in pairwise(curve):
        if memory_mb <= high:
            return slow + (fast - slow) * (memory_mb - low) / (high - low)
    return curve[-1][1]


def at_once(memory_mb: int) -> int:
    """Calls of one worker, at a provider that bears as many as any."""
    return min(MAX_PARALLEL_CALLS, memory_mb // MB_PER_CALL)


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds. `slower` times the measured processor's: another processor, or a busier one."""

    # What the comparison is made for.
    provider: float = 300
    # PutItem from Lambda, median: alexdebrie/dynamodb-performance-testing, about 2020.
    store_call: float = 7.55
    # StartSyncExecution, its Map and its Invokes: "tens of ms", known to nobody here.
    machine: float = 30
    # One Invoke that is waited for, and one that is not: half of that, and a third.
    invoke: float = 15
    hand_over: float = 10
    slower: float = 1
    driver_curve: Curve = DRIVER_BUSY
    worker_curve: Curve = WORKER_BUSY
    # Of a whole processor: what a worker is busy for with each transaction but its first.
    each_more: float = 4

    def driver_busy(self, memory_mb: int) -> float:
        return self.slower * at(self.driver_curve, memory_mb)

    def worker_busy(self, memory_mb: int) -> float:
        return self.slower * at(self.worker_curve, memory_mb)


TIMINGS = Timings()


# Of the counted writes of indexes: into `due` and out of it. The others are the list's.
OF_DUE = 2


class FanOut(Enum):
    """What carries the work to the providers, and who waits for it."""

    MACHINE = "Express machine where something is in flight"
    MACHINE_ALWAYS = "Express machine for every session"
    SINGLE_DIRECT = "a single worker is invoked, several by the machine"
    DIRECT = "every worker is invoked, by threads of the function"
    THREADS = "providers are called by threads of the function"
    GATEWAY = "the gateway starts the machine, which does it all"
    LATER = "workers are invoked and not waited for: 202"
    STANDARD = "Standard machine, not waited for: 202"
    DURABLE = "durable function, a step for each transaction"


@dataclass(frozen=True, slots=True)
class Design:
    """`due_index`: without it nothing finds a session whose driver died."""

    api_mb: int
    worker_mb: int
    architecture: str = ARM
    gateway: str = REST
    fan_out: FanOut = FanOut.MACHINE
    due_index: bool = True


# The functions for 512 MB, and the machine for every session, as most would begin.
PLAIN = Design(512, 512, X86, fan_out=FanOut.MACHINE_ALWAYS)
# Ours before it was measured.
BEFORE = Design(1024, 1024, fan_out=FanOut.MACHINE)


def ours() -> Design:
    """As template.yaml deploys it, by its parameters' defaults."""
    return Design(
        api_mb=_memory("CancelSessionFunction"),
        worker_mb=_memory("CancelWithStripeFunction"),
        architecture=str(template()["Parameters"]["Architecture"]["Default"]),
        fan_out=FanOut.SINGLE_DIRECT,
    )


def _memory(function: str) -> int:
    common = template()["Globals"]["Function"]["MemorySize"]
    return int(resolve(properties(function).get("MemorySize", common)))


@dataclass(frozen=True, slots=True)
class Estimate:
    """`answer_ms` is until the function, or the machine, has its answer: without the network."""

    usage: Usage
    answer_ms: float


def estimate(design: Design, counts: Counts, timings: Timings = TIMINGS) -> Estimate:
    """Of one cancellation of the session that was counted."""
    return _Run(design, counts, timings).estimate()


class _Run:
    def __init__(self, design: Design, counts: Counts, timings: Timings) -> None:
        self._design = _settled(design, counts)
        self._counts = counts
        self._timings = timings
        self._how = self._design.fan_out
        self._waits = self._how not in (FanOut.LATER, FanOut.STANDARD)

    def estimate(self) -> Estimate:
        answer = self._answer_ms()
        functions = self._functions(answer)
        logged = LAMBDA_LOG_BYTES * sum(each.times for each in functions)
        # Lock and query have to be made for every session that is given to the machine.
        unread = self._how in (FanOut.MACHINE_ALWAYS, FanOut.GATEWAY) and not self._counts.reads
        usage = Usage(
            gateway=self._design.gateway,
            functions=functions,
            express=self._express(answer),
            transitions=self._transitions(),
            operations=self._operations(),
            table_writes=self._counts.table_writes,
            index_writes=self._counts.index_writes - (0 if self._design.due_index else OF_DUE),
            reads=self._counts.reads + self._workers_reads() + unread * self._counts.query_reads,
            stream_reads=self._counts.table_writes,
            log_bytes=logged + self._counts.log_bytes,
            traces=TRACED,
        )
        return Estimate(usage, answer)

    @property
    def _has_workers(self) -> bool:
        return self._counts.workers > 0 and self._how not in (FanOut.THREADS, FanOut.DURABLE)

    def _functions(self, answer: float) -> tuple[Function, ...]:
        design, found = self._design, []
        if self._how is not FanOut.GATEWAY:
            found.append(Function(API, 1, answer, design.api_mb, design.architecture))
        if self._has_workers:
            times, took = self._counts.workers, self._worker_ms()
            found.append(Function(WORKERS, times, took, design.worker_mb, design.architecture))
        return tuple(found)

    def _answer_ms(self) -> float:
        calls = self._counts.store_calls * self._timings.store_call
        busy = 0 if self._how is FanOut.GATEWAY else self._timings.driver_busy(self._design.api_mb)
        if self._how is FanOut.MACHINE_ALWAYS and not self._counts.reads:
            calls += self._timings.store_call
        if not self._waits and self._counts.workers:
            calls -= self._timings.store_call  # somebody else completes it
        return busy + calls + self._fan_out_ms()

    def _fan_out_ms(self) -> float:
        time = self._timings
        if self._how in (FanOut.MACHINE_ALWAYS, FanOut.GATEWAY) and not self._counts.workers:
            return time.machine
        if not self._counts.workers:
            return 0
        if not self._waits:
            return time.hand_over
        if not self._has_workers:
            return time.provider + time.store_call
        through = time.invoke if self._how is FanOut.DIRECT else time.machine
        return through + self._worker_ms()

    def _worker_ms(self) -> float:
        """Its transactions wait side by side, so many at once, and share its processor."""
        time, memory = self._timings, self._design.worker_mb
        # If nobody waits, the last worker completes: each looks, and one writes.
        calls = 1 if self._waits else 2
        each = ceil(self._counts.transactions / self._counts.workers)
        waits = ceil(each / at_once(memory)) * (time.provider + calls * time.store_call)
        more = (each - 1) * time.each_more * time.slower
        share = min(1.0, memory / WHOLE_PROCESSOR_MB)
        return time.worker_busy(memory) + max(waits, time.provider + more / share)

    def _workers_reads(self) -> int:
        return 0 if self._waits else self._counts.workers * self._counts.query_reads

    def _express(self, answer: float) -> Express:
        if self._how is FanOut.GATEWAY:
            return Express(1, answer)
        wanted = self._how is FanOut.MACHINE and self._counts.workers > 0
        if self._how is FanOut.MACHINE_ALWAYS or wanted:
            return Express(1, self._fan_out_ms())
        return Express(0, 0)

    def _transitions(self) -> int:
        """Start, Map and end, and one for each worker; none where nothing is in flight."""
        started = self._how is FanOut.STANDARD and self._counts.workers
        return self._counts.workers + 3 if started else 0

    def _operations(self) -> int:
        """At the least: the execution and a step for each transaction."""
        return self._counts.transactions + 1 if self._how is FanOut.DURABLE else 0


def _settled(design: Design, counts: Counts) -> Design:
    """One that does either is settled by the number of workers."""
    if design.fan_out is not FanOut.SINGLE_DIRECT:
        return design
    how = FanOut.DIRECT if counts.workers == 1 else FanOut.MACHINE
    return replace(design, fan_out=how)

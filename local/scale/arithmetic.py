"""The arithmetic of docs/scale.md: pure functions, each with the rule that it stands for.

Rates are for a second, durations in seconds.
"""

from math import ceil, log2

MINUTE = 60.0


def in_flight(rate: float, seconds: float) -> float:
    """Little's law: what arrives at `rate` and stays for `seconds` is so many at once."""
    return rate * seconds


def concurrency(seconds: float, calls_per_environment: float) -> float:
    """Of Lambda, for one call a second: an environment serves so many calls and no more."""
    return max(seconds, 1 / calls_per_environment)


def holds_to(quota: float, each: float) -> float:
    """Cancellations a second at which `quota` is used up, if one of them takes `each`."""
    return quota / each


def growth_seconds(environments: float, per_ten_seconds: float) -> float:
    """From none to so many environments of one function; meanwhile the rest is throttled."""
    return 10 * environments / per_ten_seconds


def shards_needed(rate: float, writes: float, per_partition: float, use: float = 0.5) -> int:
    """Keys that share `rate` x `writes`, each at most `use` full: the next power of two.

    A power of two keeps every old shard's number, and half is room for a hash that is not even.
    """
    return int(2 ** ceil(log2(max(1.0, rate * writes / (per_partition * use)))))


def secret_reads(environments: float, calls: float, accounts: float, kept_for: float) -> float:
    """Look-ups a second, at most: an environment reads each account that it meets, once in a while.

    `calls` are of one environment a second: it cannot meet more accounts than it has calls.
    """
    return environments * min(accounts, calls * kept_for) / kept_for


def recovery_rate(
    starts: float, at_once: float, drive: float, begins_for: float, every: float = MINUTE
) -> float:
    """Sessions a second that one run after another drives, on the average."""
    return min(starts, at_once / drive) * begins_for / every


def backlog(rate: float, seconds: float) -> float:
    """Sessions that wait after an outage of so long."""
    return rate * seconds


def drain_seconds(sessions: float, rate: float) -> float:
    """Until each of them was driven once."""
    return sessions / rate


def records_per_shard(at_once: float, seconds: float) -> float:
    """Records a second that a shard's batches get through, one record after the other."""
    return at_once / seconds


def later_share(per_shard: float, partition: float, writes: float, transactions: float) -> float:
    """The share of transactions that may end after the call, for the stream to keep up.

    A shard is a partition, and partitions are as many as the writes need: so it is the same at
    every rate. More than 1 is all of them.
    """
    return per_shard / (partition / writes * transactions)


def foreign_reports(in_flight_limit: float, kept_for: float) -> float:
    """Reports a second that match nothing, each kept for so long, until the queue is full."""
    return in_flight_limit / kept_for


def untaken_events(at_once: float, look: float, between: float, kept_for: float) -> float:
    """Events a second that nobody takes, until to look at those that wait is all that is done.

    Each look takes `look` seconds, and each event is looked at once in `between` seconds.
    """
    waiting = at_once / look * between
    return waiting / kept_for


def parts(whole: float, each: float) -> int:
    """How many of `each` make up the whole: Regions, or accounts at a provider."""
    return ceil(whole / each)

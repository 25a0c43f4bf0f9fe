"""Writes docs/scale.md and its picture: `python -m local.scale.page`, or `make scale`.

The words are in template.md beside this file; every number in them is computed here.
"""

from pathlib import Path
from string import Template

from checkout.lease import DUE_SHARDS
from checkout.provider_cancellation import MAX_PARALLEL_CALLS
from checkout.providers.accounts import KEPT_FOR
from checkout.recovery import RUN
from local.bench.designs import LAMBDA_LOG_BYTES, TIMINGS
from local.console import run
from local.markdown import number
from local.pictures import draw
from local.places import ROOT
from local.scale import arithmetic, limits, load, quotas, tables
from local.scale.limits import Limit

PAGE, PICTURE = ROOT / "docs" / "scale.md", ROOT / "docs" / "scale.svg"
CELL = 10_000
# Assumed: our own lines of one cancellation and its reports.
LOG_BYTES = 2_000
# The largest item of a session, with 100 attempts, is below 5 KB.
SESSION_UNITS, MOST_TRANSACTIONS = 5, 100


def text() -> str:
    template = Template((Path(__file__).parent / "template.md").read_text())
    return template.substitute(_tables() | _short() | _keys() | _stream() | _recovery() | _rest())


def _tables() -> dict[str, str]:
    return {
        "breaks": tables.breaks(),
        "limits": tables.limit_table(),
        "takes": tables.takes(),
        "raised": tables.raised(),
        "functions": tables.functions(),
        "growth": tables.growth(),
        "drains": tables.drains(),
        "accounts": tables.accounts(),
        "quotas": tables.quota_table(),
        "unsure": tables.unsure(),
    }


def _short() -> dict[str, str]:
    return {
        "transactions": str(load.TRANSACTIONS),
        "executions_100k": number(100_000 * load.executions()),
        "cells": str(arithmetic.parts(100_000, CELL)),
        "opening": str(load.OPENING_WRITES),
        "opening_index": str(load.OPENING_INDEX_WRITES),
        "per_environment": number(quotas.PER_ENVIRONMENT.number),
        "sync_at_once": number(arithmetic.in_flight(1_000, load.MACHINE)),
        "sync_at_once_10k": number(arithmetic.in_flight(10_000, load.MACHINE)),
        "read": quotas.READ,
    }


def _keys() -> dict[str, str]:
    shares = {f"due_{rate // 1000}k": rate * load.DUE_WRITES / DUE_SHARDS for rate in load.LEVELS}
    needed = {f"shards_{rate // 1000}k": float(tables.shards(rate)) for rate in load.LEVELS}
    return {
        "shards": str(DUE_SHARDS),
        "due_writes": str(load.DUE_WRITES),
        "due_holds": number(arithmetic.holds_to(load.due_units(), load.DUE_WRITES)),
        "list_writes": str(load.PENDING_WRITES),
        "list_holds": number(
            arithmetic.holds_to(quotas.PARTITION_WRITES.number, load.PENDING_WRITES)
        ),
        # Each outcome, and lock and completion of the large item.
        "session_units": number(MOST_TRANSACTIONS + 2 * SESSION_UNITS),
        **{name: number(value) for name, value in (shares | needed).items()},
    }


def _stream() -> dict[str, str]:
    one = arithmetic.records_per_shard(1, load.RECORD)
    most = arithmetic.records_per_shard(quotas.BATCHES_PER_SHARD.number, load.RECORD)
    later = arithmetic.later_share(
        one, quotas.PARTITION_WRITES.number, load.TABLE_WRITES, load.TRANSACTIONS
    )
    return {
        "record_ms": f"{load.RECORD * 1000:.0f}",
        "record_rate": number(one),
        "record_rate_10": number(most),
        "later": f"{100 * later:.0f}",
    }


def _recovery() -> dict[str, str]:
    starts = load.parameter("RecoveryStartsPerSecond")
    pace = load.recovery(starts)
    return {
        "starts": number(starts),
        "run": number(RUN.total_seconds()),
        "recovery": number(pace),
        "recovery_run": number(pace * arithmetic.MINUTE),
        "at_once": str(MAX_PARALLEL_CALLS),
        "drive_ms": f"{load.RECOVERY_DRIVE * 1000:.0f}",
        "useful_starts": number(MAX_PARALLEL_CALLS / load.RECOVERY_DRIVE),
        "recovery_most": number(load.recovery(float("inf"))),
        "hanging": number(load.HANGING_DRIVE),
        "recovery_hanging": number(load.recovery(starts, load.HANGING_DRIVE)),
        "waiting": number(100 * load.WAITING),
        "drives": str(load.DRIVES),
    }


def _rest() -> dict[str, str]:
    foreign = arithmetic.foreign_reports(quotas.MESSAGES.number, load.give_up_seconds())
    logged = LOG_BYTES + LAMBDA_LOG_BYTES * (1 + load.TRANSACTIONS + load.REPORTS)
    return {
        "kept": number(KEPT_FOR),
        "secrets": _secrets(),
        "merchants": number(quotas.TOKENS.number * tables.HOUR),
        "give_up": number(load.give_up_seconds()),
        "foreign": number(foreign),
        "foreign_share": f"{100 * foreign / (1_000 * load.REPORTS):.1f}",
        "tried_h": number(load.tried_seconds() / tables.HOUR),
        "hidden": f"{quotas.MESSAGES.number / load.tried_seconds():.1f}",
        "look_ms": f"{load.LOOK * 1000:.0f}",
        "untaken": number(load.untaken_events()),
        "untaken_m": f"{load.untaken_events() * load.tried_seconds() / 1_000_000:.1f}",
        "log_mb": number(10_000 * logged / 1_000_000),
        "log_bytes": number(logged),
        "silent": ", ".join(quotas.SILENT),
        "worker_s": f"{load.WORKER:.2f}",
        "reserved": str(int(arithmetic.in_flight(quotas.STRIPE_ENDPOINT.number, load.WORKER))),
        "timings": f"a provider {TIMINGS.provider} ms, a store call {TIMINGS.store_call} ms,"
        f" the machine {TIMINGS.machine} ms",
    }


def _secrets() -> str:
    def told(rate: float) -> str:
        most = load.accounts_per_provider(rate)
        return f"{'any number' if most is None else number(most)} at {number(rate)}/s"

    return f"That suffices for so many at each provider: {', '.join(map(told, load.LEVELS))}."


def picture_data() -> dict[str, object]:
    def drawn(each: Limit) -> dict[str, object]:
        name = each.what.replace("`", "") + ("" if each.sure else " ?")
        return {"name": name, "holds_to": each.holds_to, "mend": each.mend.value}

    shown = [drawn(each) for each in limits.limits()]
    return {"limits": shown, "levels": load.LEVELS, "colours": tables.colours()}


def main() -> None:
    PAGE.write_text(text())
    draw(Path(__file__).with_name("plot.py"), picture_data(), PICTURE)
    print(f"   wrote {PAGE.relative_to(ROOT)} and {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    run(main)

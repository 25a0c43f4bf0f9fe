"""Processes with as little processor as Lambda gives a function of some memory, by Linux's quotas.

AWS, "Configure Lambda function memory": in proportion, and with 1,769 MB one whole processor. That
it is given out in slices of 20 ms is an assumption; a short burst fits into one slice.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.bench.designs import WHOLE_PROCESSOR_MB

SLICE_US = 20_000
# The first version of control groups has a folder for each resource, the second has one for all.
_FIRST, _SECOND = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")


def possible() -> bool:
    """Whether this user may do it here: on Linux, as root."""
    return os.geteuid() == 0 and (_is_first() or _is_second())


def quota_us(memory_mb: int) -> int:
    """Of each slice."""
    return round(SLICE_US * memory_mb / WHOLE_PROCESSOR_MB)


@contextmanager
def confined(memory_mb: Mapping[int, int]) -> Iterator[None]:
    """Each process, by its id, to what it would have of a processor with so much memory."""
    groups = {pid: _group(pid, each) for pid, each in memory_mb.items()}
    try:
        yield
    finally:
        for pid, group in groups.items():
            _write(group.parent / "cgroup.procs", pid)
            group.rmdir()


def _group(pid: int, memory_mb: int) -> Path:
    group = (_FIRST if _is_first() else _SECOND) / f"cancel-a-session-{pid}"
    group.mkdir()
    if _is_first():
        _write(group / "cpu.cfs_period_us", SLICE_US)
        _write(group / "cpu.cfs_quota_us", quota_us(memory_mb))
    else:
        _write(group / "cpu.max", f"{quota_us(memory_mb)} {SLICE_US}")
    _write(group / "cgroup.procs", pid)
    return group


def _write(path: Path, value: object) -> None:
    path.write_text(f"{value}\n")


def _is_first() -> bool:
    return (_FIRST / "cpu.cfs_quota_us").exists()


def _is_second() -> bool:
    controllers = _SECOND / "cgroup.subtree_control"
    return controllers.exists() and "cpu" in controllers.read_text().split()

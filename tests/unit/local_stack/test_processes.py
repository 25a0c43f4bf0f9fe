"""Background processes, remembered and stopped by pid."""

import json
import os
import sys
from pathlib import Path

import pytest

from local import processes
from local.processes import Process
from local.waiting import wait_until

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def test_a_later_process_with_the_same_pid_is_another_one() -> None:
    me = Process("me", os.getpid(), processes.born(os.getpid()))
    assert processes.is_alive(me)
    assert not processes.is_alive(Process("me", os.getpid(), "long ago"))


def test_one_that_never_was_is_not_alive() -> None:
    assert not processes.is_alive(Process("nobody", 2**22 + 1, ""))


@pytest.mark.parametrize("text", ["", "[{", '[{"name": "x"}]', '"x"'])
def test_a_book_that_was_cut_short_remembers_nobody(tmp_path: Path, text: str) -> None:
    book = tmp_path / "processes.json"
    book.write_text(text)
    assert processes.read(book) == []


def test_no_book_remembers_nobody(tmp_path: Path) -> None:
    assert processes.read(tmp_path / "processes.json") == []


def test_stopping_stops_what_the_process_has_started_too(tmp_path: Path) -> None:
    book, log = tmp_path / "processes.json", tmp_path / "parent.log"
    command = [sys.executable, "-c", PARENT]
    started = processes.start("parent", command, dict(os.environ), log, book)
    while not log.read_text().strip():
        assert processes.is_alive(started)
    child = Process("child", int(log.read_text()), processes.born(int(log.read_text())))
    assert json.loads(book.read_text())[0]["pid"] == started.pid
    assert processes.stop(processes.read(book)) == [started]
    assert not processes.is_alive(started)
    wait_until(lambda: not processes.is_alive(child), "its child is gone")


def test_stopping_what_is_gone_stops_nothing_else() -> None:
    assert processes.stop([Process("me", os.getpid(), "long ago")]) == []

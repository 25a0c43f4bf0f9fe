"""What a person sees: of long steps, of problems, of tables."""

import pytest

from local.console import WIDTH, Problem, run, seconds, step
from local.promises import Promises
from local.show import table


@pytest.mark.parametrize(
    ("duration", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (61.2, "1 min 1 s")]
)
def test_durations_are_told_in_seconds_and_minutes(duration: float, text: str) -> None:
    assert seconds(duration) == text


def test_a_step_says_when_it_begins_and_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with step("build"):
        pass
    with pytest.raises(Problem), step("deploy"):
        raise Problem("no")
    said = capsys.readouterr()
    assert said.out == ""
    assert "build ..." in said.err
    assert "build: done" in said.err
    assert "deploy: failed" in said.err


def test_a_problem_becomes_its_sentence_and_its_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def main() -> None:
        raise Problem("Port 4566 is in use.", 2)

    with pytest.raises(SystemExit) as end:
        run(main)
    assert end.value.code == 2
    assert capsys.readouterr().err == "Port 4566 is in use.\n"


def test_control_c_is_the_exit_code_that_shells_expect() -> None:
    def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        run(main)
    assert end.value.code == 130


def test_a_table_is_aligned_and_never_wider_than_the_line() -> None:
    drawn = table(["payment", "after"], [["ok_1", "CANCELLED"], ["slow_200_2", "x" * 200]])
    lines = drawn.splitlines()
    assert lines[1].index("CANCELLED") == lines[2].index("xxx")
    assert max(map(len, lines)) <= WIDTH
    assert lines[2].endswith("...")
    assert "\x1b" not in drawn


def test_promises_are_counted_and_the_broken_ones_remembered() -> None:
    promises = Promises()
    promises.check("water is wet", True)
    promises.check("fire is cold", False, "hot")
    assert promises.broken == ["fire is cold"]
    assert promises.summary == "1 of 2 promises kept"

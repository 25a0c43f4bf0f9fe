"""The gate: what counts as worse than the baseline, and that it stops a build."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.bench import gate
from local.bench.gate import Kind
from local.console import Problem

BEFORE = {"calls": 4.0, "dollars": 9.2}


@pytest.mark.parametrize(
    ("found", "margin", "worse"),
    [
        (4.0, 0.0, False),
        (3.0, 0.0, False),
        (5.0, 0.0, True),
        (4.4, 0.1, False),
        (4.41, 0.1, True),
    ],
)
def test_worse_is_more_than_the_baseline_and_its_margin(
    found: float, margin: float, worse: bool
) -> None:
    assert bool(gate.worse({"calls": found}, {"calls": 4.0}, margin)) is worse


def test_what_is_worse_says_by_how_much_it_may_be() -> None:
    assert gate.worse({"calls": 5.0}, {"calls": 4.0}, 0.1) == ["calls: 5, at most 4 and 10 %"]


def test_a_baseline_that_has_other_figures_is_no_baseline() -> None:
    said = gate.worse({"calls": 4.0, "new": 1.0}, BEFORE, 0.0)
    assert said == ["new: not in the baseline", "dollars: not measured any more"]


def measuring(*found: float) -> tuple[Kind, list[int]]:
    """A kind that is timed, and how long each of its measurements was asked to take."""
    left, efforts = list(found), []

    def measure(effort: int) -> dict[str, float]:
        efforts.append(effort)
        return {"ratio": left.pop(0)}

    return Kind("ratios", 0.1, measure, timed=True), efforts


def test_what_is_timed_has_another_and_longer_chance() -> None:
    kind, efforts = measuring(1.5, 1.3, 1.1)
    assert gate.check(kind, {"ratio": 1.2}) == []
    assert efforts == [1, 2], "the second was good enough"


def test_of_what_stays_worse_the_longest_is_told() -> None:
    kind, efforts = measuring(1.5, 1.6, 1.4)
    assert gate.check(kind, {"ratio": 1.2}) == ["ratios: ratio: 1.4, at most 1.2 and 10 %"]
    assert efforts == [1, 2, 4]


def test_what_is_counted_has_none() -> None:
    answers = iter([5.0, 4.0])
    kind = Kind("counted", 0.0, lambda _: {"calls": next(answers)})
    assert gate.check(kind, {"calls": 4.0}) == ["counted: calls: 5, at most 4 and 0 %"]


@pytest.fixture
def one_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What is measured, of one kind, beside a baseline of four calls."""
    found = {"calls": 4.0}
    baseline = tmp_path / "baseline.json"
    baseline.write_text(json.dumps({"counted": {"calls": 4.0}}))
    monkeypatch.setattr(gate, "BASELINE", baseline)
    monkeypatch.setattr(gate, "KINDS", (Kind("counted", 0.0, lambda _: dict(found)),))
    monkeypatch.setattr("sys.argv", ["gate"])
    return found


def test_one_call_more_fails_and_one_less_does_not(one_kind: dict[str, float]) -> None:
    gate.main()
    one_kind["calls"] = 3.0
    gate.main()
    one_kind["calls"] = 5.0
    with pytest.raises(Problem, match="counted: calls: 5, at most 4"):
        gate.main()


def test_a_new_baseline_is_what_was_measured(
    one_kind: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    one_kind["calls"] = 5.0
    monkeypatch.setattr("sys.argv", ["gate", "--write"])
    gate.main()
    assert gate.baseline() == {"counted": {"calls": 5.0}}


def test_a_kind_without_a_baseline_fails(one_kind: dict[str, float]) -> None:
    del one_kind
    gate.BASELINE.write_text("{}")
    with pytest.raises(Problem, match="calls: not in the baseline"):
        gate.main()


def test_without_a_baseline_it_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "BASELINE", tmp_path / "none.json")
    with pytest.raises(Problem, match="--write"):
        gate.baseline()


def test_the_baseline_of_the_repository_has_every_kind() -> None:
    figures: dict[str, Any] = gate.baseline()
    assert list(figures) == [kind.name for kind in gate.KINDS]
    assert all(figures.values())
    assert figures["calls, units, executions and wakes"]["1: driver's calls"] == 4
    assert figures["the layer: size, bytecode, imports"]["sources without bytecode"] == 0

"""The pages for operators agree with the template and with the tests."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.template.cloudformation import ROOT, of_type, properties, whole_text
from tests.template.metrics import Metric, published

FAILURE_MODES = (ROOT / "docs" / "failure-modes.md").read_text()
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
ROW = re.compile(r"^\| (?!what \||---).*\|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[str]:
    return [row for row in ROW.findall(FAILURE_MODES) if not row.startswith("|---")]


def functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_page_of_failure_modes_has_its_rows() -> None:
    assert len(rows()) >= 30


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[2:60])
def test_every_failure_mode_names_tests_that_exist(row: str) -> None:
    named = TEST.findall(row.split("|")[-2])
    assert named, "no test shows it"
    for file, name in named:
        assert name in functions(ROOT / file), name


COMPOSITES = of_type("AWS::CloudWatch::CompositeAlarm")


@pytest.mark.parametrize("alarm", [*of_type("AWS::CloudWatch::Alarm"), *COMPOSITES])
def test_every_alarm_has_its_section_in_the_runbook(alarm: str) -> None:
    _, found, section = RUNBOOK.partition(f"\n## {alarm}\n")
    assert found
    section = section.split("\n## ")[0]
    assert all(f"**{part}.**" in section for part in ("Meaning", "Look", "Do"))


SECURITY = (ROOT / "SECURITY.md").read_text()
THREATS = [row for row in ROW.findall(SECURITY) if not row.startswith(("|---", "| arrow"))]
SHOWN = re.compile(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`")


def test_every_kind_of_threat_is_thought_of() -> None:
    assert {row.split("|")[2].strip() for row in THREATS} == set("STRIDE")
    assert len(THREATS) >= 25


@pytest.mark.parametrize("row", THREATS, ids=lambda row: row[2:70])
def test_every_threat_names_tests_that_exist_or_is_accepted(row: str) -> None:
    named = SHOWN.findall(row.split("|")[-2])
    assert named or "risk accepted" in row
    for file, name in named:
        assert (ROOT / file).is_file(), file
        assert not name or name in functions(ROOT / file), name


DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text()


def test_what_the_page_of_deployment_says_is_shown_by_tests_that_exist() -> None:
    named = SHOWN.findall(DEPLOYMENT)
    assert len(named) >= 15
    assert [each for each in named if each[1] not in functions(ROOT / each[0])] == []


def test_the_page_of_deployment_tells_of_every_stage_and_its_stack() -> None:
    profiles = tomllib.loads((ROOT / "samconfig.toml").read_text())
    for stage in set(profiles) - {"version", "default", "local"}:
        stack = profiles[stage]["global"]["parameters"]["stack_name"]
        assert f"| `{stage}` | `{stack}` |" in DEPLOYMENT


OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
# A numbered point, up to the next one or to the end of its paragraph.
POINTS = re.findall(r"^\d+\. .*?(?=^\d+\. |^$|\Z)", OPERATIONS, re.MULTILINE | re.DOTALL)
SHOWN_POINT = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without their back-ticks."""
    below = OPERATIONS.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line.replace("`", "") for line in below.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point[:60])
def test_every_point_of_operations_names_tests_that_exist(point: str) -> None:
    named = SHOWN_POINT.findall(point)
    assert named, "no test shows it"
    for file, name in named:
        assert name in functions(ROOT / file), name


def test_every_section_of_operations_has_its_points() -> None:
    sections = re.findall(r"^## \d+\. .*?(?=^## |\Z)", OPERATIONS, re.MULTILINE | re.DOTALL)
    assert len(sections) == 7
    assert all(re.search(r"^1\. ", each, re.MULTILINE) for each in sections)
    assert sum(len(re.findall(r"^\d+\. ", each, re.MULTILINE)) for each in sections) == len(POINTS)


def test_the_table_of_metrics_is_what_the_code_publishes() -> None:
    told = [
        Metric(name, unit, tuple(sorted(re.findall(r"\w+", dimensions))))
        for name, unit, dimensions, *_ in table("2. Metrics")
    ]
    assert sorted(told) == sorted(published().values())


def test_the_table_of_alarms_is_what_the_template_says() -> None:
    told = {name: parts.split(", ") for name, parts in table("4. Alarms")}
    assert told == {
        name: re.findall(r"\$\{(\w+)\}", whole_text(properties(name)["AlarmRule"]))
        for name in COMPOSITES
    }


def test_the_table_of_queries_is_that_of_the_template() -> None:
    queries = of_type("AWS::Logs::QueryDefinition").values()
    names = [each["Properties"]["Name"]["Fn::Sub"].partition("/")[2] for each in queries]
    assert [name for name, _ in table("6. Saved queries")] == names

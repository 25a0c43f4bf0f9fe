"""`make provider`: what it writes works as it stands, and says what is still to be filled in."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.console import Problem
from local.new_provider import Names, make, new_files
from tests.template.cloudformation import ROOT

NOT_COPIED = shutil.ignore_patterns(".git", ".local", ".aws-sam", ".ci", "__pycache__")
# Named with a hyphen, the harder case: what is a name and what is a module differ.
ACME = Names("acme-pay")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, with a new provider."""
    place = tmp_path_factory.mktemp("project") / "copy"
    shutil.copytree(ROOT, place, ignore=NOT_COPIED)
    make(ACME, place)
    return place


def in_copy(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", *command]
    return subprocess.run(whole, cwd=copy, capture_output=True, text=True, check=False)


def test_all_of_its_tests_pass_but_the_one_that_asks_for_the_facts(copy: Path) -> None:
    tests = [
        "tests/contract/test_acme_pay.py",
        "tests/contract/test_adapters.py",
        "tests/template/test_functions.py",
        "tests/template/test_permissions.py",
        "tests/integration/test_saved_queries.py",
        "tests/unit/test_import_direction.py",
        "tests/unit/test_sizes.py",
    ]
    chosen = "acme or Acme or registry or import_in or place or size or story or every_log"
    done = in_copy(copy, "pytest", "-q", "-k", chosen, *tests)
    failed = re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE)
    assert failed == ["tests/contract/test_acme_pay.py::test_the_facts_are_the_providers_own"], (
        done.stdout
    )
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 80
    assert "name these" in done.stdout


def test_it_is_as_tidy_as_the_rest(copy: Path) -> None:
    for command in (["check"], ["format", "--check"]):
        done = in_copy(copy, "ruff", *command, "--quiet", ".")
        assert done.returncode == 0, done.stdout


def test_what_is_to_be_filled_in_says_so(copy: Path) -> None:
    for path in new_files(ACME):
        text = (copy / path).read_text().lower()
        told = path.name == "__init__.py" or "desks" in path.parts
        assert told or "replace" in text, path
        assert "acme-name" not in text


@pytest.mark.parametrize(
    "name", ["", "Acme", "acme_pay", "-acme", "a--b", "1a", "../a", "stripe", "http", "class"]
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(name: str) -> None:
    with pytest.raises(Problem):
        make(Names(name), ROOT)


def test_the_same_name_twice_is_refused(copy: Path) -> None:
    with pytest.raises(Problem, match="taken"):
        make(ACME, copy)

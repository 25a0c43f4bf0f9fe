"""Which python3 can build and run the project, and what those that cannot are told."""

import ast
from pathlib import Path

import pytest

from local import interpreter


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_the_four_supported_versions_are_taken_without_a_word(version: tuple[int, int]) -> None:
    assert interpreter.complaint(version, []) == ""


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (3, 15)])
def test_any_other_version_is_named_with_the_cure(version: tuple[int, int]) -> None:
    sentence = interpreter.complaint(version, [])
    assert f"{version[0]}.{version[1]}" in sentence
    assert "PYTHON=python3.13" in sentence


def test_a_python_without_venv_is_told_which_package_to_install() -> None:
    sentence = interpreter.complaint((3, 11), ["ensurepip"])
    assert "ensurepip" in sentence
    assert "apt install python3-venv" in sentence


def test_the_one_that_runs_these_tests_lacks_nothing() -> None:
    assert interpreter.missing() == []


def test_even_python_3_6_can_read_the_check() -> None:
    assert ast.parse(Path(interpreter.__file__).read_text(), feature_version=(3, 6)).body

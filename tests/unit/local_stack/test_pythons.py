"""Which interpreters the tests are run on."""

import sys
from pathlib import Path

import pytest

from local import pythons

HERE = "{}.{}".format(*sys.version_info[:2])


def _fake(place: Path, version: str, says: str) -> None:
    place.mkdir(parents=True)
    python = place / f"python{version}"
    python.write_text(f"#!/bin/sh\necho {says}\n")
    python.chmod(0o755)


@pytest.fixture(autouse=True)
def no_interpreter_but_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))


def test_the_supported_versions_are_those_that_make_accepts() -> None:
    assert pythons.supported() == ["3.11", "3.12", "3.13", "3.14"]
    assert HERE in pythons.supported()


def test_a_version_that_is_not_there_is_not_found() -> None:
    assert pythons.interpreter("3.12") is None


def test_a_shim_that_does_not_run_is_passed_over_for_what_it_hides(tmp_path: Path) -> None:
    _fake(tmp_path / "bin", "3.12", says="command not found")
    hidden = tmp_path / "pyenv" / "versions" / "3.12.1" / "bin"
    _fake(hidden, "3.12", says="3.12")
    assert pythons.interpreter("3.12") == hidden / "python3.12"

"""When an environment is made anew."""

from pathlib import Path

import pytest

from local import environments


def test_a_changed_lock_interpreter_or_place_makes_it_anew() -> None:
    made_from = environments.fingerprint(b"boto3==1", "/usr/bin/python3 3.11", "/here")
    assert made_from == environments.fingerprint(b"boto3==1", "/usr/bin/python3 3.11", "/here")
    others = {
        environments.fingerprint(b"boto3==2", "/usr/bin/python3 3.11", "/here"),
        environments.fingerprint(b"boto3==1", "/usr/bin/python3 3.12", "/here"),
        environments.fingerprint(b"boto3==1", "/usr/bin/python3 3.11", "/there"),
    }
    assert made_from not in others
    assert len(others) == 3


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path)
    return tmp_path


def test_one_that_was_interrupted_half_way_is_not_current(empty_folder: Path) -> None:
    (empty_folder / "dev" / "bin").mkdir(parents=True)
    assert not environments.is_current("dev")


def test_one_made_from_another_lock_is_not_current(empty_folder: Path) -> None:
    (empty_folder / "dev").mkdir()
    (empty_folder / "dev" / ".made-from").write_text("another")
    assert not environments.is_current("dev")


@pytest.mark.parametrize("name", ["uv", *environments.NAMES, *environments.ON_DEMAND])
def test_every_lock_has_hashes_and_names_no_index(name: str) -> None:
    lock = environments.lock_file(name).read_text()
    assert "--hash=sha256:" in lock
    assert "://" not in lock

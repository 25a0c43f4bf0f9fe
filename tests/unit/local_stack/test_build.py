"""What is built, for which interpreter and processor, and when it is built again."""

import platform
import sys
from pathlib import Path

import pytest

from local import build, deploy
from local.console import Problem
from local.isolation import isolated


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text("Resources: {}")
    for folder in ("functions/cancel_session", "layers/checkout", "statemachines"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "functions" / "cancel_session" / "app.py").write_text("x = 1")
    return tmp_path


def test_the_same_sources_need_no_second_build(sources: Path) -> None:
    assert build.fingerprint(sources, build.AWS) == build.fingerprint(sources, build.AWS)


def test_a_changed_a_new_and_a_renamed_file_each_need_one(sources: Path) -> None:
    app = sources / "functions" / "cancel_session" / "app.py"
    seen = [build.fingerprint(sources, build.AWS)]
    app.write_text("x = 2")
    seen.append(build.fingerprint(sources, build.AWS))
    app.rename(app.with_name("main.py"))
    seen.append(build.fingerprint(sources, build.AWS))
    (sources / "statemachines" / "m.json").write_text("{}")
    seen.append(build.fingerprint(sources, build.AWS))
    assert len(set(seen)) == 4


def test_bytecode_that_python_leaves_behind_is_no_source(sources: Path) -> None:
    before = build.fingerprint(sources, build.AWS)
    (sources / "layers" / "checkout" / "__pycache__").mkdir()
    (sources / "layers" / "checkout" / "__pycache__" / "a.pyc").write_bytes(b"1")
    assert build.fingerprint(sources, build.AWS) == before


def test_another_target_is_another_build(sources: Path) -> None:
    here = build.Target("3.11", "x86_64", "x86_64-unknown-linux-gnu")
    assert build.fingerprint(sources, build.AWS) != build.fingerprint(sources, here)


@pytest.mark.parametrize(
    ("machine", "architecture"),
    [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")],
)
def test_the_processor_at_hand_is_named_as_lambda_names_it(
    monkeypatch: pytest.MonkeyPatch, machine: str, architecture: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    target = build.this_machine()
    assert target.architecture == architecture
    assert target.python == f"3.{sys.version_info.minor}"
    assert target.platform.startswith({"x86_64": "x86_64-", "arm64": "aarch64-"}[architecture])


def test_a_processor_that_lambda_has_not_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(Problem, match="riscv64"):
        build.this_machine()


def test_of_a_failed_deployment_the_lines_that_say_why_are_shown() -> None:
    output = "-----\nCREATE_COMPLETE  Table\nCREATE_FAILED  Api  bad body\n\nError: rolled back"
    assert deploy.relevant(output) == "CREATE_FAILED  Api  bad body\nError: rolled back"


def test_of_a_failure_that_says_nothing_the_end_is_shown() -> None:
    assert deploy.relevant("one\n\n---\ntwo") == "one\ntwo"


def test_no_setting_of_the_users_own_account_is_left() -> None:
    mine = {
        "AWS_PROFILE": "prod",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SESSION_TOKEN": "t",
        "HOME": "/h",
    }
    ours = isolated(mine, "http://127.0.0.1:4566")
    assert "AWS_PROFILE" not in ours
    assert "AWS_SESSION_TOKEN" not in ours
    assert ours["AWS_ACCESS_KEY_ID"] == "test"
    assert ours["AWS_CONFIG_FILE"] == "/dev/null"
    assert ours["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert ours["HOME"] == "/h"

"""A generator of clients can read docs/openapi.json, and clients/python is what it makes of it."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from local.console import Problem
from local.openapi.document import FILE
from local.places import tool
from local.python_client import CLIENT, PACKAGE, files, generate

LONGEST_SECONDS = 60


def test_the_client_is_what_the_generator_makes_of_the_document(tmp_path: Path) -> None:
    made = tmp_path / PACKAGE.name
    generate(FILE, made)
    assert files(made) == files(PACKAGE), "make client"


def test_what_the_generator_cannot_tell_is_refused(tmp_path: Path) -> None:
    document: dict[str, Any] = json.loads(FILE.read_text())
    request = document["paths"]["/v1/checkout/session/cancel"]["post"]["requestBody"]
    request["content"] = {"text/plain": {"schema": {"$ref": "#/components/schemas/NoSuch"}}}
    broken = tmp_path / "openapi.json"
    broken.write_text(json.dumps(document))
    with pytest.raises(Problem, match="No client can be made"):
        generate(broken, tmp_path / PACKAGE.name)


def test_a_wheel_of_it_is_whole_and_typed(tmp_path: Path) -> None:
    """uv has the build's own part in it, so that nothing is fetched."""
    subprocess.run(
        [tool("uv", "uv"), "build", "--quiet", "--offline", "--wheel", "-o", tmp_path, CLIENT],
        timeout=LONGEST_SECONDS,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [each.filename for each in archive.infolist() if not each.is_dir()]
    packed = {name for name in names if ".dist-info/" not in name}
    assert packed == {f"{PACKAGE.name}/{name}" for name in files(PACKAGE)}
    assert f"{PACKAGE.name}/py.typed" in packed
    done = subprocess.run(
        [sys.executable, "-c", "import cancel_a_session_client as it; print(it.__file__)"],
        env={"PYTHONPATH": str(wheel)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=True,
    )
    assert str(wheel) in done.stdout

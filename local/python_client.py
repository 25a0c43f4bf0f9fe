"""Writes the package of clients/python from docs/openapi.json: `make client`.

The generator is in an environment of its own; whoever uses the package needs httpx and attrs alone.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from local.console import Problem, run, say
from local.openapi.document import FILE
from local.places import ROOT, tool

CLIENT = ROOT / "clients" / "python"
PACKAGE = CLIENT / "cancel_a_session_client"
NAME = "openapi-python-client"
LONGEST_SECONDS = 60


def generate(document: Path, place: Path) -> None:
    """Make `place` the package of `document`.

    Raises:
        Problem: the generator cannot tell something of the document, or is not there.
    """
    command = [tool("client", NAME), "generate", "--path", document, "--output-path", place]
    command += ["--meta", "none", "--config", CLIENT / "generator.yml", "--fail-on-warning"]
    path = os.pathsep.join([str(tool("client", NAME).parent), os.environ["PATH"]])
    try:
        done = subprocess.run(
            [*map(str, command), "--overwrite"],
            env={**os.environ, "PATH": path, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise Problem("The generator is not there: 'make client' installs it.") from None
    if done.returncode != 0:
        raise Problem(f"{done.stdout}{done.stderr}\nNo client can be made of {document}.")
    (place / "py.typed").touch()


def files(package: Path) -> dict[str, str]:
    """The text of each file, by its place in the package."""
    found = (each for each in package.rglob("*") if each.is_file() and each.suffix != ".pyc")
    return {str(each.relative_to(package)): each.read_text() for each in found}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / PACKAGE.name
        generate(FILE, made)
        shutil.rmtree(PACKAGE, ignore_errors=True)
        shutil.copytree(made, PACKAGE)
    say(f"  {len(files(PACKAGE))} files in {PACKAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    run(main)

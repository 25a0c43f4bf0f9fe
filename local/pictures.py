"""Pictures, drawn by scripts in an environment that has matplotlib and nothing of ours."""

import json
import subprocess
import tempfile
from pathlib import Path

from local.console import Problem
from local.places import tool


def draw(script: Path, data: object, picture: Path) -> None:
    """`script` is given a file of the data and the picture's name. Raises Problem."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "data.json"
        source.write_text(json.dumps(data))
        command = [tool("plot", "python"), script, source, picture]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{done.stderr}\nThe picture {picture.name} could not be drawn.")

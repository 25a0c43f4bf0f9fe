"""lit-html, as the console ships it: files of its npm package, unchanged, with its licence.

`python -m local.console_library` takes them anew from the package that requirements/console locks,
and writes down their hashes. Needs npm.
"""

import hashlib
import json
import shutil
from pathlib import Path

from local import npm
from local.console import run, say
from local.places import ROOT

PACKAGE = "lit-html"
PLACE = ROOT / "console" / "vendor" / PACKAGE
LOCK = ROOT / "requirements" / "console" / "package-lock.json"
LIST = "files.json"
# What it is called here, and in the package. Only what has a suffix is served, the licence too.
FILES = {
    "LICENSE.txt": "LICENSE",
    "directive-helpers.js": "directive-helpers.js",
    "directive.js": "directive.js",
    "directives/repeat.js": "directives/repeat.js",
    "lit-html.js": "lit-html.js",
}


def package() -> Path:
    """The package itself, whose own hash npm has checked. Raises Problem."""
    return npm.ensure("console", "trust its list of hashes") / PACKAGE


def listed(source: Path) -> dict[str, object]:
    """What the list of the files says, if they are those of the package in `source`."""
    locked = json.loads(LOCK.read_text())["packages"][f"node_modules/{PACKAGE}"]
    hashes = {
        name: hashlib.sha256((source / theirs).read_bytes()).hexdigest()
        for name, theirs in FILES.items()
    }
    origin = {name: locked[name] for name in ("version", "integrity", "license")}
    return {"package": origin, "sha256": hashes}


def main() -> None:
    source = package()
    shutil.rmtree(PLACE, ignore_errors=True)
    for name, theirs in FILES.items():
        (PLACE / name).parent.mkdir(parents=True, exist_ok=True)
        (PLACE / name).write_bytes((source / theirs).read_bytes())
    (PLACE / LIST).write_text(json.dumps(listed(source), indent=2) + "\n")
    say(f"  {PACKAGE} is in {PLACE}")


if __name__ == "__main__":
    run(main)

"""The first thing that make runs: can this python3 build and run the project?

Syntax that any Python 3.6 reads: an interpreter that is too old must get as far as saying so.
"""

import sys

OLDEST = (3, 11)
NEWEST = (3, 14)
ANOTHER = "e.g. 'make run PYTHON=python3.13'"


def complaint(version: "tuple[int, int]", missing_modules: "list[str]") -> str:
    """One sentence with the cure, or an empty string."""
    found = f"{version[0]}.{version[1]}"
    if not OLDEST <= version <= NEWEST:
        return (
            f"python3 is {found}, and this project needs CPython 3.11 to 3.14: "
            f"install one of them and name it, {ANOTHER}."
        )
    if missing_modules:
        return (
            f"python3 ({found}) comes without {' and '.join(missing_modules)}: install it "
            f"(Debian, Ubuntu: 'apt install python3-venv') or name another interpreter, {ANOTHER}."
        )
    return ""


def missing() -> "list[str]":
    """What some distributions take out of Python, and environments are made with."""
    absent = []
    for module in ("venv", "ensurepip"):
        try:
            __import__(module)
        except ImportError:
            absent.append(module)
    return absent


if __name__ == "__main__":
    sys.exit(complaint((sys.version_info[0], sys.version_info[1]), missing()) or None)

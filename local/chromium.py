"""Chromium of this machine. Standard library only: `python3 -m local.chromium` says if it is there."""

import os
import shutil

from local.console import Problem, run

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# It does not run as root otherwise.
OPTIONS = () if os.geteuid() else ("--no-sandbox",)


def found() -> str:
    """Raises Problem: there is none."""
    there = next(filter(None, map(shutil.which, BROWSERS)), None)
    if there is None:
        raise Problem(f"There is no Chromium ({', '.join(BROWSERS)}): install one.")
    return there


def main() -> None:
    found()


if __name__ == "__main__":
    run(main)

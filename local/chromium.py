"""Chromium of this machine. `python3 -m local.chromium` fails where there is none."""

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

"""`make audit-known`: looks up the known weaknesses of every package in every lock.

It asks the advisory service of OSV, over the network, so it is no part of `make pr`: what is found
depends on the day. A lookup that did not happen fails, like a weakness.
"""

import json
import os
import subprocess
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from local.console import Problem, run, say, step
from local.places import ROOT, tool

ACCEPTED = ROOT / "requirements" / "accepted-weaknesses.toml"
# A release that is known to be weak. A service that knows of none here has not been asked at all.
PROBE = ("urllib3", "1.24.1")
NOT_LOOKED_UP = "could not be looked up"
SECONDS = 15

Pin = tuple[str, str]


@dataclass(frozen=True)
class Weakness:
    package: str
    version: str
    names: frozenset[str]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        cure = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "not fixed yet"
        return f"{self.package} {self.version}: {', '.join(sorted(self.names))} ({cure})"


@dataclass(frozen=True)
class Acceptance:
    """`until`: from that day on it has to be looked at again."""

    id: str
    package: str
    reason: str
    until: date

    def covers(self, weakness: Weakness) -> bool:
        return self.package == weakness.package and self.id in weakness.names


def locks() -> list[Path]:
    layers = sorted((ROOT / "layers").glob("*/requirements.txt"))
    return [*layers, *sorted((ROOT / "requirements").glob("*.txt"))]


def pins(locked: str) -> Iterator[Pin]:
    """Every package of a lock, for whichever system or Python it is."""
    for line in locked.splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            name, _, rest = line.partition("==")
            yield name.partition("[")[0].strip(), rest.split()[0].rstrip(";")


def acceptances(text: str) -> list[Acceptance]:
    """Raises Problem: one lacks its reason or its last day."""
    try:
        found = [Acceptance(**each) for each in tomllib.loads(text).get("accepted", [])]
    except (TypeError, tomllib.TOMLDecodeError) as error:
        raise Problem(f"{ACCEPTED.name} cannot be read: {error}") from None
    for each in found:
        if not each.reason.strip() or type(each.until) is not date:
            raise Problem(f"{ACCEPTED.name}: {each.id} needs a reason, and `until`, a day.")
    return found


def look_up(wanted: Iterable[Pin], url: str = "") -> list[Weakness]:
    """Raises Problem: any of them could not be looked up."""
    asked = {*wanted, PROBE}
    return _weaknesses([each for group in _groups(asked) for each in _ask(group, url)], asked)


def _groups(asked: Iterable[Pin]) -> Iterator[list[Pin]]:
    """pip-audit takes each name once."""
    versions: dict[str, list[str]] = defaultdict(list)
    for name, version in sorted(asked):
        versions[name].append(version)
    for at in range(max(map(len, versions.values()))):
        yield [(name, each[at]) for name, each in versions.items() if at < len(each)]


def _ask(group: Iterable[Pin], url: str) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        answer, asked = Path(folder) / "answer.json", Path(folder) / "asked.txt"
        asked.write_text("".join(f"{name}=={version}\n" for name, version in group))
        command: list[str | Path] = [tool("audit", "pip-audit"), "--vulnerability-service", "osv"]
        command += ["--no-deps", "--disable-pip", "--progress-spinner", "off"]
        command += ["--timeout", str(SECONDS), "--format", "json", "--output", answer]
        command += ["--requirement", asked, *(["--osv-url", url] if url else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not answer.exists():
            said = done.stderr.strip().splitlines()[-1:]
            raise Problem(f"Known weaknesses {NOT_LOOKED_UP}: {''.join(said)}")
        found: list[dict[str, Any]] = json.loads(answer.read_text())["dependencies"]
        return found


def _weaknesses(answered: Iterable[Mapping[str, Any]], asked: set[Pin]) -> list[Weakness]:
    """pip-audit itself takes what it has not found, or not asked for, as nothing to tell."""
    told = {(each["name"], each["version"]): each["vulns"] for each in answered if "vulns" in each}
    if missing := sorted(f"{name} {version}" for name, version in asked - set(told)):
        raise Problem(f"Known weaknesses {NOT_LOOKED_UP} of {', '.join(missing)}.")
    if not told[PROBE]:
        raise Problem(f"Known weaknesses {NOT_LOOKED_UP}: not even those of {'=='.join(PROBE)}.")
    return [
        Weakness(name, version, frozenset([each["id"], *each["aliases"]]), (*each["fix_versions"],))
        for (name, version), found in sorted(told.items())
        for each in found
        if (name, version) != PROBE
    ]


def complaints(
    found: Iterable[Weakness], accepted: Iterable[Acceptance], today: date
) -> Iterator[str]:
    weaknesses, listed = list(found), list(accepted)
    lasting = [each for each in listed if today < each.until]
    for weakness in weaknesses:
        if not any(each.covers(weakness) for each in lasting):
            yield str(weakness)
    for each in listed:
        if each not in lasting:
            yield f"{each.package}: {each.id} was accepted until {each.until}; decide anew"
        elif not any(map(each.covers, weaknesses)):
            yield f"{each.package}: {each.id} is accepted and not there; take it out"


def audit(wanted: Iterable[Pin], accepted: str, today: date, url: str = "") -> None:
    """Raises Problem: a weakness is known and not accepted, or could not be looked up."""
    listed = acceptances(accepted)
    if found := [*complaints(look_up(wanted, url), listed, today)]:
        raise Problem("Known weaknesses:\n" + "\n".join(f"  {each}" for each in found))


def main() -> None:
    """`python -m local.known_weaknesses`; OSV_URL names a mirror of the service."""
    wanted = {pin for lock in locks() for pin in pins(lock.read_text())}
    today = datetime.now(UTC).date()
    with step(f"known weaknesses of {len(wanted)} packages"):
        audit(wanted, ACCEPTED.read_text(), today, os.environ.get("OSV_URL", ""))
    say("  none that is not accepted")


if __name__ == "__main__":
    run(main)

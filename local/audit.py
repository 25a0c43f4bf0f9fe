"""`make audit`: the template against checkov's rules, licences, secrets in the repository, an SBOM.

Each tool is a program of the environment `audit` or `secrets`; what it does not like fails.
"""

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.console import Problem, run, say, step
from local.places import LOCAL, ROOT, tool

# What ships: a lock for each layer.
LOCKS = {name: ROOT / "layers" / name / "requirements.txt" for name in ("checkout", "jwt")}
# By its name alone: the tool writes down what it was given.
BASELINE = ".secrets.baseline"
# As packages write them. What ships has to be one of these...
SHIPPED = (
    "MIT", "MIT License", "Apache-2.0", "Apache Software License", "Apache License 2.0",
    "BSD License", "BSD-3-Clause", "Apache Software License; BSD License", "MIT-0",
    "MIT License; MIT No Attribution License (MIT-0)", "PSF-2.0", "Apache-2.0 OR BSD-3-Clause",
)  # fmt: skip
# ...and nothing that our own process imports may have one with this in its name.
REFUSED = "GPL"
# Full of what looks like secrets: those of doubles, and hashes.
SPARED = (
    "tests/",
    "requirements/",
    "console/vendor/",
    "layers/checkout/requirements",
    "layers/jwt/requirements",
    BASELINE,
)


@dataclass(frozen=True)
class Check:
    name: str
    command: Sequence[str | Path]


def checks() -> Iterator[Check]:
    yield Check("checkov", [tool("audit", "checkov"), "-f", "template.yaml"])
    licences: list[str | Path] = [tool("audit", "pip-licenses"), "--python", tool("dev", "python")]
    names = [name for lock in LOCKS.values() for name in packages(lock.read_text())]
    shipped = [*licences, "--packages", *names]
    yield Check("licences that ship", [*shipped, "--allow-only", ";".join(SHIPPED)])
    refused = [*licences, "--partial-match", "--fail-on", REFUSED]
    yield Check("licences of the tools", refused)
    hook: list[str | Path] = [tool("secrets", "detect-secrets-hook"), "--baseline", BASELINE]
    yield Check("secrets", [*hook, *tracked()])
    for layer, lock in LOCKS.items():
        cyclonedx = tool("audit", "cyclonedx-py")
        yield Check(f"SBOM of {layer}", [cyclonedx, "requirements", lock, "-o", sbom(layer)])


def sbom(layer: str) -> Path:
    """Where what a layer is made of is listed."""
    return LOCAL / f"sbom-{layer}.cdx.json"


def packages(locked: str) -> list[str]:
    """The names in a lock."""
    return [line.partition("==")[0] for line in locked.splitlines() if "==" in line]


def tracked() -> list[str]:
    """Files of the repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True)
    return [name for name in listed.stdout.decode().splitlines() if not name.startswith(SPARED)]


def check(each: Check) -> str | None:
    """What it said, if it does not like something."""
    with step(f"audit: {each.name}"):
        done = subprocess.run(each.command, cwd=ROOT, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{each.name}:\n{done.stdout}{done.stderr}"


def main() -> None:
    complaints = [said for each in checks() if (said := check(each))]
    if complaints:
        raise Problem("\n".join(complaints))
    say("  nothing to complain of; the layers' parts are listed in .local/sbom-*.cdx.json")


if __name__ == "__main__":
    run(main)

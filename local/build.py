"""`sam build`, for the interpreter and processor at hand or for AWS; skipped if nothing changed."""

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local import pythons
from local.alone import alone
from local.console import Problem, run, say, step
from local.isolation import REGION
from local.places import BUILD, ROOT, tool

SOURCES = ("template.yaml", "functions", "layers", "statemachines")
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
PROCESSORS = {"x86_64": "x86_64", "arm64": "aarch64"}
AWS_BUILD = ROOT / ".aws-sam" / "build"


@dataclass(frozen=True)
class Target:
    """What to build for. `platform` is uv's name of it, for the layer's wheels."""

    python: str
    architecture: str
    platform: str

    @property
    def parameters(self) -> list[str]:
        return [f"PythonRuntime=python{self.python}", f"Architecture={self.architecture}"]


AWS = Target("3.13", "arm64", "aarch64-manylinux2014")


def this_machine() -> Target:
    """Raises Problem: neither x86_64 nor arm64."""
    architecture = ARCHITECTURES.get(platform.machine().lower())
    if architecture is None:
        raise Problem(
            f"This machine's processor is {platform.machine()}, and Lambda knows x86_64 and arm64."
        )
    libc = "gnu" if platform.libc_ver()[0] == "glibc" else "musl"
    system = "apple-darwin" if sys.platform == "darwin" else f"unknown-linux-{libc}"
    return Target(this_version(), architecture, f"{PROCESSORS[architecture]}-{system}")


def this_version() -> str:
    return "{}.{}".format(*sys.version_info[:2])


def _source_files(root: Path) -> Iterator[Path]:
    for source in SOURCES:
        path = root / source
        yield from [path] if path.is_file() else sorted(path.rglob("*"))


def fingerprint(root: Path, target: Target) -> str:
    """Changes with every source file and with the target."""
    digest = hashlib.sha256(repr(target).encode())
    for path in _source_files(root):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"\0{path.relative_to(root)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _stamp(place: Path) -> Path:
    return place.with_name(f"{place.name}.made-from")


def compiler(target: Target) -> Path | None:
    """An interpreter of the target's version: no other writes bytecode that it reads."""
    ours = target.python == this_version()
    return Path(sys.executable) if ours else pythons.interpreter(target.python)


def _environment(target: Target) -> dict[str, str]:
    tools = [str(tool("uv", "uv").parent), str(tool("dev", "python").parent)]
    inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    found = compiler(target)
    if found:
        inherited["CHECKOUT_COMPILER"] = str(found)
    return {"AWS_DEFAULT_REGION": REGION} | inherited | {
        "PATH": os.pathsep.join([*tools, os.environ.get("PATH", "")]),
        "CHECKOUT_PYTHON_VERSION": target.python,
        "CHECKOUT_PYTHON_PLATFORM": target.platform,
        "SAM_CLI_TELEMETRY": "0",
        "UV_PYTHON_DOWNLOADS": "never",
    }  # fmt: skip


def _sam_build(target: Target, place: Path) -> None:
    command = [
        str(tool("sam", "sam")), "build", "--build-dir", str(place),
        "--parameter-overrides", *target.parameters,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env=_environment(target), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise Problem(f"{tail}\n'sam build' failed: the lines above say why.")


def _compile_functions(target: Target, place: Path) -> None:
    """The layer's makefile compiles the layer; this does the same for the functions' own files."""
    found = compiler(target)
    if found is None:
        say(f"  no Python {target.python} here: built without bytecode, cold starts take longer")
        return
    folders = [str(path) for path in place.iterdir() if path.name.endswith("Function")]
    options = ["-q", "--invalidation-mode", "unchecked-hash"]
    for folder in folders:
        at_run_time = ["-s", folder, "-p", "/var/task"]
        compileall = [str(found), "-m", "compileall", *options, *at_run_time, folder]
        subprocess.run(compileall, check=True)


def build(target: Target, place: Path) -> str:
    """Build into `place` unless that has been done; returns what it was built from.

    Raises:
        Problem: sam build failed; with its last lines.
    """
    # With the compiler: one that has turned up since makes a better build.
    wanted, stamp = f"{fingerprint(ROOT, target)} {compiler(target)}", _stamp(place)
    with alone(place.with_suffix(".lock"), "another make is building: waiting for it"):
        if stamp.is_file() and stamp.read_text() == wanted and place.is_dir():
            return wanted
        with step(f"build for python{target.python} on {target.architecture}"):
            stamp.unlink(missing_ok=True)
            _sam_build(target, place)
            _compile_functions(target, place)
            stamp.write_text(wanted)
    return wanted


def main() -> None:
    """`python -m local.build aws` builds what `sam deploy` deploys; otherwise the local one."""
    if sys.argv[1:] == ["aws"]:
        build(AWS, AWS_BUILD)
        say("  built for AWS into .aws-sam/build; deploy it with 'sam deploy' (README)")
    else:
        build(this_machine(), BUILD)


if __name__ == "__main__":
    run(main)

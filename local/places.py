"""Where things are. A stack lives in a folder of its own, so that two of them never meet."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
BUILD = LOCAL / "build"


def tool(environment: str, name: str) -> Path:
    return LOCAL / "env" / environment / "bin" / name


@dataclass(frozen=True)
class Places:
    """The files of one local stack: in `.local`, those of `make test` in a folder of their own."""

    home: Path

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Path(os.environ.get("STACK_HOME") or LOCAL).resolve())

    @property
    def stack_json(self) -> Path:
        return self.home / "stack.json"

    @property
    def processes(self) -> Path:
        """Written as each process starts: `make down` finds what a killed run left behind."""
        return self.home / "processes.json"

    @property
    def busy(self) -> Path:
        """Locked by whoever is starting or stopping this stack."""
        return self.home / "stack.lock"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def emulator_data(self) -> Path:
        return self.home / "emulator"

"""How large a function is on Lambda: its own code and the layer, unpacked, as they are deployed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local import build
from local.markdown import rows
from local.places import BUILD

MB = 1_000_000
GOAL_MB = 30
LAYER = BUILD / "CheckoutLayer" / "python"
LISTED = 8


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes, of which `bytecode` are compiled."""

    name: str
    bytes: int
    bytecode: int


@dataclass(frozen=True, slots=True)
class Size:
    """`function` is the largest one; `parts` are the layer's, the largest first."""

    function: int
    parts: tuple[Part, ...]

    # Of the layer: sources that every cold start would compile anew.
    without_bytecode: int = 0

    @property
    def megabytes(self) -> float:
        return (self.function + sum(each.bytes for each in self.parts)) / MB

    @property
    def megabytes_of_source(self) -> float:
        """Bytecode differs between the versions of Python."""
        return self.megabytes - sum(each.bytecode for each in self.parts) / MB


def measure() -> Size:
    """Builds. Lambda's own limit is 250 MB."""
    build.build(build.this_machine(), BUILD)
    functions = [each for each in BUILD.iterdir() if each.name.endswith("Function")]
    parts = [_part(each) for each in LAYER.iterdir()]
    parts.sort(key=lambda each: each.bytes, reverse=True)
    return Size(max(_part(each).bytes for each in functions), tuple(parts), _uncompiled())


def _uncompiled() -> int:
    sources = [each for each in LAYER.rglob("*.py") if "__pycache__" not in each.parts]
    return sum(not list(each.parent.glob(f"__pycache__/{each.stem}.*.pyc")) for each in sources)


def _part(path: Path) -> Part:
    files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    compiled = [each for each in files if each.suffix == ".pyc"]
    return Part(path.name, _bytes(files), _bytes(compiled))


def _bytes(files: Sequence[Path]) -> int:
    return sum(each.stat().st_size for each in files)


def tables(size: Size) -> dict[str, str]:
    largest, rest = size.parts[:LISTED], size.parts[LISTED:]
    others = Part("all others", sum(p.bytes for p in rest), sum(p.bytecode for p in rest))
    function = Part("the largest function", size.function, 0)
    return {
        "size_rows": rows(
            (each.name, f"{each.bytes / MB:.1f}", f"{each.bytecode / MB:.1f}")
            for each in (*largest, others, function)
        ),
        "size_mb": f"{size.megabytes:.1f}",
        "size_kept": "kept" if size.megabytes <= GOAL_MB else "missed",
    }

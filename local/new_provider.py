"""A new provider: a folder of code, its function, its double and its tests, all to be filled in.

`make provider NAME=acme`. What it writes works as it stands, for a provider that nobody has; one
of its tests fails until the facts are those of the real one. docs/adding-a-provider.md goes on.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path

from local.console import Problem, run

ROOT = Path(__file__).resolve().parent.parent
PATTERN = ROOT / "local" / "provider_pattern"
PROVIDERS = Path("layers/checkout/checkout/providers")
REGISTRY = PROVIDERS / "registry.py"
EVERY_DESK = Path("tests/contract/desks/every.py")
TEMPLATE = Path("template.yaml")
FUNCTIONS = Path("tests/template/cloudformation.py")

_WORDS = re.compile("acme-name|acme|Acme")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Names:
    """`name` as transactions carry it, `package` as Python has it, `title` as classes have it."""

    name: str

    @property
    def package(self) -> str:
        return self.name.replace("-", "_")

    @property
    def title(self) -> str:
        return "".join(word.capitalize() for word in self.name.split("-"))

    def fill(self, pattern: str) -> str:
        words = {"acme-name": self.name, "acme": self.package, "Acme": self.title}
        # In one go: the new name may have one of these words in it.
        return _WORDS.sub(lambda found: words[found[0]], (PATTERN / pattern).read_text())


def new_files(names: Names) -> dict[Path, str]:
    package = PROVIDERS / names.package
    return {
        package / "__init__.py": "",
        package / "client.py": names.fill("client.py.txt"),
        package / "cancel.py": names.fill("cancel.py.txt"),
        package / "webhook.py": names.fill("webhook.py.txt"),
        Path(f"tests/doubles/{names.package}.py"): names.fill("double.py.txt"),
        Path(f"tests/contract/desks/{names.package}.py"): names.fill("desk.py.txt"),
        Path(f"tests/contract/test_{names.package}.py"): names.fill("test.py.txt"),
        Path(f"docs/providers/{names.name}.md"): names.fill("docs.md.txt"),
    }


def insertions(names: Names) -> Iterator[tuple[Path, str, str]]:
    """File, the text before which something is put, and what."""
    package = f"checkout.providers.{names.package}"
    yield REGISTRY, "}\n# The sandbox reports", f'    "{names.name}": "{package}",\n'
    desk = f"{names.package}_desk"
    imported = f"from tests.contract.desks.{names.package} import {desk}\n"
    yield EVERY_DESK, "from tests.contract.desks.base", imported
    yield EVERY_DESK, "}\n", f'    "{names.name}": {desk},\n'
    function = f"CancelWith{names.title}Function"
    yield FUNCTIONS, "}\n\n\nclass _Loader", f'    "{function}": "{names.name}",\n'
    yield TEMPLATE, "  CompleteCancellationsFunction:\n", names.fill("function.yaml.txt")
    yield TEMPLATE, "  CancelWithSandboxLogs:\n", names.fill("logs.yaml.txt")
    searched = f"        - !Ref CancelWith{names.title}Logs\n"
    yield TEMPLATE, "        - !Ref CompleteCancellationsLogs\n", searched
    asked = '      QueryString: |-\n        filter message = "transaction asked to cancel"\n'
    yield TEMPLATE, asked, searched


def make(names: Names, root: Path) -> list[Path]:
    """The files that were written or changed.

    Raises:
        Problem: the name is malformed or taken, or a file has not the form that is expected;
            then nothing was written.
    """
    if not _NAME.fullmatch(names.name):
        raise Problem("NAME takes lower-case letters, digits and single hyphens, such as acme-pay.")
    files = new_files(names)
    module = PROVIDERS / f"{names.package}.py"
    taken = [str(path) for path in (module, *files) if (root / path).exists()]
    if taken or iskeyword(names.package):
        raise Problem(f"That name is taken: {taken[0] if taken else 'it is a word of Python'}.")
    changed = {path: (root / path).read_text() for path, _, _ in insertions(names)}
    for path, before, text in insertions(names):
        if changed[path].count(before) != 1:
            raise Problem(f"{path} has no one place before {before!r}: add the provider by hand.")
        changed[path] = changed[path].replace(before, text + before)
    for path, text in {**files, **changed}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    written = [*files, *changed]
    _tidy([path for path in written if path.suffix == ".py"], root)
    return written


def _tidy(paths: list[Path], root: Path) -> None:
    """Imports and entries in their order, and lines of their length, whatever the name is."""
    for command in (["check", "--fix", "--select", "I"], ["format"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--quiet", *map(str, paths)]
        subprocess.run(ruff, cwd=root, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make provider", usage="make provider NAME=acme")
    parser.add_argument("name")
    names = Names(parser.parse_args().name)
    for path in make(names, ROOT):
        print(f"  {path}")
    print(
        f"\nNow fill in what says 'replace', from the provider's own pages, beginning with\n"
        f"tests/contract/test_{names.package}.py. Run it, and the suite of all providers, with\n"
        f"  make test-fast ARGS='-k \"{names.package} or {names.name}\"'\n"
        f"The whole way: docs/adding-a-provider.md."
    )


if __name__ == "__main__":
    run(main)

"""`make docs`: the documentation as a site in .local/site, that loads nothing from elsewhere.

A warning of mkdocs, such as a link that leads nowhere, fails.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from local import npm
from local.console import Problem, run, say, step
from local.docs_site import elsewhere, pages
from local.places import LOCAL, ROOT, tool

SITE = LOCAL / "site"
SOURCE = LOCAL / "site-source"
# Of @mermaid-js/tiny: every kind of diagram but four that these pages do not have.
MERMAID = Path("@mermaid-js", "tiny", "dist", "mermaid.tiny.js")
# The theme would tell at each build that mkdocs has another future.
QUIET = {"NO_MKDOCS_2_WARNING": "1"}


def configuration() -> Path:
    """mkdocs.yml with what this repository knows itself: JSON is YAML, too."""
    path = LOCAL / "mkdocs.yml"
    own = {
        "INHERIT": str(ROOT / "mkdocs.yml"),
        "docs_dir": str(SOURCE),
        "site_dir": str(SITE),
        "theme": {"custom_dir": str(Path(__file__).parent / "theme")},
        "nav": pages.nav(ROOT),
    }
    path.write_text(json.dumps(own))
    return path


def build() -> None:
    """Raises Problem, with what mkdocs said."""
    modules = npm.ensure("mermaid", "read the pages in docs/ as they are")
    pages.lay_out(ROOT, SOURCE)
    (SOURCE / "assets").mkdir()
    shutil.copyfile(modules / MERMAID, SOURCE / "assets" / "mermaid.js")
    mkdocs = str(tool("docs", "mkdocs"))
    command = [mkdocs, "build", "--strict", "-f", str(configuration())]
    with step("the site"):
        done = subprocess.run(
            command, env=os.environ | QUIET, capture_output=True, text=True, check=False
        )
    said = [line for line in done.stderr.splitlines() if not line.startswith("INFO ")]
    if done.returncode != 0 or said:
        lines = "\n".join(said or [done.stdout])
        raise Problem(f"{lines}\nThe site could not be built: the lines above say why.")
    if found := list(elsewhere.troubles(SITE)):
        raise Problem("\n".join(found))


def main() -> None:
    build()
    say(f"  the site: {SITE.relative_to(ROOT)}/index.html")


if __name__ == "__main__":
    run(main)

"""Draws how far each limit holds: `plot.py <limits.json> <picture.svg>`.

Runs in an environment of its own, which has matplotlib and nothing of ours.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.patches import Patch

# The same picture for the same numbers, and text that can be read as text.
mpl.rcParams["svg.hashsalt"] = "scale"
mpl.rcParams["svg.fonttype"] = "none"


def _bars(axes: Any, drawn: dict[str, Any]) -> None:
    limits = drawn["limits"][::-1]
    names = [each["name"] for each in limits]
    heights = [each["holds_to"] for each in limits]
    colours = [drawn["colours"][each["mend"]] for each in limits]
    axes.barh(names, heights, color=colours, height=0.65)
    for place, each in enumerate(limits):
        text = f"{each['holds_to']:,.0f}"
        behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        axes.text(each["holds_to"] * 1.08, place, text, va="center", fontsize=9, bbox=behind)


def main() -> None:
    source, picture = sys.argv[1:]
    drawn = json.loads(Path(source).read_text())
    figure, axes = plt.subplots(figsize=(11, 6.5))
    _bars(axes, drawn)
    axes.set_xscale("log")
    axes.set_xlim(10, 300_000)
    for level in drawn["levels"]:
        axes.axvline(level, color="black", linewidth=0.9, linestyle=":")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(visible=True, axis="x", alpha=0.25)
    axes.set_axisbelow(True)
    axes.set_xlabel("cancellations a second, of 3 payments each; scale is logarithmic")
    title = "How far each limit holds, before anything is raised"
    axes.set_title(title, loc="left", fontsize=12)
    patches = [Patch(color=colour, label=mend) for mend, colour in drawn["colours"].items()]
    axes.legend(handles=patches, title="mended by", loc="upper right", fontsize=9, framealpha=1)
    figure.savefig(picture, bbox_inches="tight", metadata={"Date": None})


if __name__ == "__main__":
    main()

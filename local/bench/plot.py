"""Draws lines: `plot.py <picture.json> <picture.svg>`.

Runs in an environment of its own, which has matplotlib and nothing of ours.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

# The same picture for the same numbers, and text that can be read as text.
mpl.rcParams["svg.hashsalt"] = "bench"
mpl.rcParams["svg.fonttype"] = "none"
MARKS = "osD^v*xP"


def draw(axes: Any, picture: dict[str, Any]) -> None:
    for mark, line in zip(MARKS, picture["lines"], strict=False):
        axes.plot(line["x"], line["y"], marker=mark, label=line["name"])
    if "goal" in picture:
        axes.axhline(picture["goal"], color="black", linewidth=0.9, linestyle=":", label="goal")
    if picture["log"]:
        axes.set_xscale("log")
        ticks = sorted({x for line in picture["lines"] for x in line["x"]})
        axes.set_xticks(ticks, [f"{each:,}" for each in ticks], rotation=45 * (len(ticks) > 6))
        axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel(picture["x"])
    axes.set_ylabel(picture["y"])
    axes.set_title(picture["title"], loc="left", fontsize=11)
    axes.grid(visible=True, alpha=0.25)
    axes.legend(fontsize=9, framealpha=1)


def main() -> None:
    source, target = sys.argv[1:]
    figure, axes = plt.subplots(figsize=(8, 4.2))
    draw(axes, json.loads(Path(source).read_text()))
    figure.savefig(target, bbox_inches="tight", metadata={"Date": None})


if __name__ == "__main__":
    main()

"""Draws the report: payments by reason and by provider, each bar in parts by outcome."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

# The same picture for the same numbers, and text that can be read as text.
mpl.rcParams["svg.hashsalt"] = "reporting"
mpl.rcParams["svg.fonttype"] = "none"

# In the bar's order; what somebody has to look at is red.
COLOURS = {
    "cancelled": "#4c9f70",
    "paid before": "#3d6fb4",
    "ended otherwise": "#9aa5b1",
    "still in flight": "#e0a030",
    "money arrived": "#c8553d",
}
LONGEST_LABEL = 32
Row = dict[str, Any]


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def _bars(axes: Any, found: list[Row], by: str) -> None:
    names = list(dict.fromkeys(each[by] for each in found))[::-1]
    starts = dict.fromkeys(names, 0)
    for outcome, colour in COLOURS.items():
        of_it = [each for each in found if each["outcome"] == outcome]
        widths = [sum(e["payments"] for e in of_it if e[by] == name) for name in names]
        left = [starts[name] for name in names]
        labels = [shortened(name) for name in names]
        axes.barh(labels, widths, left=left, color=colour, height=0.65, label=outcome)
        starts = {name: starts[name] + width for name, width in zip(names, widths, strict=True)}
    axes.set_title(f"Payments of cancelled sessions, by {by}", loc="left", fontsize=11)
    axes.grid(visible=True, axis="x", alpha=0.25)
    axes.set_axisbelow(True)


def draw(found: list[Row], picture: Path) -> None:
    paid = [each for each in found if each["payments"]]
    by_provider = sorted(paid, key=lambda each: str(each["provider"]))
    counts = [len({each[by] for each in paid}) for by in ("reason", "provider")]
    sizes = {"height_ratios": [max(1, each) for each in counts]}
    height = 2.2 + 0.42 * sum(counts)
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(10, height), gridspec_kw=sizes)
    _bars(upper, paid, "reason")
    _bars(lower, by_provider, "provider")
    lower.set_xlabel("payments")
    upper.legend(loc="lower right", fontsize=9, framealpha=1)
    figure.tight_layout()
    figure.savefig(picture, metadata={"Date": None})
    plt.close(figure)

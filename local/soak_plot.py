"""Draws a soak's sessions by state over time: `soak_plot.py <samples.json> <picture.png>`.

Runs in an environment of its own, which has matplotlib and nothing of ours.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

# Ended ones at the bottom: they are the many.
ALL = ("cancelled", "completed or expired", "waiting", "locked", "open")
NOT_ENDED = ("waiting", "locked", "open")
COLOURS = {
    "cancelled": "#4c9f70",
    "completed or expired": "#9aa5b1",
    "waiting": "#e0a030",
    "locked": "#c8553d",
    "open": "#3d6fb4",
}
MEANINGS = {
    "cancelled": "CANCELLED",
    "completed or expired": "COMPLETED or EXPIRED",
    "waiting": "PENDING_CANCELLATION, waits for a provider",
    "locked": "PENDING_CANCELLATION, locked by a driver",
    "open": "OPEN",
}


def _stack(axes: Any, samples: list[dict[str, Any]], states: tuple[str, ...], title: str) -> None:
    seconds = [each["seconds"] for each in samples]
    heights = [[each["states"][state] for each in samples] for state in states]
    colours = [COLOURS[state] for state in states]
    axes.stackplot(seconds, *heights, labels=[MEANINGS[state] for state in states], colors=colours)
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_ylabel("sessions")
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.grid(visible=True, alpha=0.3)


def main() -> None:
    source, picture = sys.argv[1:]
    drawn = json.loads(Path(source).read_text())
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(11, 7), sharex=True)
    _stack(upper, drawn["samples"], ALL, "Soak: all sessions, by state")
    _stack(lower, drawn["samples"], NOT_ENDED, "Those that have not ended")
    for number, kill in enumerate(drawn["kills"]):
        label = "kill -9 of a process" if number == 0 else None
        lower.axvline(kill, color="black", linewidth=0.8, linestyle=":", label=label)
    lower.set_xlabel("seconds since the beginning")
    for axes in (upper, lower):
        axes.axvline(drawn["load"], color="black", linewidth=1.2, label="end of new sessions")
        # Beside the areas, which fill the whole width.
        axes.legend(*_reversed(axes), loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=9)
    figure.savefig(picture, dpi=110, bbox_inches="tight")


def _reversed(axes: Any) -> tuple[list[Any], list[str]]:
    """From the top to the bottom, as the areas are."""
    handles, labels = axes.get_legend_handles_labels()
    return handles[::-1], labels[::-1]


if __name__ == "__main__":
    main()

"""README's main figure: every teacher's updates over uniform sampling's, suite by suite."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from benchmarks.meta.evidence import FEWEST_SEEDS
from benchmarks.report.drawing import PALETTE
from benchmarks.studies.records.known import Known
from benchmarks.studies.records.run import TEACHERS

_MARKS = "ovsD^P*X"


def figure(known: Sequence[Known]) -> str:
    """SVG: a row per suite and student, a mark per teacher, a line for its interval; right of 1 is slower than uniform.

    An open mark is a mean over lifetimes of which some never mastered: at least so much. Without an interval: fewer
    than ``FEWEST_SEEDS`` pairs.
    """
    rows = [(one, one.paired().rows("uniform")) for one in known if one.preset == "small"]
    rows = [(one, found) for one, found in rows if "uniform" in found and len(found) > 1]
    names = [name for name in TEACHERS if name != "uniform"]
    style: Any = {"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "records"}
    with matplotlib.rc_context(style):
        made = Figure(figsize=(7.6, 0.9 + 1.05 * max(len(rows), 1)), layout="constrained", facecolor="white")
        FigureCanvasSVG(made)
        axes = made.subplots()
        for place, (_, found) in enumerate(rows):
            for number, name in enumerate(names):
                if name in found:
                    _draw(axes, found[name], place + (number - (len(names) - 1) / 2) * 0.11, number)
        for number, name in enumerate(names):
            axes.plot([], [], _MARKS[number], color=PALETTE[number], label=name)
        axes.axvline(1.0, color="#555555", linewidth=1)
        labels = [f"{one.suite}, {one.student}\n({next(iter(found.values())).num_seeds} seeds)" for one, found in rows]
        axes.set_yticks(range(len(rows)), labels)
        axes.set(xlabel="updates to mastery / uniform sampling's (open: at least)", xlim=(0, None))
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        return as_text(made)


def as_text(made: Figure) -> str:
    """SVG, the same whenever it is drawn."""
    text = io.StringIO()
    made.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _draw(axes: Any, row: Any, height: float, number: int) -> None:
    colour, fill = PALETTE[number], "full" if row.solved == row.num else "none"
    axes.plot(row.ratio, height, _MARKS[number], color=colour, fillstyle=fill, markersize=6)
    if row.num_pairs >= FEWEST_SEEDS and np.isfinite(row.ratio_low):
        axes.plot([row.ratio_low, row.ratio_high], [height, height], color=colour, linewidth=1.5, alpha=0.6)

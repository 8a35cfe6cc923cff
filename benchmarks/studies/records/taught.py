"""What teachers taught and how far students came: what `look --out` keeps, drawn for a suite's page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from benchmarks.store import read_json
from benchmarks.studies.records.figure import as_text


def drawn(file: Path) -> str:
    """SVG of what a file keeps: a column per teacher, its mixture above, what that came to below.

    A window is drawn as long as half of the lifetimes that there were reach it: later ones are of those that are slow.
    """
    found = read_json(file)
    teachers, arms = found["teachers"], found["arms"]
    ends = np.array(found["until"])
    style: Any = {"font.size": 8, "svg.fonttype": "none", "svg.hashsalt": "records"}
    with matplotlib.rc_context(style):
        made = Figure(
            figsize=(1.6 + 2.0 * len(teachers), max(4.2, 0.4 + 0.165 * len(arms))),
            layout="constrained",
            facecolor="white",
        )
        FigureCanvasSVG(made)
        colours = matplotlib.colormaps["viridis"](np.linspace(0.92, 0.05, len(arms)))
        cells = made.subplots(2, len(teachers), sharex=True, sharey="row", squeeze=False)
        for (name, seen), (above, below) in zip(teachers.items(), cells.T, strict=True):
            many = np.array(seen["lifetimes"])
            long = many >= max(many[0] / 2, 1)
            shares, reached = (np.array(seen[what], dtype=np.float64) for what in ("shares", "competence"))
            filled = np.concatenate([shares[:1], shares[long]])
            above.stackplot([0, *ends[long]], filled.T, colors=colours, labels=arms, linewidth=0, step="pre")
            for line, colour in zip(reached[long].T, colours, strict=True):
                there = ~np.isnan(line)
                below.plot(ends[long][there], line[there], color=colour, linewidth=1.2)
            above.set(title=name, ylim=(0, 1))
            below.set(xlabel="updates")
            for axes in (above, below):
                axes.spines[["top", "right"]].set_visible(False)
        below.set_ylim(min(0.9, below.get_ylim()[0]), 1.02)
        cells[0][0].set_ylabel("share of the updates")
        cells[1][0].set_ylabel("competence")
        handles, labels = cells[0][0].get_legend_handles_labels()
        made.legend(handles[::-1], labels[::-1], loc="outside right upper", frameon=False)
        return as_text(made)

"""The report's panels over updates, a row per level or arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
import polars as pl

from benchmarks.evaluation.attention import NAME
from benchmarks.report.drawing import INK, STYLE, as_svg, new_figure
from benchmarks.statistics import Floats


def held(updates: Floats, values: Floats, grid: Floats, first: float = 0.0) -> Floats:
    """A curve on a grid, the last value held; ``first`` at update 0, nan until the first value if it is nan."""
    curve: Floats = np.interp(grid, np.concatenate([[0.0], updates]), np.concatenate([[first], values]))
    return curve


def over_time(results: pl.DataFrame, teachers: Sequence[str], name: str) -> str:
    """Competence per level over updates, a panel per teacher, mean over seeds; above the line: never taught."""
    return _levels(results, teachers, "competence", "competence", f"over time {name}", first=0.0)


def attention(results: pl.DataFrame, teachers: Sequence[str], name: str) -> str | None:
    """The same of the stability of attention, from the second evaluation on; None where no student attends."""
    if NAME not in results.columns or results[NAME].is_null().all():
        return None
    seen = results.filter(pl.col(NAME).is_not_null())
    return _levels(seen, teachers, NAME, "stability", f"attention {name}", first=np.nan)


def _levels(results: pl.DataFrame, teachers: Sequence[str], column: str, label: str, name: str, first: float) -> str:
    order = results.sort("arm").unique("level", keep="first", maintain_order=True)
    levels, taught = thinned(order["level"].to_list(), order["taught"].to_list())
    edges = np.linspace(0, float(results["updates"].max()), 61)  # type: ignore[arg-type]
    grid = (edges[1:] + edges[:-1]) / 2
    pictures = {}
    for teacher in teachers:
        of_teacher = results.filter(pl.col("teacher") == teacher)
        means = of_teacher.group_by("seed", "level", "updates").agg(pl.col(column).mean()).sort("updates")
        picture = pictures[teacher] = np.full((len(levels), len(grid)), np.nan)
        for row, level in enumerate(levels):
            runs = means.filter(pl.col("level") == level).group_by("seed", maintain_order=True)
            curves = [held(run["updates"].to_numpy(), run[column].to_numpy(), grid, first) for _, run in runs]
            if curves:
                picture[row] = np.mean(curves, axis=0)
    line = None if all(taught) else taught.index(False) - 0.5
    return _heat(pictures, edges, levels, label, name, line, vmin=0, vmax=1, cmap="viridis")


def signals(trace: pl.DataFrame, teachers: Sequence[str], arms: Sequence[str], name: str) -> str:
    """What the signal said of each arm over updates, a panel per teacher, mean over the lifetimes that saw the arm."""
    names, _ = thinned(list(arms), [True] * len(arms))
    edges = np.linspace(0, float(trace["updates"].max()), min(60, trace["decision"].n_unique()) + 1)  # type: ignore[arg-type]
    pictures = {}
    for teacher in teachers:
        own = trace.filter(pl.col("teacher") == teacher)
        place = np.clip(np.digitize(own["updates"].to_numpy(), edges, right=True) - 1, 0, len(edges) - 2)
        seen = np.stack(own["count"].to_list()) > 0  # (decisions, A)
        total, times = np.zeros((2, len(edges) - 1, len(arms)))
        np.add.at(total, place, np.where(seen, np.stack(own["gain"].to_list()), 0.0))
        np.add.at(times, place, seen)
        mean = np.where(times > 0, total / np.maximum(times, 1), np.nan)
        pictures[teacher] = mean.T[[list(arms).index(arm) for arm in names]]
    said = np.abs(np.concatenate([picture.ravel() for picture in pictures.values()]))
    most = float(np.nanquantile(said, 0.98)) or 1.0
    return _heat(pictures, edges, names, "signal", f"signal {name}", None, vmin=-most, vmax=most, cmap="PuOr")


def _heat(
    pictures: dict[str, Floats],
    edges: Floats,
    rows: list[str],
    label: str,
    name: str,
    line: float | None,
    **shades: Any,
) -> str:
    """Panels of rows over updates, one per teacher; below ``line`` and above it are rows of two kinds."""
    columns = min(3, len(pictures))
    lines = -(-len(pictures) // columns)
    with matplotlib.rc_context(STYLE):
        figure, panels = new_figure(lines, columns, 7.2, (0.16 * len(rows) + 1.1) * lines)
        for number, (axes, (teacher, picture)) in enumerate(zip(panels, pictures.items(), strict=False)):
            image = axes.pcolormesh(edges, np.arange(len(rows) + 1) - 0.5, picture, rasterized=True, **shades)
            if line is not None:
                axes.axhline(line, color=INK, linewidth=1)
            axes.set_yticks(range(len(rows)), rows if number % columns == 0 else [""] * len(rows), fontsize=6)
            axes.set(title=teacher, xlabel="updates")
        for axes in panels[len(pictures) :]:
            axes.remove()
        figure.colorbar(image, ax=panels[: len(pictures)], label=label, shrink=0.8)
        return as_svg(figure, name)


def thinned(levels: list[str], taught: list[bool], most: int = 24) -> tuple[list[str], list[bool]]:
    """So many levels at most, evenly spread, first and last among them."""
    kept = np.unique(np.linspace(0, len(levels) - 1, min(most, len(levels))).round().astype(int))
    return [levels[i] for i in kept], [taught[i] for i in kept]

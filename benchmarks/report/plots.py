"""The report's pictures, as SVG text that takes its ink from the page (readable in light and dark)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import matplotlib.style
import numpy as np
import polars as pl

from benchmarks.report.drawing import PALETTE, STYLE, as_svg, new_figure
from benchmarks.report.heat import held, thinned
from benchmarks.statistics import interval, profile, survival

_DASHES: Any = ("solid", "dashed", "dotted", "dashdot", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)))
_MARKERS = ("o", "s", "^", "D", "v", "P")
NAMED = 12
"""Arms up to which a picture names each."""
AXES = {"updates": "updates", "tokens": "tokens", "forward_equivalents": "forward-equivalents", "seconds": "seconds"}
"""Costs that a curve can be drawn over: columns of the results, and what they are called."""


def _height(least: float, teachers: int) -> float:
    """Inches of a picture with a legend beside it, which names a teacher per line."""
    return max(least, 0.2 * teachers + 0.5)


def learning_curves(results: pl.DataFrame, teachers: Sequence[str], budget: int, name: str, unit: str) -> str:
    """Mean competence of the targets on TEST over a cost, a line per teacher, band: 95 % interval over seeds."""
    with matplotlib.rc_context(STYLE):
        crowded = len(teachers) > len(PALETTE)  # their names would cover the curves
        figure, (axes,) = new_figure(1, 1, 7.2, _height(3.4, len(teachers)) if crowded else 3.4)
        targets = results.filter(pl.col("target"))
        reach = float(results[unit].max()) * 1.05  # type: ignore[arg-type]
        if unit == "updates":
            reach = min(budget, reach)
        grid = np.linspace(0, reach, 121)
        for number, teacher in enumerate(teachers):
            of_teacher = targets.filter(pl.col("teacher") == teacher)
            curves = []
            for _, run in of_teacher.group_by("seed", maintain_order=True):
                mean = run.group_by(unit, maintain_order=True).agg(pl.col("competence").mean())
                curves.append(held(mean[unit].to_numpy(), mean["competence"].to_numpy(), grid))
            stacked = np.stack(curves)  # (seeds, grid)
            # The budget is in updates; of other costs none of its lifetimes has spent more than this.
            spent = grid <= (reach if unit == "updates" else float(of_teacher[unit].max()))  # type: ignore[arg-type]
            axes.plot(
                grid[spent], stacked[:, spent].mean(axis=0), label=teacher, gid=_mark(teacher, "line"), **_line(number)
            )
            bands = [interval(column) or [column[0]] * 2 for column in stacked[:, spent].T.tolist()]
            band = {"color": _line(number)["color"], "alpha": 0.18, "linewidth": 0}
            axes.fill_between(grid[spent], *np.array(bands).T, gid=_mark(teacher, "band"), **band)
        axes.set(xlabel=AXES[unit], ylabel="target competence (TEST)", ylim=(-0.02, 1.02), xlim=(0, reach))
        axes.legend(**({"loc": "center left", "bbox_to_anchor": (1.0, 0.5)} if crowded else {"loc": "lower right"}))
        return as_svg(figure, f"curves {name} {unit}")


def _line(number: int) -> dict[str, Any]:
    """Colour and dashes of a teacher's line: beyond the palette's colours, dashes tell them apart."""
    dashes = _DASHES[number // len(PALETTE) % len(_DASHES)]
    return {"color": PALETTE[number % len(PALETTE)], "linestyle": dashes, "linewidth": 1.8}


def _marker(number: int) -> dict[str, Any]:
    """The same of its points: beyond the palette's colours, shapes tell them apart."""
    return {"color": PALETTE[number % len(PALETTE)], "marker": _MARKERS[number // len(PALETTE) % len(_MARKERS)]}


def _mark(teacher: str, part: str) -> str:
    """Name of an element that the page's script can hide; made a class by ``_svg``, for ids must be unique."""
    return f"of:{teacher}:{part}"


def choices(trace: pl.DataFrame, teachers: Sequence[str], arms: Sequence[str], name: str) -> str:
    """What each teacher chose: share of the sequences per arm over updates, mean over the lifetimes still running."""
    columns = min(3, len(teachers))
    rows = -(-len(teachers) // columns)
    with matplotlib.rc_context(STYLE):
        figure, panels = new_figure(rows, columns, 7.2, 2.2 * rows + 0.5)
        colours = [matplotlib.colormaps["viridis"](x) for x in np.linspace(0.05, 0.95, len(arms))]
        for axes, teacher in zip(panels, teachers, strict=False):
            of_teacher = trace.filter(pl.col("teacher") == teacher)
            last = int(of_teacher["updates"].max())  # type: ignore[arg-type]
            edges = np.linspace(0, last, min(60, of_teacher["decision"].n_unique()) + 1)
            place = np.clip(np.digitize(of_teacher["updates"].to_numpy(), edges, right=True) - 1, 0, len(edges) - 2)
            counts = np.zeros((len(edges) - 1, len(arms)))
            np.add.at(counts, place, np.stack(of_teacher["count"].to_list()))
            share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
            shown = np.concatenate([share[:1], share])  # from 0 on, so that a single decision is seen too
            axes.stackplot(edges, shown.T, colors=colours, linewidth=0)
            axes.set(title=teacher, xlim=(0, last), ylim=(0, 1), xlabel="updates")
        for axes in panels[len(teachers) :]:
            axes.remove()
        if len(arms) <= NAMED:
            handles = [matplotlib.patches.Patch(color=c) for c in colours]
            figure.legend(handles, arms, loc="outside lower center", ncols=min(_columns(arms), len(arms)), fontsize=7)
        return as_svg(figure, f"choices {name}")


def _columns(names: Sequence[str]) -> int:
    """Of a legend, so that it is no wider than its picture."""
    return max(1, min(4, 100 // (max(map(len, names)) + 6)))


def mastered(groups: Sequence[dict[str, Any]], budget: int, name: str, unit: str) -> str:
    """Share of lifetimes that have mastered, over a cost: Kaplan-Meier, a tick where a lifetime's budget ended.

    The budget is in updates; over other costs a line ends where the last of its lifetimes did.
    """
    with matplotlib.rc_context(STYLE):
        figure, (axes,) = new_figure(1, 1, 7.2, _height(2.6, len(groups)))
        reach = 0.0
        for number, group in enumerate(groups):
            record = group["cost_to_mastery"][unit]
            end = budget if unit == "updates" else max(record["values"])
            reached = [not censored for censored in record["censored"]]
            costs, share = survival(record["values"], reached)
            colour = _line(number)["color"]
            place, height = np.concatenate([[0.0], costs, [end]]), np.concatenate([[0.0], share, share[-1:]])
            axes.step(place, height, where="post", label=group["teacher"], **_line(number))
            ends = [v for v, censored in zip(record["values"], record["censored"], strict=True) if censored]
            axes.plot(ends, np.interp(ends, place, height), "|", color=colour, markersize=9)
            reach = max(reach, end)
        axes.set(xlabel=AXES[unit], ylabel="share mastered", ylim=(-0.03, 1.05), xlim=(0, reach * 1.01))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return as_svg(figure, f"mastered {name} {unit}")


def profiles(records: Sequence[dict[str, Any]], name: str) -> str:
    """Share of lifetimes of all suites that have mastered, over the share of the budget spent; band: 95 % interval."""
    grid = np.linspace(0.0, 0.999, 100)
    with matplotlib.rc_context(STYLE):
        figure, (axes,) = new_figure(1, 1, 7.2, _height(3.0, len(records)))
        for number, record in enumerate(records):
            value, low, high = profile(record["scores"], grid)
            axes.plot(grid, value, label=record["teacher"], **_line(number))
            axes.fill_between(grid, low, high, color=_line(number)["color"], alpha=0.15, linewidth=0)
        axes.set(xlabel="share of the budget", ylabel="share mastered", ylim=(-0.03, 1.05), xlim=(0, 1))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return as_svg(figure, f"profiles {name}")


def costs(groups: Sequence[dict[str, Any]], unit: str, name: str) -> str:
    """Cost to mastery, a row per teacher: a dot per seed, an open arrow where the budget ended first."""
    with matplotlib.rc_context(STYLE):
        figure, (axes,) = new_figure(1, 1, 7.2, 0.45 * len(groups) + 0.9)
        for row, group in enumerate(groups):
            record = group["cost_to_mastery"][unit]
            colour = PALETTE[row % len(PALETTE)]
            values, censored = np.array(record["values"]), np.array(record["censored"])
            jitter = np.linspace(-0.18, 0.18, len(values)) if len(values) > 1 else np.zeros(1)
            axes.plot(values[~censored], row + jitter[~censored], "o", color=colour, markersize=5)
            axes.plot(values[censored], row + jitter[censored], ">", color=colour, markersize=6, fillstyle="none")
            axes.plot([record["mean"]] * 2, [row - 0.32, row + 0.32], color=colour, linewidth=2)
            if record["interval"] is not None:
                axes.barh(row, np.diff(record["interval"])[0], left=record["interval"][0], color=colour, alpha=0.2)
        axes.set_yticks(range(len(groups)), [str(group["teacher"]) for group in groups])
        axes.set(xlabel=f"{unit.replace('_', '-')} to mastery (> not mastered within the budget)", xlim=(0, None))
        axes.invert_yaxis()
        return as_svg(figure, f"costs {name} {unit}")


def final_levels(results: pl.DataFrame, teachers: Sequence[str], name: str) -> str:
    """Final competence per difficulty level on TEST, a line per teacher; shaded: levels never taught."""
    with matplotlib.rc_context(STYLE):
        figure, (axes,) = new_figure(1, 1, 7.2, _height(3.0, len(teachers)))
        last = results.filter(pl.col("updates") == pl.col("updates").max().over("teacher", "seed"))
        order = last.sort("arm").unique("level", keep="first", maintain_order=True)
        levels, taught = thinned(order["level"].to_list(), order["taught"].to_list())
        for number, teacher in enumerate(teachers):
            of_teacher = last.filter(pl.col("teacher") == teacher)
            per_seed = of_teacher.group_by("level", "seed").agg(pl.col("competence").mean())
            values = [per_seed.filter(pl.col("level") == level)["competence"].to_list() for level in levels]
            means = np.array([np.mean(v) for v in values])
            spread = np.array([interval(sorted(v)) or [v[0]] * 2 for v in values]).T  # (2, levels)
            shift = (number - (len(teachers) - 1) / 2) * min(0.1, 0.8 / len(teachers))
            error = np.abs(spread - means)
            place = np.arange(len(levels)) + shift
            shape = {"linestyle": "none", "markersize": 5, "capsize": 2, **_marker(number)}
            axes.errorbar(place, means, error, label=teacher, **shape)
        if not all(taught):
            axes.axvspan(taught.index(False) - 0.5, len(levels) - 0.5, color="#888888", alpha=0.15, linewidth=0)
            axes.text(taught.index(False) - 0.45, 1.0, "beyond: never taught", va="top", fontsize=8)
        slanted = {"rotation": 40, "ha": "right", "fontsize": 7} if max(map(len, levels)) > 10 else {"fontsize": 8}
        axes.set_xticks(range(len(levels)), levels, **slanted)
        axes.set(ylabel="final competence (TEST)", ylim=(-0.03, 1.05), xlim=(-0.5, len(levels) - 0.5))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return as_svg(figure, f"levels {name}")

"""What a student still knew of each level whenever it had learned another: the forgetting matrix."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

LEARNED = 0.9
"""Competence from which a level counts as learned here."""
MOST = 12  # levels shown


class Retention(NamedTuple):
    """Mean TEST competence ``(R, L)`` of every level (columns) at the evaluation where the row's was first learned.

    Attributes:
        levels: names of the columns, easiest first.
        rows: names of the rows: the levels that were learned in any lifetime, and ``the end``.
        lifetimes: in how many lifetimes each row's level was learned.
        competence: the matrix; a mean over these lifetimes.
    """

    levels: list[str]
    rows: list[str]
    lifetimes: list[int]
    competence: list[list[float]]


def retention(results: pl.DataFrame) -> Retention:
    """The matrix of one teacher, from the taught rows of its TEST ladders.

    Levels beyond ``MOST`` are thinned evenly.

    Reference: D. Lopez-Paz and M. Ranzato, Gradient Episodic Memory for Continual Learning (2017), arXiv:1706.08840,
    section 2 (there tasks come one after the other; here a level's turn ends when it is learned).
    """
    taught = results.filter(pl.col("taught"))
    levels = taught.sort("arm").unique("level", keep="first", maintain_order=True)["level"].to_list()
    if len(levels) > MOST:
        levels = [levels[i] for i in np.unique(np.linspace(0, len(levels) - 1, MOST).round().astype(int))]
    seen: dict[str, list[list[float]]] = {level: [] for level in levels}
    ends: list[list[float]] = []
    for _, life in taught.group_by("seed", maintain_order=True):
        means = life.group_by("updates", "level").agg(pl.col("competence").mean())
        table = means.pivot("level", index="updates", values="competence").sort("updates").select(levels).to_numpy()
        for place, level in enumerate(levels):
            learned = np.flatnonzero(table[:, place] >= LEARNED)
            if len(learned):
                seen[level].append(table[learned[0]].tolist())
        ends.append(table[-1].tolist())
    rows = [level for level in levels if seen[level]]
    matrix = [np.mean(seen[level], axis=0).tolist() for level in rows] + [np.mean(ends, axis=0).tolist()]
    return Retention(levels, [*rows, "the end"], [*(len(seen[level]) for level in rows), len(ends)], matrix)

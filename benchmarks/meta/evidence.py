"""Costs to mastery of many teachers on the same seeds, compared; learned teachers are a level of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_RESAMPLES = 5000


@dataclass(frozen=True)
class Family:
    """Tasks of one kind: a suite, its options, and a budget fixed beforehand."""

    suite: str
    options: dict[str, Any]
    budget: int


class Row(NamedTuple):
    """A teacher's cost, in updates to mastery restricted to the budget, against uniform's on the same seeds."""

    name: str
    num: int
    solved: int
    mean: float
    low: float
    high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    faster: float


def compared(lifetimes: dict[str, Any], budget: int, trained: Sequence[str]) -> list[Row]:
    """One row per teacher, and one for all the independently trained ones together.

    Intervals are percentile bootstraps over seeds; for the trained ones nested, over teachers and over seeds within
    each (a meta-learned teacher's own seed is a level of its own). A ratio is one of means over paired seeds.

    Args:
        lifetimes: figures by entry and seed, as ``league.keep_lifetimes`` writes them.
        budget: updates that a cost is restricted to.
        trained: entries that are independently trained teachers of one kind.
    """
    tables = {name: _table(found, lifetimes.get("uniform", {}), budget) for name, found in lifetimes.items()}
    groups = {name: [table] for name, table in tables.items() if name not in trained}
    own = [tables[name] for name in trained if name in tables]
    if own:
        groups[f"general (mean of {len(own)} trained)"] = own
    return [_row(name, group) for name, group in groups.items()]


def _restricted(life: dict[str, Any], budget: int) -> float:
    return float(min(life["updates"], budget)) if life["mastered"] else float(budget)


def _table(found: dict[str, Any], uniform: dict[str, Any], budget: int) -> Floats:
    """Cost, uniform's cost on the same seed (nan: not known), and whether it mastered within the budget: ``(n, 3)``."""
    rows = []
    for seed, life in found.items():
        other = _restricted(uniform[seed], budget) if seed in uniform else np.nan
        rows.append((_restricted(life, budget), other, life["mastered"] and life["updates"] <= budget))
    return np.array(rows, dtype=np.float64)


def _row(name: str, group: list[Floats]) -> Row:
    rng = np.random.default_rng(0)
    means, ratios = [], []
    for _ in range(_RESAMPLES):
        teachers = (group[i] for i in rng.integers(0, len(group), len(group)))
        drawn = np.concatenate([table[rng.integers(0, len(table), len(table))] for table in teachers])
        means.append(drawn[:, 0].mean())
        ratios.append(_ratio(drawn))
    every = np.concatenate(group)
    low, high = np.quantile(means, [0.025, 0.975])
    ratio_low, ratio_high = np.quantile(ratios, [0.025, 0.975])
    paired = every[np.isfinite(every[:, 1])]
    faster = (
        (paired[:, 0] < paired[:, 1]).mean() + 0.5 * (paired[:, 0] == paired[:, 1]).mean() if len(paired) else np.nan
    )
    solved = int(every[:, 2].sum())
    mean = float(every[:, 0].mean())
    return Row(name, len(every), solved, mean, low, high, _ratio(every), ratio_low, ratio_high, float(faster))


def _ratio(table: Floats) -> float:
    paired = table[np.isfinite(table[:, 1])]
    return float(paired[:, 0].mean() / paired[:, 1].mean()) if len(paired) else float("nan")

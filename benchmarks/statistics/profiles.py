"""Many suites at once: costs as shares of budgets, their interquartile mean, and performance profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.statistics.intervals import RESAMPLES, Floats, bounds, stratified


def aggregated(groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One record per teacher that has lived in every suite and student there is: its costs over all of them.

    A lifetime's score is its updates to mastery over the budget, 1 where it never mastered.

    Args:
        groups: records of ``summarise``.
    """
    places = list(dict.fromkeys((g["suite"], g["student"]) for g in groups))
    records = []
    for teacher in dict.fromkeys(g["teacher"] for g in groups):
        scores = {f"{g['suite']}, {g['student']}": _scores(g) for g in groups if g["teacher"] == teacher}
        if len(scores) == len(places):
            value, bounds = stratified(scores)
            records.append({"teacher": teacher, "scores": scores, "interquartile_mean": value, "interval": bounds})
    return records


def _scores(group: Mapping[str, Any]) -> list[float]:
    cost = group["cost_to_mastery"]["updates"]
    pairs = zip(cost["values"], cost["censored"], strict=True)
    return [1.0 if censored else min(value / group["budget"], 1.0) for value, censored in pairs]


def profile(scores: Mapping[str, Sequence[float]], grid: Floats, resamples: int = RESAMPLES // 5) -> Floats:
    """Share of lifetimes that have mastered by each share of the budget, and its band: value, low, high ``(3, G)``.

    Lifetimes are drawn anew within each suite. A suite counts by its lifetimes.

    Reference: R. Agarwal et al., Deep RL at the Edge of the Statistical Precipice (2021), arXiv:2108.13264, section
    4.2.

    Args:
        scores: by suite; 1 is never.
        grid: shares of the budget, below 1.
        resamples: of the bootstrap.
    """
    strata = [np.asarray(values, dtype=np.float64) for values in scores.values()]

    def shares(*drawn: Floats) -> Floats:
        together = np.concatenate(drawn, axis=-1)
        return np.stack([(together <= place).mean(axis=-1) for place in grid])

    low, high = bounds(strata, shares, resamples)
    return np.stack([shares(*strata), low, high])

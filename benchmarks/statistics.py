"""Statistics of lifetimes: cost to mastery with censoring, areas under curves, intervals, P(improvement)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

COSTS = ("updates", "tokens", "forward_equivalents")
_RESAMPLES = 4999


def interval(values: Sequence[float]) -> list[float] | None:
    """95 % percentile-bootstrap interval of the mean; None below two values.

    With few seeds it is too narrow (three seeds: a direction, not a result).
    """
    if len(values) < 2:
        return None
    if len(set(values)) == 1:
        return [float(values[0])] * 2
    found = stats.bootstrap((np.asarray(values),), np.mean, n_resamples=_RESAMPLES, method="percentile", rng=0)
    return [float(found.confidence_interval.low), float(found.confidence_interval.high)]


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean of the middle half."""
    return float(stats.trim_mean(values, 0.25))


def _probability(ours: Floats, theirs: Floats, axis: int = -1) -> Any:
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    below = (ours[..., :, None] < theirs[..., None, :]) + 0.5 * (ours[..., :, None] == theirs[..., None, :])
    return below.mean(axis=(-2, -1))


def probability_of_improvement(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, Any]:
    """P(our cost < their cost), ties half, with a 95 % bootstrap interval: the Mann-Whitney statistic over n m.

    Reference: R. Agarwal et al., Deep RL at the Edge of the Statistical Precipice (2021), arXiv:2108.13264, section
    4.3.
    """
    value = float(_probability(np.asarray(ours), np.asarray(theirs)))
    if min(len(ours), len(theirs)) < 2 or value in (0.0, 1.0):
        return {"value": value, "interval": None}
    pair = (np.asarray(ours), np.asarray(theirs))
    found = stats.bootstrap(pair, _probability, n_resamples=_RESAMPLES, method="percentile", rng=0)
    return {"value": value, "interval": [float(found.confidence_interval.low), float(found.confidence_interval.high)]}


def cost(summary: dict[str, Any], unit: str) -> float:
    """Cost to mastery of a lifetime; where it never mastered, what it spent: at least that much."""
    reached = summary["to_mastery"] if summary["mastered"] else summary["spent"]
    return float(reached[unit])


def survival(costs: Sequence[float], mastered: Sequence[bool]) -> tuple[Floats, Floats]:
    """Kaplan-Meier: costs, and the share of lifetimes that have mastered by then.

    Reference: E. Kaplan and P. Meier (1958), JASA 53(282), through ``scipy.stats.ecdf``.
    """
    done = [c for c, m in zip(costs, mastered, strict=True) if m]
    open_ended = [c for c, m in zip(costs, mastered, strict=True) if not m]
    found = stats.ecdf(stats.CensoredData(uncensored=done, right=open_ended)).cdf
    return found.quantiles, found.probabilities


def summarise(summaries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One record per (suite, student, teacher), in order of first appearance, from the lifetimes' summaries."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for summary in summaries:
        groups.setdefault((summary["suite"], summary["student"], summary["teacher"]), []).append(summary)
    records = []
    for (suite, student, teacher), lifetimes in groups.items():
        reference = groups.get((suite, student, "uniform"))
        record: dict[str, Any] = {
            "suite": suite,
            "student": student,
            "teacher": teacher,
            "seeds": [life["seed"] for life in lifetimes],
            "budget": lifetimes[0]["budget"],
            "fingerprint": lifetimes[0]["fingerprint"],
            "solve_rate": float(np.mean([life["mastered"] for life in lifetimes])),
            "cost_to_mastery": {unit: _cost_record(lifetimes, unit) for unit in COSTS},
            "area_under_curve": _mean_record([life["area_under_curve"] for life in lifetimes]),
            "competence": _mean_record([life["competence"] for life in lifetimes]),
            "seconds": _mean_record([life["seconds"]["training"] for life in lifetimes]),
            "largest_ratio": {
                what: max(life.get("largest_ratio", {}).get(what, 0.0) for life in lifetimes)
                for what in ("tokens", "update_norm")
            },
        }
        if all("forgetting" in life for life in lifetimes):
            record["forgetting"] = float(np.mean([life["forgetting"] for life in lifetimes]))
        healths = [life["health"] for life in lifetimes if "health" in life]
        if healths:
            record["health"] = {what: float(np.mean([one[what] for one in healths])) for what in healths[0]}
        judged = [life["forecast"] for life in lifetimes if life.get("forecast") is not None]
        if judged:
            record["forecast"] = {what: _mean_record([one[what] for one in judged]) for what in ("mase", "pinball")}
        if reference is not None and teacher != "uniform":
            record["over_uniform"] = {unit: _over(lifetimes, reference, unit) for unit in COSTS}
        records.append(record)
    return records


def _mean_record(values: list[float]) -> dict[str, Any]:
    return {
        "mean": float(np.mean(values)),
        "interval": interval(values),
        "interquartile_mean": interquartile_mean(values),
        "values": values,
    }


def _cost_record(lifetimes: list[dict[str, Any]], unit: str) -> dict[str, Any]:
    """Restricted to the budget: a lifetime that never mastered counts with what it spent."""
    values = [cost(life, unit) for life in lifetimes]
    return {**_mean_record(values), "censored": [not life["mastered"] for life in lifetimes]}


def _over(lifetimes: list[dict[str, Any]], reference: list[dict[str, Any]], unit: str) -> dict[str, Any]:
    """Uniform's restricted mean cost over this teacher's, and the probability of a lower cost.

    ``bound`` says what censoring does to the ratio: ``at least`` (uniform censored), ``at most`` (this teacher),
    ``none``, or ``unknown`` (both).
    """
    ours, theirs = [cost(life, unit) for life in lifetimes], [cost(life, unit) for life in reference]
    # A lifetime that never mastered is worse than any that did, and ties with its like.
    ranked = [[cost(life, unit) if life["mastered"] else np.inf for life in lives] for lives in (lifetimes, reference)]
    open_ours = not all(life["mastered"] for life in lifetimes)
    open_theirs = not all(life["mastered"] for life in reference)
    bound = {(0, 0): "none", (0, 1): "at least", (1, 0): "at most", (1, 1): "unknown"}[open_ours, open_theirs]
    return {
        # Only updates have one and the same limit, the budget, for both.
        "speedup": None if unit != "updates" and bound != "none" else float(np.mean(theirs) / np.mean(ours)),
        "bound": bound,
        "probability_of_improvement": probability_of_improvement(*ranked),
    }

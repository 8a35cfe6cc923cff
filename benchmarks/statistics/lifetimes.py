"""From the summaries of lifetimes to one record per teacher: cost to mastery with censoring, areas, comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy  # it loads scipy.stats at its first use: half a second, which a lifetime does not need

from benchmarks.statistics.comparisons import holm, paired, probability_of_improvement
from benchmarks.statistics.intervals import Floats, interquartile_mean, interval
from benchmarks.statistics.power import seeds_needed

COSTS = ("updates", "tokens", "forward_equivalents")
REFERENCES = ("uniform", "target-deficit")
"""What others are compared with: sampling without a teacher, and the hand rule that was fixed beforehand."""


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
    found = scipy.stats.ecdf(scipy.stats.CensoredData(uncensored=done, right=open_ended)).cdf
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
            "cost_to_mastery": {unit: _cost_record(lifetimes, unit) for unit in COSTS} | _clock(lifetimes),
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
        both = {life["seed"] for life in lifetimes} & {life["seed"] for life in reference or ()}
        if reference is not None and teacher != "uniform" and both:
            ours, theirs = ([life for life in lives if life["seed"] in both] for lives in (lifetimes, reference))
            record["over_uniform"] = {unit: _over(ours, theirs, unit) for unit in COSTS}
        records.append(record)
    for suite, student in dict.fromkeys((suite, student) for suite, student, _ in groups):
        own = [record for record in records if (record["suite"], record["student"]) == (suite, student)]
        for reference_name in REFERENCES:
            if (suite, student, reference_name) in groups:
                _compare(own, groups, reference_name)
    return records


def _compare(records: list[dict[str, Any]], groups: dict[tuple[str, str, str], list[dict[str, Any]]], to: str) -> None:
    """Adds the paired comparison with one teacher to the records of all others of a suite and a student.

    Updates are compared, the one cost that has the same limit for all; p is Holm's over these records.
    """
    costs = {r["teacher"]: _by_seed(groups[r["suite"], r["student"], r["teacher"]]) for r in records}
    found = {r["teacher"]: paired(costs[r["teacher"]], costs[to]) for r in records if r["teacher"] != to}
    tested = {teacher: one for teacher, one in found.items() if one is not None}
    corrected = holm([one["p"] for one in tested.values()])
    for (teacher, one), p in zip(tested.items(), corrected, strict=True):
        differences = [costs[teacher][seed] - costs[to][seed] for seed in sorted(set(costs[teacher]) & set(costs[to]))]
        needed = seeds_needed(differences) if len(differences) > 1 else None
        record = next(r for r in records if r["teacher"] == teacher)
        record.setdefault("against", {})[to] = {
            **one,
            "p_holm": p,
            "pairs_differing": int(np.count_nonzero(differences)),
            "pairs_needed": needed,
        }


def _by_seed(lifetimes: list[dict[str, Any]]) -> dict[int, float]:
    return {life["seed"]: cost(life, "updates") if life["mastered"] else float(life["budget"]) for life in lifetimes}


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


def _clock(lifetimes: list[dict[str, Any]]) -> dict[str, Any]:
    """The record of seconds, where every lifetime's clock is known; machines differ, so nothing is tested by it."""
    clocks = [life.get("seconds_to_mastery") for life in lifetimes]
    if None in clocks:
        return {}
    return {"seconds": {**_mean_record(clocks), "censored": [not life["mastered"] for life in lifetimes]}}  # type: ignore[arg-type]


def _over(lifetimes: list[dict[str, Any]], reference: list[dict[str, Any]], unit: str) -> dict[str, Any]:
    """Uniform's restricted mean cost over this teacher's, and the probability of a lower cost, on the same seeds.

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

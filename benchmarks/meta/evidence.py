"""Costs to mastery of many teachers on the same seeds, compared; learned teachers are a level of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.statistics import bounds, nested_weights, sign_flip

Floats = NDArray[np.float64]
_RESAMPLES = 2000
FEWEST_SEEDS = 8
"""That an interval is given for: of three, a bootstrap at 0.95 covered 0.71 to 0.85, of eight 0.89 to 0.98."""


@dataclass(frozen=True)
class Family:
    """Tasks of one kind: a suite, its options, and a budget fixed beforehand.

    Attributes:
        suite: its name.
        options: of the suite, where they differ from its defaults.
        budget: updates of the student that it is about.
        student: the student that it is about.
        budgets: updates of others, by name, calibrated on their own.
        evaluate_every: updates between two evaluations.
        validation: whether choices were made on it, so that it shows nothing about what nobody has looked at.
        validation_students: those that choices were made with on it.
    """

    suite: str
    options: dict[str, Any]
    budget: int
    student: str = "lstm"
    evaluate_every: int = 100
    validation: bool = False
    budgets: dict[str, int] = field(default_factory=dict)
    validation_students: tuple[str, ...] = ()

    def is_validation(self, student: str) -> bool:
        """Whether choices were made on it with this student."""
        return self.validation or student in self.validation_students

    def budget_of(self, student: str) -> int:
        """Updates of a student's lifetime."""
        return self.budgets.get(student, self.budget)


class Row(NamedTuple):
    """A teacher's cost, in updates to mastery restricted to the budget, against a reference's on the same seeds.

    ``p`` is the two-sided sign-flip test's over seeds, of the mean over the trained teachers that lived each; it and
    the ratio are over ``num_pairs`` seeds that the reference has lived too.
    """

    name: str
    num: int
    num_seeds: int
    solved: int
    mean: float
    low: float
    high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    faster: float
    p: float
    num_pairs: int


def compared(
    lifetimes: dict[str, Any],
    budget: int,
    trained: Sequence[str],
    resamples: int = _RESAMPLES,
    reference: str = "uniform",
) -> list[Row]:
    """One row per teacher, and one for all the independently trained ones together.

    Seeds are crossed with teachers: whoever teaches, seed s is the same student, so a hard seed is hard for all.
    Intervals are percentile bootstraps that draw the seeds once for everybody, the reference included, and for the
    trained ones draw teachers too (``statistics.nested_weights``). A mean is one over teachers of their means over
    seeds; a ratio is one of such means over the lifetimes that have their pair under the reference.

    Args:
        lifetimes: figures by entry and seed, as ``keeping.keep_lifetimes`` writes them.
        budget: updates that a cost is restricted to.
        trained: entries that are independently trained teachers of one kind.
        resamples: of the bootstrap.
        reference: the entry that ratios are of.
    """
    seeds = sorted({seed for found in lifetimes.values() for seed in found}, key=int)
    costs = {name: _by_seed(found, seeds, budget) for name, found in lifetimes.items()}
    base = costs.get(reference, np.full(len(seeds), np.nan))
    groups = {name: cost[None] for name, cost in costs.items() if name not in trained}
    own = [costs[name] for name in trained if name in costs]
    if own:
        groups[f"general (mean of {len(own)} trained)"] = np.stack(own)
    solved = {name: _num_mastered(found, budget) for name, found in lifetimes.items()}
    solved |= {name: sum(solved[n] for n in trained if n in solved) for name in groups if name not in solved}
    return [_row(name, group, base, solved[name], resamples) for name, group in groups.items()]


def _by_seed(found: dict[str, Any], seeds: list[str], budget: int) -> Floats:
    """Restricted costs ``(S,)``; nan where the seed was not run."""
    known = {seed: min(life["updates"], budget) if life["mastered"] else budget for seed, life in found.items()}
    return np.array([known.get(seed, np.nan) for seed in seeds], dtype=np.float64)


def _num_mastered(found: dict[str, Any], budget: int) -> int:
    return sum(life["mastered"] and life["updates"] <= budget for life in found.values())


def _row(name: str, group: Floats, base: Floats, solved: int, resamples: int) -> Row:
    """Of costs ``(teachers, S)``."""
    mean, *bounds_and_tests = _figures(group.tobytes(), len(group), base.tobytes(), resamples)
    lived = np.isfinite(group)
    return Row(name, int(lived.sum()), int(lived.any(axis=0).sum()), solved, mean, *bounds_and_tests)


@lru_cache(maxsize=4096)  # pages and tables ask for the same ones again and again
def _figures(costs: bytes, teachers: int, reference: bytes, resamples: int) -> tuple[Any, ...]:
    """What is beside a row's name and counts, of costs ``(teachers, S)`` and the reference's ``(S,)`` as bytes."""
    group, base = np.frombuffer(costs).reshape(teachers, -1), np.frombuffer(reference)
    own = np.nonzero(np.isfinite(group).any(axis=0))[0]  # seeds that anyone of the group has lived
    pairs = own[np.isfinite(base[own])]
    (low, high), (ratio_low, ratio_high) = _bounds(group, base, own, pairs, resamples)
    both = np.isfinite(group[:, pairs])
    wins = (group[:, pairs] < base[pairs]) + 0.5 * (group[:, pairs] == base[pairs])
    faster = float(wins[both].mean()) if len(pairs) else float("nan")
    ratio = _ratio(group[:, pairs], base[pairs]) if len(pairs) else float("nan")
    p = sign_flip(np.nanmean(group[:, pairs], axis=0) - base[pairs]) if len(pairs) else float("nan")
    return _mean(group), low, high, ratio, ratio_low, ratio_high, faster, p, len(pairs)


def _bounds(
    group: Floats, base: Floats, own: NDArray[np.int64], pairs: NDArray[np.int64], resamples: int
) -> tuple[Any, Any]:
    """95 % bounds of the mean over the seeds ``own``, and of the ratio over those that have their pair."""
    rng, nothing = np.random.default_rng(0), (np.nan, np.nan)
    if len(group) == 1:  # one teacher has lived all of its seeds
        costs, both = [group[0][own]], [group[0][pairs], base[pairs]]
        mean = bounds(costs, lambda drawn: drawn.mean(axis=-1), resamples, rng=rng) if len(own) else nothing
        ratio = bounds(both, _ratio_of_means, resamples, paired=True, rng=rng) if len(pairs) else nothing
        return mean, ratio
    mean = _nested(rng, group[:, own], np.ones(len(own)), resamples)
    return mean, _nested(rng, group[:, pairs], base[pairs], resamples) if len(pairs) else nothing


def _nested(rng: np.random.Generator, group: Floats, base: Floats, resamples: int) -> tuple[float, float]:
    """95 % bounds of costs ``(teachers, S)`` to the reference's ``(S,)``, every teacher counting alike."""
    teachers, seeds = np.nonzero(np.isfinite(group))
    (weights,) = nested_weights(rng, [[{int(one)} for one in teachers]], resamples, [seeds.tolist()])
    weights /= np.bincount(teachers)[teachers]
    low, high = np.quantile((weights @ group[teachers, seeds]) / (weights @ base[seeds]), [0.025, 0.975])
    return float(low), float(high)


def _ratio_of_means(costs: Floats, base: Floats) -> Floats:
    """Over the last axis."""
    ratio: Floats = costs.mean(axis=-1) / base.mean(axis=-1)
    return ratio


def _mean(costs: Floats) -> float:
    """Over teachers, of the mean over the seeds that each has lived ``(teachers, S)``; nan if none."""
    known = np.isfinite(costs)
    lived = known.any(axis=1)
    if not lived.any():
        return float("nan")
    each = np.where(known, costs, 0.0).sum(axis=1)[lived] / known.sum(axis=1)[lived]
    return float(each.mean())


def _ratio(costs: Floats, base: Floats) -> float:
    return _mean(costs) / _mean(np.where(np.isfinite(costs), base, np.nan))

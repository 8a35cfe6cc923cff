"""Figures of one suite of record, as they are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks.meta.evidence import Row, compared
from benchmarks.records import RECORDS, Preset
from benchmarks.statistics import Floats, nested_weights
from benchmarks.studies.records.run import NUM_SEEDS, NUM_TRAINED, TEACHERS, yoked

GENERAL = "general"
REPLAYS = frozenset(yoked(""))
LEARNED = {GENERAL, *REPLAYS}
"""Entries that several independently trained teachers are behind."""
RESAMPLES = 2000


class Known(NamedTuple):
    """Figures of one suite, preset and student."""

    suite: str
    preset: str
    student: str
    budget: int
    lifetimes: dict[str, Any]

    @property
    def set_up(self) -> Preset:
        """The preset that they are of."""
        preset: Any = self.preset
        return RECORDS[self.suite].presets()[preset]

    def paired(self) -> Known:
        """The same, of the seeds that all its teachers of the eight have lived: numbers that stand side by side."""
        eight = [set(found) for name, found in self.lifetimes.items() if name in TEACHERS]
        shared = set.intersection(*eight) if eight else set[str]()
        kept = {
            name: {seed: life for seed, life in found.items() if seed in shared}
            for name, found in self.lifetimes.items()
        }
        return self._replace(lifetimes={name: found for name, found in kept.items() if found})

    def in_compute(self) -> Known:
        """The same counted in forward-equivalents; of a lifetime that never mastered, what it spent."""
        counted = {
            name: {
                seed: {**life, "updates": life["forward_equivalents"], "mastered": True} for seed, life in own.items()
            }
            for name, own in self.lifetimes.items()
        }
        most = max(life["updates"] for own in counted.values() for life in own.values())
        return self._replace(budget=most, lifetimes=counted)

    def rows(self, reference: str) -> dict[str, Row]:
        """A row per teacher, against a reference on the same seeds.

        Bounds are of a nested bootstrap where trained teachers are behind lifetimes: they are drawn anew as seeds are.
        """
        rows = {row.name: row for row in compared(self.lifetimes, self.budget, (), reference=reference)}
        return {
            name: self._nested(row, reference) if {name, reference} & LEARNED else row for name, row in rows.items()
        }

    def behind(self, names: Sequence[str], seeds: Iterable[int]) -> list[set[int]]:
        """The trained teachers behind each seed's lifetimes of these entries.

        Number s mod 6 taught seed s; what is replayed on seed s is the next seed's, on the last of ten the first's.
        """
        found = []
        for seed in seeds:
            after = [(seed + 1) % NUM_SEEDS for name in names if name in REPLAYS]
            found.append({at % NUM_TRAINED for at in (*after, *[seed] * (GENERAL in names))})
        return found

    def costs(self, *names: str) -> dict[int, list[float]]:
        """Restricted updates of these entries, by seed, of the seeds that all of them have lived."""
        found = [self.lifetimes.get(name, {}) for name in names]
        seeds = sorted(set[str].intersection(*(set(own) for own in found)), key=int)
        return {
            int(seed): [
                min(own[seed]["updates"], self.budget) if own[seed]["mastered"] else self.budget for own in found
            ]
            for seed in seeds
        }

    def censored(self, name: str) -> bool:
        """Whether a lifetime of an entry never mastered within the budget: its mean is at least what it says."""
        lives = self.lifetimes.get(name, {}).values()
        return any(not life["mastered"] or life["updates"] > self.budget for life in lives)

    def _nested(self, row: Row, reference: str) -> Row:
        low, high = self._bounds((row.name,), lambda weights, own: weights @ own[:, 0] / weights.sum(axis=1))
        if self.costs(row.name, reference):
            ratio_low, ratio_high = self._bounds((row.name, reference), ratios)
            row = row._replace(ratio_low=ratio_low, ratio_high=ratio_high)
        return row._replace(low=low, high=high)

    def _bounds(self, names: Sequence[str], statistic: Callable[[Floats, Floats], Floats]) -> tuple[float, float]:
        """95 % bounds of a statistic of weights ``(draws, S)`` and costs ``(S, entries)``, seeds and teachers drawn."""
        costs = self.costs(*names)
        (weights,) = nested_weights(np.random.default_rng(0), [self.behind(names, costs)], RESAMPLES)
        low, high = np.quantile(statistic(weights, np.array(list(costs.values()), dtype=np.float64)), [0.025, 0.975])
        return float(low), float(high)


def sign_of(own: bool, other: bool) -> str:
    """What a ratio of restricted means is worth where lifetimes of one of the two were censored."""
    return "~ " if own and other else ">= " if own else "<= " if other else ""


def ratios(weights: Floats, costs: Floats) -> Floats:
    """Of the first entry's weighted mean to the second's, ``(draws,)``."""
    return (weights @ costs[:, 0]) / (weights @ costs[:, 1])

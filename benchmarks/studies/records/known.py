"""Figures of one suite of record, as they are kept."""

from __future__ import annotations

from typing import Any, NamedTuple

from benchmarks.meta.evidence import Row, compared
from benchmarks.studies.records.run import TEACHERS


class Known(NamedTuple):
    """Figures of one suite, preset and student."""

    suite: str
    preset: str
    student: str
    budget: int
    lifetimes: dict[str, Any]

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
        """A row per teacher, against a reference on the same seeds."""
        return {row.name: row for row in compared(self.lifetimes, self.budget, (), reference=reference)}

"""Any two entries of the suites of record beside each other: whatever a page says of two of them is made here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

from benchmarks.meta.evidence import FEWEST_SEEDS
from benchmarks.records import RECORDS, PresetName
from benchmarks.statistics import holm
from benchmarks.store import UserError
from benchmarks.studies.records.known import Known, sign_of
from benchmarks.studies.records.run import RESULTS
from benchmarks.studies.records.section import pairs_needed
from benchmarks.studies.records.table import Tables
from benchmarks.terminal import say


@dataclass(frozen=True)
class Pair:
    """Prints, suite by suite, what one entry takes of another's updates on the seeds that both have lived.

    With its interval, the sign-flip test's p and Holm's correction over the rows that are printed, on how many seeds it
    is faster, and how many pairs would tell the two apart (guessed from those there are). None of it was fixed
    beforehand but what README names so.
    """

    name: tyro.conf.Positional[str]
    """An entry: a row's name on a suite's page."""
    reference: tyro.conf.Positional[str]
    """Another one, which the ratio is of."""
    suites: tuple[str, ...] = tuple(RECORDS)
    """Suites of record."""
    preset: PresetName = "small"
    """Their set-up."""
    student: str | None = None
    """A student's name; default: all there are."""
    results: Path = RESULTS
    """Folder of the figures."""

    def execute(self) -> None:
        """Prints a table."""
        if unknown := [suite for suite in self.suites if suite not in RECORDS]:
            raise UserError(f"unknown suite of record {unknown[0]!r}; there are: {', '.join(RECORDS)}")
        if self.name == self.reference:
            raise UserError(f"two different entries are needed; got {self.name} twice")
        asked = [one for one in Tables(self.results).known() if self._is_of(one)]
        both = [one for one in asked if len(one.costs(self.name, self.reference)) >= 2]
        if not both:
            lived = sorted({name for one in asked for name in one.lifetimes})
            raise UserError(
                f"no two seeds that both {self.name} and {self.reference} have lived; entries there: "
                f"{', '.join(lived) or 'none'}"
            )
        say("\n".join(told(both, self.name, self.reference)))

    def _is_of(self, one: Known) -> bool:
        return one.suite in self.suites and one.preset == self.preset and self.student in (None, one.student)


def told(known: list[Known], name: str, reference: str) -> list[str]:
    """A line per suite and student."""
    rows = [one.rows(reference)[name] for one in known]
    lines = [
        f"| suite, student | pairs | updates: {name} | {reference} | ratio | faster, slower on | p | Holm over "
        f"{len(rows)} | pairs to tell apart |",
        "|---" * 9 + "|",
    ]
    for one, row, corrected in zip(known, rows, holm([row.p for row in rows]), strict=True):
        costs = list(one.costs(name, reference).values())
        own, other = (sum(values) / len(costs) for values in zip(*costs, strict=True))
        marks = [">= " if one.censored(entry) else "" for entry in (name, reference)]
        bounds = f" [{row.ratio_low:.2f}, {row.ratio_high:.2f}]" if len(costs) >= FEWEST_SEEDS else ""
        ratio = f"{sign_of(*(map(one.censored, (name, reference))))}{row.ratio:.2f}{bounds}"
        faster, slower = sum(a < b for a, b in costs), sum(a > b for a, b in costs)
        lines.append(
            f"| {one.suite}, {one.student} | {len(costs)} | {marks[0]}{own:,.0f} | {marks[1]}{other:,.0f} | {ratio} "
            f"| {faster}, {slower} | {row.p:.2g} | {corrected:.2g} | {pairs_needed(one, name, reference)} |"
        )
    return lines

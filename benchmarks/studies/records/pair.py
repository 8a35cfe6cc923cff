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
        if not self.suites:
            raise UserError("which suites? Give at least one after --suites")
        if unknown := [suite for suite in self.suites if suite not in RECORDS]:
            raise UserError(f"unknown suite of record {unknown[0]!r}; there are: {', '.join(RECORDS)}")
        if self.name == self.reference:
            raise UserError(f"two different entries are needed; got {self.name} twice")
        asked = self._asked()
        lived = sorted({name for one in asked for name in one.lifetimes})
        if unknown := [name for name in (self.name, self.reference) if name not in lived]:
            raise UserError(f"unknown entry {unknown[0]!r}; there are: {', '.join(lived)}")
        both = [shared for one in asked if (shared := _shared(one, self.name, self.reference)) is not None]
        if not both:
            raise UserError(f"no two seeds of any suite have been lived by both {self.name} and {self.reference}")
        say("\n".join(told(both, self.name, self.reference)))

    def _asked(self) -> list[Known]:
        """Figures of the suites, the preset and the student."""
        known = list(Tables(self.results).known())
        own = [one for one in known if one.suite in self.suites and one.preset == self.preset]
        students = sorted({one.student for one in own})
        if not students:
            raise UserError(f"{self.results} holds no figures of {', '.join(self.suites)} --preset {self.preset}")
        if self.student not in (None, *students):
            raise UserError(f"no figures of student {self.student!r}; there are: {', '.join(students)}")
        return [one for one in own if self.student in (None, one.student)]


def _shared(one: Known, name: str, reference: str) -> Known | None:
    """The two entries alone, of the seeds that both have lived; None below two."""
    seeds = [str(seed) for seed in one.costs(name, reference)]
    if len(seeds) < 2:
        return None
    lifetimes = {entry: {seed: one.lifetimes[entry][seed] for seed in seeds} for entry in (name, reference)}
    return one._replace(lifetimes=lifetimes)


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

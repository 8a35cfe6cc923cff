"""The table of what is known so far, in the pages that quote it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.meta.evidence import FEWEST_SEEDS, Row, compared
from benchmarks.settings import STUDENTS
from benchmarks.store import UserError, read_json, write_text
from benchmarks.studies.evidence.families import (
    BANDIT,
    CORES_OF_TRAINING,
    FAMILIES,
    RESULTS,
    RULE,
    SIZES,
    TRAINED,
    WATCHING,
)
from benchmarks.terminal import say
from teacher.learned.files import CARD

_BEGIN, _END = "<!-- evidence: python -m benchmarks.studies.evidence table -->", "<!-- end of evidence -->"
_FRONT = ("uniform", "combined", "learnability", RULE, BANDIT)


@dataclass(frozen=True)
class Table:
    """Prints what is known so far, family by family, and writes it into the pages that quote it."""

    results: Path = RESULTS
    """Folder of the figures."""
    page: Path = Path("docs/teachers/general.md")
    """Page with a place for it."""
    front: Path = Path("README.md")
    """Page with a place for a line of each family."""

    def execute(self) -> None:
        """Prints and writes."""
        table = "\n".join(self.lines())
        say(table)
        for page, text in ((self.page, table), (self.front, "\n".join(self.brief()))):
            write_text(page, with_table(page.read_text(encoding="utf-8"), text))

    def lines(self) -> list[str]:
        """Markdown."""
        families = [[*self._family(name, student, lifetimes), ""] for name, student, lifetimes in self._known()]
        return [line for lines in families for line in lines]

    def brief(self) -> list[str]:
        """A line of each family that the general teacher was run on: means of all, its ratios to the two references.

        A mean over another number of seeds than the general teacher's has it in brackets.
        """
        lines = [
            f"| family, student | seeds, (n): a cell's own | {' | '.join(_FRONT)} | general: updates | of uniform's "
            f"| of {RULE}'s |",
            "|---" * (len(_FRONT) + 5) + "|",
        ]
        for name, student, lifetimes in self._known():
            budget = FAMILIES[name].budget_of(student)
            rows = {row.name.split(" (")[0]: row for row in compared(lifetimes, budget, TRAINED)}
            rule = {row.name.split(" (")[0]: row for row in compared(lifetimes, budget, TRAINED, reference=RULE)}
            if "general" in rows:
                own = rows["general"]
                mark = " (validation)" if FAMILIES[name].is_validation(student) else ""
                cells = [f"{name}, {student}{mark}", str(own.num_seeds)]
                cells += [
                    _cost(rows[other]) + _other_seeds(rows[other], own) if other in rows else "" for other in _FRONT
                ]
                ratios = [
                    f"{r.ratio:.2f}{_interval(r, f'{r.ratio_low:.2f}, {r.ratio_high:.2f}', r.num_pairs)}"
                    for r in (own, rule["general"])
                ]
                lines.append(f"| {' | '.join([*cells, _cost(own), *ratios])} |")
        return lines

    def _known(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Families and students with figures."""
        for name in FAMILIES:
            for student in (*STUDENTS, *SIZES):
                file = self.results / f"{name}-{student}.json"
                if file.exists():
                    yield name, student, read_json(file)["lifetimes"]

    def _family(self, name: str, student: str, lifetimes: dict[str, Any]) -> list[str]:
        family = FAMILIES[name]
        budget = family.budget_of(student)
        rows = sorted(compared(lifetimes, budget, TRAINED), key=lambda row: row.mean)
        to_rule = {row.name: row for row in compared(lifetimes, budget, TRAINED, reference=RULE)}
        mark = "validation; " if family.is_validation(student) else ""
        lines = [
            f"**{name}, {student}** ({mark}budget {budget:,} updates; "
            f"restricted means, 95 % intervals from {FEWEST_SEEDS} seeds on)",
            "",
            f"| teacher | lives (seeds) | mastered | updates | of uniform's | P(faster) | of {RULE}'s | P(faster) |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for row in rows:
            cost = f"{_cost(row)}{_interval(row, f'{row.low:,.0f}, {row.high:,.0f}')}"
            against = f"{_against(row, 'uniform')} | {_against(to_rule[row.name], RULE)}"
            lines.append(f"| {row.name} | {row.num} ({row.num_seeds}) | {row.solved} | {cost} | {against} |")
        own = next((row for row in rows if row.name.startswith("general") and row.num_seeds >= FEWEST_SEEDS), None)
        if own is not None:
            lines += [
                "",
                f"The two comparisons fixed beforehand (sign-flip test over {own.num_pairs} seeds): uniform p = "
                f"{own.p:.2g}, {RULE} p = {to_rule[own.name].p:.2g}.",
            ]
        return [*lines, *self._beside(lifetimes, budget), *self._break_even(lifetimes, budget)]

    def _beside(self, lifetimes: dict[str, Any], budget: int) -> list[str]:
        """Descriptions: no comparisons that were fixed beforehand."""
        lines = []
        for reference in (BANDIT, *WATCHING):
            for row in compared(lifetimes, budget, TRAINED, reference=reference):
                if row.name.startswith("general") and not np.isnan(row.ratio):
                    bounds = _interval(row, f"{row.ratio_low:.2f}, {row.ratio_high:.2f}", row.num_pairs)
                    lines += ["", f"Beside {reference} (descriptive): {row.ratio:.2f}{bounds} of its updates."]
        return lines

    def _break_even(self, lifetimes: dict[str, Any], budget: int) -> list[str]:
        """After how many lifetimes the training of teachers is paid for: N* = C_meta / (C_uniform - C_teacher).

        An update has one price for everybody, the median: lifetimes ran beside other work, some more than others.
        """
        rows = {row.name.split(" (")[0]: row for row in compared(lifetimes, budget, TRAINED)}
        cards = [self.results / "teachers" / name / CARD for name in TRAINED if name in lifetimes]
        training = [CORES_OF_TRAINING * read_json(card)["seconds"] for card in cards if card.exists()]
        own = rows.get("general")
        if not training or own is None or own.num_seeds < FEWEST_SEEDS or not own.ratio < 1:
            return []
        prices = [life["seconds"] / life["updates"] for found in lifetimes.values() for life in found.values()]
        price, spent = float(np.median(prices)), float(np.mean(training))
        saved = (own.mean / own.ratio - own.mean) * price
        return [
            "",
            f"A teacher's meta-training took {spent:,.0f} core-seconds (mean of {len(training)}). At "
            f"{1000 * price:.0f} ms an update (the median here) a lifetime trains for {saved:,.0f} s less than under "
            f"uniform sampling: paid for after {spent / saved:,.0f} lifetimes; all {len(training)}, of which "
            f"one ships, after {sum(training) / saved:,.0f}.",
        ]


def _cost(row: Row) -> str:
    return f"{'>= ' if row.solved < row.num else ''}{row.mean:,.0f}"


def _other_seeds(row: Row, own: Row) -> str:
    """On how many seeds, where they are others in number than the general teacher's."""
    return "" if row.num_seeds == own.num_seeds else f" ({row.num_seeds})"


def _against(row: Row, reference: str) -> str:
    """Two columns: the ratio of costs on the same seeds, and how often it was lower."""
    if np.isnan(row.ratio) or row.name == reference:
        return " | "
    bounds = _interval(row, f"{row.ratio_low:.2f}, {row.ratio_high:.2f}", row.num_pairs)
    return f"{row.ratio:.2f}{bounds} | {row.faster:.2f}"


def _interval(row: Row, bounds: str, num: int | None = None) -> str:
    """Nothing from a few seeds (of a ratio: pairs, ``num``): a bootstrap of these covers far less than it says."""
    return f" [{bounds}]" if (row.num_seeds if num is None else num) >= FEWEST_SEEDS else ""


def with_table(page: str, table: str, marks: tuple[str, str] = (_BEGIN, _END)) -> str:
    """The page with the table in its place.

    Raises:
        UserError: it has no place for it.
    """
    begin, end = marks
    before, found, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise UserError(f"a page must have a place for the table, from {begin!r} to {end!r}")
    return f"{before}{begin}\n{table.strip()}\n{end}{after}"

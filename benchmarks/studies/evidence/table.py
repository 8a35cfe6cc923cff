"""The table of what is known so far, in the pages that quote it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.meta.evidence import Family, Row, compared
from benchmarks.settings import STUDENTS
from benchmarks.store import UserError, read_json, write_text
from benchmarks.studies.evidence.families import FAMILIES, RESULTS, RULE, TRAINED
from benchmarks.terminal import say
from teacher.learned.files import CARD

_BEGIN, _END = "<!-- evidence: python -m benchmarks.studies.evidence table -->", "<!-- end of evidence -->"
_FEWEST_SEEDS = 3  # that an interval is given for


@dataclass(frozen=True)
class Table:
    """Prints what is known so far, family by family, and writes it into the pages that quote it."""

    results: Path = RESULTS
    """Folder of the figures."""
    pages: tuple[Path, ...] = (Path("README.md"), Path("docs/teachers/general.md"))
    """Pages with a place for it."""

    def execute(self) -> None:
        """Prints and writes."""
        table = "\n".join(self.lines())
        say(table)
        for page in self.pages:
            write_text(page, with_table(page.read_text(encoding="utf-8"), table))

    def lines(self) -> list[str]:
        """Markdown."""
        lines: list[str] = []
        for name, family in FAMILIES.items():
            for student in STUDENTS:
                file = self.results / f"{name}-{student}.json"
                if file.exists():
                    lines += [*self._family(f"{name}, {student}", family, read_json(file)["lifetimes"]), ""]
        return lines

    def _family(self, title: str, family: Family, lifetimes: dict[str, Any]) -> list[str]:
        rows = sorted(compared(lifetimes, family.budget, TRAINED), key=lambda row: row.mean)
        to_rule = {row.name: row for row in compared(lifetimes, family.budget, TRAINED, reference=RULE)}
        lines = [
            f"**{title}** ({'validation family; ' if family.validation else ''}budget {family.budget:,} updates; "
            "restricted means, intervals from three seeds on)",
            "",
            f"| teacher | lives (seeds) | mastered | updates | of uniform's | P(faster) | of {RULE}'s | P(faster) |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for row in rows:
            least = ">= " if row.solved < row.num else ""
            cost = f"{least}{row.mean:,.0f}{_interval(row, f'{row.low:,.0f}, {row.high:,.0f}')}"
            against = f"{_against(row, 'uniform')} | {_against(to_rule[row.name], RULE)}"
            lines.append(f"| {row.name} | {row.num} ({row.num_seeds}) | {row.solved} | {cost} | {against} |")
        return [*lines, *self._break_even(lifetimes)]

    def _break_even(self, lifetimes: dict[str, Any]) -> list[str]:
        """After how many lifetimes the training of a teacher is paid for: N* = C_meta / (C_uniform - C_teacher)."""
        cards = [self.results / "teachers" / name / CARD for name in TRAINED if name in lifetimes]
        training = [read_json(card)["seconds"] for card in cards if card.exists()]
        saved = [
            lifetimes["uniform"][seed]["seconds"] - life["seconds"]
            for name in TRAINED
            for seed, life in lifetimes.get(name, {}).items()
            if seed in lifetimes.get("uniform", {})
        ]
        if not training or not saved or not np.mean(saved) > 0:
            return []
        spent = float(np.mean(training))
        return [
            "",
            f"Meta-training took {spent:,.0f} s of a core; a lifetime under the general teacher trains for "
            f"{np.mean(saved):,.0f} s less than under uniform sampling: paid for after {spent / np.mean(saved):,.0f}.",
        ]


def _against(row: Row, reference: str) -> str:
    """Two columns: the ratio of costs on the same seeds, and how often it was lower."""
    if np.isnan(row.ratio) or row.name == reference:
        return " | "
    return f"{row.ratio:.2f}{_interval(row, f'{row.ratio_low:.2f}, {row.ratio_high:.2f}')} | {row.faster:.2f}"


def _interval(row: Row, bounds: str) -> str:
    """Nothing from one or two seeds: a bootstrap of these knows nothing."""
    return f" [{bounds}]" if row.num_seeds >= _FEWEST_SEEDS else ""


def with_table(page: str, table: str) -> str:
    """The page with the table in its place.

    Raises:
        UserError: it has no place for it.
    """
    before, found, rest = page.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not found or not ended:
        raise UserError(f"a page must have a place for the table, from {_BEGIN!r} to {_END!r}")
    return f"{before}{_BEGIN}\n{table.strip()}\n{_END}{after}"

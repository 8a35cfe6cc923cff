"""The general teacher against others on families that its training never saw: the table of docs/teachers/general.md.

``python -m benchmarks.studies.evidence run FAMILY --seeds 3`` (interrupted, it goes on where it was: every finished
lifetime is kept in ``benchmarks/results/general/``), then ``... table``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from benchmarks.flags import settings_of
from benchmarks.meta.evidence import Family, Row, compared
from benchmarks.settings import STUDENTS, SUITES, Cell, schedule_of
from benchmarks.store import UserError, only_writer, read_json, write_text
from benchmarks.studies.league import ENTRIES, Entry, keep_lifetimes
from benchmarks.terminal import guarded, say

RESULTS = Path("benchmarks/results/general")
_BEGIN, _END = "<!-- evidence: python -m benchmarks.studies.evidence table -->", "<!-- end of evidence -->"
_FEWEST_SEEDS = 3  # that an interval is given for
TRAINED = tuple(f"general-{i}" for i in range(6))

# Held out: no family, student or number of arms of these was seen in meta-training, in tuning, or in choosing what to
# ship. Budgets were fixed beforehand, at least 1.5 times uniform's median on seeds 100 and 101.
FAMILIES: dict[str, Family] = {
    "addition-4": Family("addition", {"digits": 4}, 15_000),
    "addition-4-wrong": Family("addition-reordered", {"digits": 4, "told": "wrong", "order_seed": 0}, 15_000),
}

_RULES = ("combined", "mastery-gate", "target-deficit", "learnability", "tscl-sampling", "exp3s-tuned")
OTHERS: dict[str, Entry] = {name: ENTRIES[name] for name in ("uniform", "target-only", *_RULES)}
GENERAL: dict[str, Entry] = {
    name: Entry("general", options={"path": str(RESULTS / "teachers" / name)})
    for name in (*TRAINED, "shuffled-reward", "random-frozen")
}


@dataclass(frozen=True)
class Run:
    """Lifetimes of a family under every teacher; what is finished is not run again."""

    family: tyro.conf.Positional[str] = "addition-4"
    """A family's name."""
    student: str = "lstm"
    """A student's name."""
    teachers: tuple[str, ...] = (*TRAINED, *OTHERS)
    """Entries."""
    seeds: int = 3
    """Paired seeds."""
    first_seed: int = 0
    """The first seed."""
    workers: int = 2
    """Processes."""
    runs: Path = Path("runs/evidence")
    """Where checkpoints and traces are kept."""
    results: Path = RESULTS
    """Folder of the figures."""

    def cells(self) -> list[tuple[str, Cell]]:
        """Seed by seed, so that a partial table is paired."""
        if self.family not in FAMILIES:
            raise UserError(f"unknown family {self.family!r}; there are: {', '.join(FAMILIES)}")
        family, entries = FAMILIES[self.family], {**GENERAL, **OTHERS}
        if unknown := [name for name in self.teachers if name not in entries]:
            raise UserError(f"unknown teacher {unknown[0]!r}; there are: {', '.join(entries)}")
        schedule = dataclasses.replace(schedule_of(family.suite), budget=family.budget)
        suite = {**settings_of(SUITES[family.suite][0]), **family.options}
        student = settings_of(STUDENTS[self.student])
        return [
            (
                name,
                Cell(
                    family.suite,
                    self.student,
                    entries[name].teacher,
                    seed,
                    schedule,
                    signal=entries[name].signal,
                    options={"suite": suite, "student": student, "teacher": entries[name].settings()},
                ),
            )
            for seed in range(self.first_seed, self.first_seed + self.seeds)
            for name in self.teachers
        ]

    def execute(self) -> None:
        """Runs what is missing, keeping each lifetime's figures as it ends."""
        cells = self.cells()
        self.results.mkdir(parents=True, exist_ok=True)
        file = self.results / f"{self.family}-{self.student}.json"
        with only_writer(self.runs / f"{self.family}-{self.student}"):
            command = f"python -m benchmarks.studies.evidence run {self.family} --student {self.student}"
            keep_lifetimes(cells, file, command, self.runs / f"{self.family}-{self.student}", self.workers)


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
        rows = compared(lifetimes, family.budget, TRAINED)
        lines = [
            f"**{title}** (budget {family.budget:,} updates; restricted means, intervals from three seeds on)",
            "",
            "| teacher | lifetimes (seeds) | mastered | updates | of uniform's (paired) | P(faster) |",
            "|---|---|---|---|---|---|",
        ]
        for row in sorted(rows, key=lambda row: row.mean):
            least = ">= " if row.solved < row.num else ""
            cost = f"{least}{row.mean:,.0f}{_interval(row, f'{row.low:,.0f}, {row.high:,.0f}')}"
            compared_to_uniform = not np.isnan(row.ratio) and row.name != "uniform"
            ratio = f"{row.ratio:.2f}{_interval(row, f'{row.ratio_low:.2f}, {row.ratio_high:.2f}')}"
            ratio, better = (ratio, f"{row.faster:.2f}") if compared_to_uniform else ("", "")
            lines.append(f"| {row.name} | {row.num} ({row.num_seeds}) | {row.solved} | {cost} | {ratio} | {better} |")
        return lines


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


def main() -> None:
    """Runs a part of the evidence."""
    tyro.extras.subcommand_cli_from_dict(
        {"run": Run, "table": Table}, prog="python -m benchmarks.studies.evidence"
    ).execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))

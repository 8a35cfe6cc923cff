"""The report that a bench would have, of lifetimes of suites of record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tyro

from benchmarks.gather import Lived, refuse_other_folder, write_all
from benchmarks.records import RECORDS, PresetName
from benchmarks.store import UserError, only_writer, read_json
from benchmarks.studies.keeping import ENVIRONMENT
from benchmarks.studies.records.known import LEARNED
from benchmarks.studies.records.run import NUM_TRAINED, TEACHERS, Kept
from benchmarks.terminal import say

_TURNS = (
    f"general: seed s is taught by trained teacher s mod {NUM_TRAINED}, as was what replays replay. Intervals here "
    "draw seeds alone and are too narrow for it; those of README and docs/results draw the trained teachers, too."
)


@dataclass(frozen=True)
class Report(Kept):
    """Writes report.html, tables and summary.json of lifetimes that `run` has lived, as ``paceline bench`` would."""

    suites: tyro.conf.Positional[tuple[str, ...]]
    """Suites of record."""
    teachers: tuple[str, ...] = tuple(TEACHERS)
    """Entries of their tables."""
    preset: PresetName = "small"
    """Their set-up."""
    first_seed: int = 0
    """The first seed."""
    out: Path = Path("runs/records-report")
    """Folder of the report; another for each, since what is there is written anew."""

    def execute(self) -> None:
        """Writes it; lifetimes that are not finished are left out and named."""
        if not self.suites:
            raise UserError("which suites? Give at least one")
        refuse_other_folder(self.out)
        planned = [(suite, life) for suite in dict.fromkeys(self.suites) for life in self._planned(suite)]
        called = {suite: (life.cell.suite, life.cell.student) for suite, life in planned}
        if len(set(called.values())) < len(called):
            raise UserError(
                f"{', '.join(called)} --preset {self.preset} are one suite under several settings, whose lifetimes are "
                "no pairs: give a report to each"
            )
        lived = [life for _, life in planned if (life.folder / "summary.json").exists()]
        if not lived:
            raise UserError(
                f"none of these {len(planned)} lifetimes is finished, the first in {planned[0][1].folder}: give the "
                "--results, or the --runs, of `run`"
            )
        done = {life.folder for life in lived}
        left = [(suite, life) for suite, life in planned if life.folder not in done]
        missing = [f"{suite}/{life.teacher}/seed-{life.cell.seed}" for suite, life in left]
        # It is written after the summary, so of a lifetime that has just ended it may not be there yet.
        made_with = [life.folder / ENVIRONMENT for life in lived]
        environments = [read_json(file) if file.exists() else {} for file in made_with]
        names = dict.fromkeys(name for one in environments for name in one)
        said = {name: ", ".join(dict.fromkeys(one.get(name, "?") for one in environments)) for name in names}
        self.out.mkdir(parents=True, exist_ok=True)
        notes = [self._told(suite) for suite in dict.fromkeys(self.suites)]
        notes += [_TURNS] if any(life.teacher in LEARNED for life in lived) else []
        with only_writer(self.out):
            write_all(self.out, lived, missing, said, {}, notes=notes)
        say(f"report: {self.out / 'report.html'}")

    def _planned(self, suite: str) -> Iterator[Lived]:
        run = self.run_of(self.teachers, preset=self.preset, first_seed=self.first_seed)
        for name, cell, folder in run.places(suite):
            yield Lived(folder, cell, name)

    def _told(self, suite: str) -> str:
        """What a suite of record is; below it is called by the name of the suite that its preset is of."""
        record = RECORDS[suite]
        preset = record.presets()[self.preset]
        return (
            f"{suite} --preset {self.preset} ({preset.suite}, {self.student or preset.student}): {record.title}. "
            f"{record.source}. Expected there: {record.expected}. Primary metric: {record.metric}."
        )

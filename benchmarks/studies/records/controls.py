"""Controls: what a gain of the general teacher is made of, its features, its rewards, its mixtures or its order."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from benchmarks.export import as_json
from benchmarks.pace import Pace, read_pace
from benchmarks.store import UserError, write_text
from benchmarks.studies.keeping import folder_of
from benchmarks.studies.records.run import Run, schedule_path
from benchmarks.terminal import say


@dataclass(frozen=True)
class Yoke:
    """Makes what the yoked controls of a suite replay: on seed s, what the general teacher did on the seed after it.

    Decision by decision, and the mean over the lifetime. It was another of the trained teachers that taught that seed.
    The last seed replays the first: with other ``seeds`` its controls are run anew.
    """

    suite: tyro.conf.Positional[str]
    """A suite of record, whose lifetimes under the general teacher are finished."""
    preset: Literal["small", "paper"] = "small"
    """Its set-up."""
    student: str | None = None
    """A student's name; default: the preset's."""
    seeds: int = 10
    """Paired seeds."""
    runs: Path = Path("runs/records")
    """Where they are kept."""

    def execute(self) -> None:
        """Writes two schedules a seed."""
        if self.seeds < 2:
            raise UserError(f"seeds must be at least 2: a control replays another seed's lifetime; got {self.seeds}")
        run = Run(preset=self.preset, student=self.student, teachers=("general",), seeds=self.seeds)
        cells = [cell for _, cell in run.cells(self.suite)]
        folders = [self.runs / run.name(self.suite) / "general" / folder_of(cell) for cell in cells]
        if missing := [folder for folder in folders if not (folder / "summary.json").exists()]:
            raise UserError(
                f"{len(missing)} lifetimes of the general teacher are not finished, the first: {missing[0]}"
            )
        paces = [read_pace(folder) for folder in folders]
        for seed in range(self.seeds):
            pace = paces[(seed + 1) % self.seeds]
            for name, kept in (("order", pace), ("mean", static_mean(pace))):
                out = Path(schedule_path(run.name(self.suite), name).replace("{seed}", str(seed)))
                out.parent.mkdir(parents=True, exist_ok=True)
                write_text(out, as_json(kept))
        say(f"{2 * self.seeds} schedules: {out.parent}")


def static_mean(pace: Pace) -> Pace:
    """A single decision with the mean of the mixtures, each weighted by its updates."""
    updates, mixtures = pace.phases(1)
    return dataclasses.replace(pace, updates=updates, mixtures=mixtures, counts=pace.counts.sum(axis=0, keepdims=True))

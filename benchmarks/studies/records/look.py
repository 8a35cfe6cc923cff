"""What teachers did in lifetimes of a suite of record: where the updates went, and how far each arm had come."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import tyro
from rich.table import Table

from benchmarks.records import PresetName
from benchmarks.store import UserError, read_sealed, refuse_damaged
from benchmarks.studies.keeping import folder_of
from benchmarks.studies.records.run import Run
from benchmarks.terminal import Console
from envs.batch import Floats, Ints

_READ = ("trace.parquet", "results.parquet")


@dataclass(frozen=True)
class Look:
    """Prints each arm's mean share of the mixture in windows of updates, and its competence at the last evaluation.

    Means over the lifetimes that reach into a window, whose number stands under its end: those that mastered early are
    not in the later ones. A dash where none does.
    """

    suite: tyro.conf.Positional[str]
    """A suite of record, whose lifetimes are finished."""
    teachers: tuple[str, ...] = ("general", "target-deficit", "exp3s")
    """Entries of its table."""
    until: tuple[int, ...] = (500, 1000, 2000, 4000)
    """Where the windows end, in updates; the first begins at 0."""
    preset: PresetName = "small"
    """Its set-up."""
    student: str | None = None
    """A student's name; default: the preset's."""
    first_seed: int = 0
    """The first seed."""
    seeds: int = 10
    """How many."""
    runs: Path = Path("runs/records")
    """Where they are kept."""

    def execute(self) -> None:
        """A table per teacher."""
        if not self.until or any(a >= b for a, b in itertools.pairwise((0, *self.until))):
            raise UserError(
                f"--until must be increasing and positive; got {' '.join(map(str, self.until)) or 'nothing'}"
            )
        run = Run(
            preset=self.preset,
            student=self.student,
            teachers=self.teachers,
            first_seed=self.first_seed,
            seeds=self.seeds,
        )
        folders: dict[str, list[Path]] = {}
        for name, cell in run.cells(self.suite):
            folders.setdefault(name, []).append(self.runs / run.name(self.suite) / name / folder_of(cell))
        if missing := [one for own in folders.values() for one in own if not (one / "summary.json").exists()]:
            raise UserError(f"{len(missing)} lifetimes are not finished, the first: {missing[0]}")
        for folder in (one for own in folders.values() for one in own):
            sums = read_sealed(folder / "summary.json")["files"]
            refuse_damaged(folder, {name: sums[name] for name in _READ})
        for name, own in folders.items():
            shares, competence, alive = averages(own, self.until)
            table = Table(title=f"{name}: share (competence)")
            table.add_column("arm", no_wrap=True)
            for end, lives in zip(self.until, alive, strict=True):
                table.add_column(f"to {end:,}\nof {lives}", no_wrap=True)
            for arm, label in enumerate(arm_names(own[0])):
                pairs = zip(shares[:, arm], competence[:, arm], strict=True)
                table.add_row(label, *(f"{_said(share)} ({_said(reached)})" for share, reached in pairs))
            wide = None if sys.stdout.isatty() else 60 + 16 * len(self.until)
            Console(width=wide).print(table)


def arm_names(folder: Path) -> list[str]:
    """The taught arms of a lifetime, in order."""
    rows = pl.read_parquet(folder / "results.parquet").filter("taught").unique("arm").sort("arm")
    return rows["arm_name"].to_list()


def averages(folders: list[Path], until: tuple[int, ...]) -> tuple[Floats, Floats, Ints]:
    """Over lifetimes: mean mixture in each window, and competence at its last evaluation: ``(W, A)`` twice.

    NaN where no lifetime has a decision, or an evaluation, in a window. Third: how many are there, ``(W,)``.
    """
    windows = list(itertools.pairwise((0, *until)))
    shares, reached = [], []
    for folder in folders:
        trace = pl.read_parquet(folder / "trace.parquet")
        mixtures, updates = np.array(trace["mixture"].to_list()), trace["updates"].to_numpy()
        rows = pl.read_parquet(folder / "results.parquet").filter("taught").sort("updates", "arm")
        judged = rows["updates"].unique(maintain_order=True).to_numpy()
        competence = rows["competence"].to_numpy().reshape(len(judged), -1)
        nothing = np.full(mixtures.shape[1], np.nan)
        within = [(updates > start) & (updates <= end) for start, end in windows]
        shares.append([mixtures[chosen].mean(axis=0) if chosen.any() else nothing for chosen in within])
        seen = [(judged > start) & (judged <= end) for start, end in windows]
        reached.append([competence[chosen][-1] if chosen.any() else nothing for chosen in seen])
    alive = (~np.isnan(np.array(shares)[:, :, 0])).sum(axis=0)
    return _mean(np.array(shares)), _mean(np.array(reached)), alive


def _mean(values: Floats) -> Floats:
    """Over lifetimes, of those that have one."""
    there = ~np.isnan(values)
    total: Floats = np.where(there, values, 0.0).sum(axis=0)
    mean: Floats = np.full(total.shape, np.nan)
    np.divide(total, there.sum(axis=0), out=mean, where=there.any(axis=0))
    return mean


def _said(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.2f}"

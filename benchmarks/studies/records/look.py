"""What teachers did in lifetimes of a suite of record: where the updates went, and how far each arm had come."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import tyro
from rich.table import Table

from benchmarks.records import PresetName
from benchmarks.store import UserError, read_sealed, refuse_damaged, write_json
from benchmarks.studies.records.run import Kept
from benchmarks.terminal import Console
from envs.batch import Floats, Ints

_READ = ("trace.parquet", "results.parquet")
FOLDER = "taught"
"""Of these files, beside the figures; and of what is drawn of them, beside the pages."""
NUM_WINDOWS = 20
"""Of a budget, in what is kept."""


@dataclass(frozen=True)
class Look(Kept):
    """Prints each arm's mean share of the mixture in windows of updates, and its competence at the last evaluation.

    Means over the lifetimes that reach into a window, whose number stands under its end: those that mastered early are
    not in the later ones. A dash where none does.
    """

    suite: tyro.conf.Positional[str]
    """A suite of record, whose lifetimes are finished."""
    teachers: tuple[str, ...] = ("general", "target-deficit", "exp3s")
    """Entries of its table."""
    until: tuple[int, ...] | None = None
    """Where the windows end, in updates; the first begins at 0. Default: 500 1000 2000 4000, or with --out twenty
    windows of the budget."""
    preset: PresetName = "small"
    """Its set-up."""
    first_seed: int = 0
    """The first seed."""
    out: Path | None = None
    """Folder for what is printed, a JSON file per suite, preset and student, of which a page's figure is drawn."""

    def execute(self) -> None:
        """A table per teacher."""
        run = self.run_of(self.teachers, preset=self.preset, first_seed=self.first_seed)
        if self.out is not None and self.out.exists() and not self.out.is_dir():
            raise UserError(f"--out must be a folder; {self.out} is a file")
        folders: dict[str, list[Path]] = {}
        places = list(run.places(self.suite))
        until = self._windows(places[0][1].schedule.budget)
        for name, _, folder in places:
            folders.setdefault(name, []).append(folder)
        if missing := [one for own in folders.values() for one in own if not (one / "summary.json").exists()]:
            raise UserError(f"{len(missing)} lifetimes are not finished, the first: {missing[0]}")
        for folder in (one for own in folders.values() for one in own):
            sums = read_sealed(folder / "summary.json")["files"]
            refuse_damaged(folder, {name: sums[name] for name in _READ})
        arms = arm_names(next(iter(folders.values()))[0])
        seen = {name: averages(own, until) for name, own in folders.items()}
        for name, (shares, competence, alive) in seen.items():
            table = Table(title=f"{name}: share (competence)")
            table.add_column("arm", no_wrap=True)
            for end, lives in zip(until, alive, strict=True):
                table.add_column(f"to {end:,}\nof {lives}", no_wrap=True)
            for arm, label in enumerate(arms):
                pairs = zip(shares[:, arm], competence[:, arm], strict=True)
                table.add_row(label, *(f"{_said(share)} ({_said(reached)})" for share, reached in pairs))
            wide = None if sys.stdout.isatty() else 60 + 16 * len(until)
            Console(width=wide).print(table)
        if self.out is not None:
            self.out.mkdir(parents=True, exist_ok=True)
            command = f"python -m benchmarks.studies.records look {self.suite} --teachers {' '.join(self.teachers)}"
            seeds = {"command": command, "first_seed": self.first_seed, "seeds": self.seeds}
            write_json(self.out / f"{run.name(self.suite)}.json", {**seeds, **kept(until, arms, seen)})

    def _windows(self, budget: int) -> tuple[int, ...]:
        """Where they end."""
        usual: tuple[int, ...] = (500, 1000, 2000, 4000)
        if self.out is not None:
            usual = tuple(budget * (at + 1) // NUM_WINDOWS for at in range(NUM_WINDOWS))
        until = usual if self.until is None else self.until
        if not until or any(a >= b for a, b in itertools.pairwise((0, *until))):
            raise UserError(f"--until must be increasing and positive; got {' '.join(map(str, until)) or 'nothing'}")
        return until


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


def kept(until: tuple[int, ...], arms: list[str], seen: dict[str, tuple[Floats, Floats, Ints]]) -> dict[str, Any]:
    """For JSON: where windows end ``(W,)``, and of each teacher its lifetimes ``(W,)``, shares, competences ``(W, A)``.

    Null where no lifetime reaches.
    """
    teachers = {
        name: {"lifetimes": alive.tolist(), "shares": _rounded(shares), "competence": _rounded(competence)}
        for name, (shares, competence, alive) in seen.items()
    }
    return {"until": list(until), "arms": arms, "teachers": teachers}


def _rounded(values: Floats) -> list[list[float | None]]:
    return [[None if np.isnan(value) else round(float(value), 3) for value in line] for line in values]

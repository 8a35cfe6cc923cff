"""Lifetimes of a source's own set-up, each lived on a big machine: what is kept of them, and the table of a page."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import tyro

from benchmarks.cli import parsed
from benchmarks.gather import planned_cells
from benchmarks.grid import read_plain
from benchmarks.lifetime import CHECKPOINT
from benchmarks.planning import planned
from benchmarks.records import RECORDS
from benchmarks.settings import Cell
from benchmarks.store import UserError, last_good_checkpoint, read_json, read_sealed, refuse_damaged, write_json
from benchmarks.studies.keeping import lifetimes_in
from benchmarks.studies.records.run import RESULTS
from benchmarks.terminal import say


@dataclass(frozen=True)
class Paper:
    """Keeps the figures of lifetimes of ``paceline run SUITE --preset paper --out FOLDER``, finished or under way."""

    suite: tyro.conf.Positional[str]
    """A suite of record."""
    folders: tyro.conf.Positional[tuple[Path, ...]]
    """What --out named."""
    gpu: str | None = None
    """Its name, of students that were on one: NVIDIA H200."""
    under_way: bool = False
    """Take lifetimes that are not finished, too, as far as their last checkpoint tells."""
    results: Path = RESULTS / "paper"
    """Folder of the figures: a file per suite."""

    def execute(self) -> None:
        """Adds them to the suite's file."""
        if self.suite not in RECORDS:
            raise UserError(f"unknown suite of record {self.suite!r}; there are: {', '.join(RECORDS)}")
        if not self.folders:
            raise UserError("which lifetimes? Give the folders that --out named")
        added = [entry for folder in self.folders for entry in self._of(folder)]
        file = self.results / f"{self.suite}.json"
        kept = lifetimes_in(file)
        for teacher, seed, life in added:
            kept.setdefault(teacher, {})[seed] = life
            say(f"{teacher}, seed {seed}: {life['updates'][-1]:,} updates")
        self.results.mkdir(parents=True, exist_ok=True)
        write_json(file, {"lifetimes": kept})

    def _of(self, folder: Path) -> list[tuple[str, str, dict[str, Any]]]:
        """Teacher, seed and figures of each lifetime in a folder."""
        entries = []
        for cell in planned_cells(folder):
            preset = the_sources(self.suite, cell)
            if others := sorted(name for name, value in flat(cell).items() if flat(preset).get(name, value) != value):
                raise UserError(f"{folder} is not of {self.suite} --preset paper: it differs in {', '.join(others)}")
            lived = folder / "cells" / cell.name
            whole = (lived / "summary.json").exists()
            if not whole and not self.under_way:
                raise UserError(
                    f"{lived} is not finished: give the command with its --out again, or --under-way for what there is"
                )
            figures = lifetime(lived) if whole else so_far(lived)
            entries.append((cell.teacher, str(cell.seed), {**self._lived_on(folder, cell), **figures}))
        return entries

    def _lived_on(self, folder: Path, cell: Cell) -> dict[str, Any]:
        """Command, machine and day of a lifetime: when its summary or last checkpoint was written (or copied since)."""
        made_with = read_json(folder / "settings.json")["environment"]
        device = cell.options["student"].get("device", "cpu")
        if device != "cpu" and self.gpu is None:
            raise UserError(f"{folder}: the student was on {device}; say which it is with --gpu")
        flags = "" if device == "cpu" else f" --{cell.student}.device {device}"
        flags += own_flags(cell, the_sources(self.suite, cell))
        lived = folder / "cells" / cell.name
        files = (lived / "summary.json", lived / CHECKPOINT)
        written = next(file.stat().st_mtime for file in files if file.exists())
        return {
            "command": f"paceline run {self.suite} --preset paper --teacher {cell.teacher} --seed {cell.seed}{flags}",
            "device": made_with["processor"] if device == "cpu" else self.gpu,
            "date": time.strftime("%Y-%m-%d", time.gmtime(written)),
            "environment": made_with,
            "budget": cell.schedule.budget,
        }


def the_sources(suite: str, cell: Cell) -> Cell:
    """What ``--preset paper`` makes of a lifetime's teacher and seed."""
    student: Any = RECORDS[suite].paper.student
    command: Any = parsed(f"run {suite} --preset paper --teacher {cell.teacher} --student {student}".split())
    return planned(command, [cell.teacher], [student], [cell.seed])[0]


def own_flags(cell: Cell, preset: Cell) -> str:
    """The teacher's flags, and the signal, where they are not what the teacher's name alone stands for."""
    own, usual = (read_plain(one.options.get("teacher", {})) for one in (cell, preset))
    changed = {f"{cell.teacher}.{name.replace('_', '-')}": value for name, value in own.items() if usual[name] != value}
    if cell.signal != preset.signal:
        changed["signal"] = cell.signal
    return "".join(f" --{name} {value}" for name, value in changed.items())


def flat(cell: Cell) -> dict[str, Any]:
    """A lifetime's settings by name, but for its teacher's, its signal and the student's device."""
    settings = read_plain(dataclasses.asdict(cell))
    options = settings.pop("options")
    named = {f"{kind}.{name}": value for kind in ("suite", "student") for name, value in options[kind].items()}
    schedule = {f"schedule.{name}": value for name, value in settings.pop("schedule").items()}
    everything = {**settings, **schedule, **named}
    return {name: value for name, value in everything.items() if name not in ("signal", "student.device")}


def lifetime(folder: Path) -> dict[str, Any]:
    """Of one lifetime: when it was evaluated, and each taught arm's loss and competence ``(evaluations, A)`` then."""
    summary = read_sealed(folder / "summary.json")
    results = "results.parquet"  # the only file that is read: a student's weights may have been left where it lived
    refuse_damaged(folder, {results: summary["files"][results]})
    seconds = summary["seconds"]["training"] + summary["seconds"]["evaluation"]
    return _figures(pl.read_parquet(folder / results), summary["to_mastery"] if summary["mastered"] else None, seconds)


def so_far(folder: Path) -> dict[str, Any]:
    """The same of one that is under way, of its last checkpoint.

    Raises:
        UserError: there is none, or nothing was evaluated yet.
    """
    state = last_good_checkpoint(folder / CHECKPOINT)
    if state is None or not state["ladder"]["rows"]:
        raise UserError(f"{folder} has no checkpoint with an evaluation yet: let it live on for a while")
    spent = sum(row["training_seconds"] + row["evaluation_seconds"] for row in state["trace"]["seconds"])
    figures = _figures(pl.DataFrame(state["ladder"]["rows"]), state["ladder"]["mastered_at"], spent)
    return {**figures, "under_way": True}


def _figures(results: pl.DataFrame, reached: dict[str, int] | None, seconds: float) -> dict[str, Any]:
    rows = results.filter("taught").sort("updates", "arm")
    updates = rows["updates"].unique(maintain_order=True).to_list()

    def table(column: str) -> list[list[float]]:
        values = rows[column].to_numpy().reshape(len(updates), -1)
        return [[round(float(value), 3) for value in line] for line in values]

    first = rows.head(len(rows) // len(updates))
    return {
        "mastered": reached is not None,
        "to_mastery": None if reached is None else reached["updates"],
        "seconds": round(seconds, 1),
        "arms": first["arm_name"].to_list(),
        "targets": first["target"].to_list(),
        "updates": updates,
        "competence": table("competence"),
        "loss": table("loss"),
    }


def paper_section(file: Path) -> list[str]:
    """A table of what a file, named after its suite, holds; that no lifetime was lived, if there is none."""
    lives = [
        (teacher, int(seed), life) for teacher, by_seed in lifetimes_in(file).items() for seed, life in by_seed.items()
    ]
    title = ["", "### `--preset paper`, single lifetimes", ""]
    if not lives:
        command = f"`paceline run {file.stem} --preset paper --teacher general --seed 0`"
        return [*title, f"None was lived to this day: not reproduced. On a big machine {command} lives one."]
    lines = [
        *title,
        f"`{lives[0][2]['command']}` and the like; `{file.parent.name}/{file.name}` beside the other figures has every "
        "evaluation. One seed is no comparison. Competence of the targets: mean and lowest, at the evaluation where "
        "the mean was highest, and at the last.",
        "",
        "| teacher | seed | updates | budget | mastered | best | last | minutes | lived on |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for teacher, seed, life in sorted(lives, key=lambda one: one[:2]):
        targets = np.array(life["competence"])[:, np.array(life["targets"])]
        best = int(targets.mean(axis=1).argmax())
        mastered = f"at {life['to_mastery']:,}" if life["mastered"] else "under way" if "under_way" in life else "no"
        lines.append(
            f"| {teacher} | {seed} | {life['updates'][-1]:,} | {life['budget']:,} | {mastered} "
            f"| {_said(targets[best])} (at {life['updates'][best]:,}) | {_said(targets[-1])} "
            f"| {life['seconds'] / 60:.1f} | {life['device']}, {life['date']} |"
        )
    return lines


def _said(targets: Any) -> str:
    return f"{targets.mean():.2f}, {targets.min():.2f}"

"""Lifetimes of a source's own set-up, each lived on a big machine: what is kept of them, and the table of a page."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import tyro

from benchmarks.records import RECORDS
from benchmarks.store import UserError, read_json, write_json
from benchmarks.studies.records.run import RESULTS
from benchmarks.terminal import say


@dataclass(frozen=True)
class Paper:
    """Keeps the figures of finished lifetimes of ``paceline run SUITE --preset paper --out FOLDER``."""

    suite: tyro.conf.Positional[str]
    """A suite of record."""
    folders: tyro.conf.Positional[tuple[Path, ...]]
    """What --out named."""
    device: str = "cpu"
    """Where they were lived, in words: NVIDIA H200."""
    results: Path = RESULTS / "paper"
    """Folder of the figures: a file per suite."""

    def execute(self) -> None:
        """Adds them to the suite's file."""
        if self.suite not in RECORDS:
            raise UserError(f"unknown suite of record {self.suite!r}; there are: {', '.join(RECORDS)}")
        added = [entry for folder in self.folders for entry in self._of(folder)]
        file = self.results / f"{self.suite}.json"
        kept = read_json(file)["lifetimes"] if file.exists() else {}
        for teacher, seed, life in added:
            kept.setdefault(teacher, {})[seed] = life
            say(f"{teacher}, seed {seed}: {life['updates'][-1]:,} updates")
        self.results.mkdir(parents=True, exist_ok=True)
        student = f"--{RECORDS[self.suite].paper.student}.device {'cpu' if self.device == 'cpu' else 'cuda'}"
        command = f"paceline run {self.suite} --preset paper {student} --teacher TEACHER --seed SEED"
        write_json(file, {"command": command, "lifetimes": kept})

    def _of(self, folder: Path) -> list[tuple[str, str, dict[str, Any]]]:
        """Teacher, seed and figures of each lifetime in a folder."""
        if not (folder / "settings.json").exists():
            raise UserError(f"{folder} is no folder that paceline run --out made: settings.json is not there")
        made = read_json(folder / "settings.json")
        preset, entries = RECORDS[self.suite].paper, []
        for cell in made["cells"]:
            if (cell["suite"], cell["student"]) != (preset.suite, preset.student):
                raise UserError(
                    f"{folder} holds {cell['suite']} with student {cell['student']}; {self.suite} --preset paper is "
                    f"{preset.suite} with {preset.student}"
                )
            lived = folder / "cells" / cell["suite"] / cell["student"] / cell["teacher"] / f"seed-{cell['seed']}"
            if not (lived / "summary.json").exists():
                raise UserError(f"{lived} is not finished: give the command with its --out again")
            date = time.strftime("%Y-%m-%d", time.gmtime((lived / "summary.json").stat().st_mtime))
            where = {"device": self.device, "date": date, "environment": made["environment"]}
            budget = {"budget": cell["schedule"]["budget"]}
            entries.append((cell["teacher"], str(cell["seed"]), {**where, **budget, **lifetime(lived)}))
        return entries


def lifetime(folder: Path) -> dict[str, Any]:
    """Of one lifetime: when it was evaluated, and each taught arm's competence ``(evaluations, A)`` then."""
    summary = read_json(folder / "summary.json")
    rows = pl.read_parquet(folder / "results.parquet").filter("taught").sort("updates", "arm")
    updates = rows["updates"].unique(maintain_order=True).to_list()
    competence = rows["competence"].to_numpy().reshape(len(updates), -1)
    first = rows.head(competence.shape[1])
    return {
        "mastered": summary["mastered"],
        "to_mastery": summary["to_mastery"]["updates"] if summary["mastered"] else None,
        "seconds": round(summary["seconds"]["training"] + summary["seconds"]["evaluation"], 1),
        "arms": first["arm_name"].to_list(),
        "targets": first["target"].to_list(),
        "updates": updates,
        "competence": [[round(float(value), 3) for value in line] for line in competence],
    }


def paper_section(file: Path) -> list[str]:
    """A table of what a file holds; nothing if there is none."""
    if not file.exists():
        return []
    lines = [
        "",
        "### `--preset paper`, single lifetimes",
        "",
        f"`{read_json(file)['command']}`, kept by `python -m benchmarks.studies.records paper`; one seed is no "
        "comparison. Competence of the targets at the last evaluation.",
        "",
        "| teacher | seed | updates | budget | mastered | targets' mean | their lowest | minutes | lived on |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for teacher, by_seed in sorted(read_json(file)["lifetimes"].items()):
        for seed, life in sorted(by_seed.items()):
            last = np.array(life["competence"][-1])[np.array(life["targets"])]
            mastered = f"at {life['to_mastery']:,}" if life["mastered"] else "no"
            lines.append(
                f"| {teacher} | {seed} | {life['updates'][-1]:,} | {life['budget']:,} | {mastered} | {last.mean():.2f} "
                f"| {last.min():.2f} | {life['seconds'] / 60:.0f} | {life['device']}, {life['date']} |"
            )
    return lines

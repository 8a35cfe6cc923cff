"""The best static mixture of a suite of record, searched on seeds of its own.

One parameter: how far a mixture leans to what is hard (``teacher.StaticMixture.tilt``), four values of it, two seeds
each, on the suite itself: a hand rule had its four settings on one suite for all. Fixed beforehand: the tilt of the
smallest restricted mean, of two alike the smaller, is lived on the seeds of the suites of record (``static-tilted`` of
``run``). Uniform sampling (0) and training on the target alone (beyond all) are lived there anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from benchmarks.cli import parsed
from benchmarks.planning import planned
from benchmarks.records import RECORDS
from benchmarks.settings import Cell
from benchmarks.store import UserError, only_writer, read_json
from benchmarks.studies.keeping import keep_lifetimes
from benchmarks.studies.records.run import RESULTS, tilted_by
from benchmarks.studies.records.tuning import SEEDS, costs_of
from benchmarks.terminal import say

FIGURES = RESULTS.parent / "mixtures"
TILTS = (1.0, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class Static:
    """Searches the best static mixture of each suite among four that lean to what is hard; prints what it took."""

    suites: tyro.conf.Positional[tuple[str, ...]] = tuple(RECORDS)
    """Suites of record."""
    workers: int = 2
    """Processes."""
    runs: Path = Path("runs/records")
    """Where checkpoints and traces are kept."""
    out: Path = FIGURES
    """Folder of the figures, a JSON file for each suite."""
    show: bool = False
    """Only print what is known."""

    def cells(self, suite: str) -> list[tuple[str, Cell]]:
        """Seed by seed."""
        if suite not in RECORDS:
            raise UserError(f"unknown suite of record {suite!r}; there are: {', '.join(RECORDS)}")
        made: list[tuple[str, list[Cell]]] = []
        for tilt in TILTS:
            command: Any = parsed(f"run {suite} --preset small {tilted_by(tilt)}".split())
            made.append((entry(tilt), planned(command, [command.teacher], [command.student], SEEDS)))
        return [(name, cells[at]) for at in range(len(SEEDS)) for name, cells in made]

    def execute(self) -> None:
        """Runs what is missing, and prints a table."""
        every = {suite: self.cells(suite) for suite in self.suites}  # a mistake is found before the first lifetime
        for suite, cells in {} if self.show else every.items():
            self.out.mkdir(parents=True, exist_ok=True)
            runs = self.runs / "mixtures" / suite
            with only_writer(runs):
                command = f"python -m benchmarks.studies.records static {suite}"
                keep_lifetimes(cells, self.out / f"{suite}.json", command, runs, self.workers)
        if not (found := figures(self.out, self.suites)):
            raise UserError(f"{self.out} holds no figures: python -m benchmarks.studies.records static makes them")
        say("\n".join(told(found)))


def entry(tilt: float) -> str:
    """Name of a tilt in the figures."""
    return f"tilt {tilt:g}"


def figures(folder: Path, suites: Sequence[str] = tuple(RECORDS)) -> dict[str, dict[str, Any]]:
    """Lifetimes by suite, of those that have some."""
    files = {suite: folder / f"{suite}.json" for suite in suites}
    return {suite: read_json(file).get("lifetimes", {}) for suite, file in files.items() if file.exists()}


def best(lifetimes: dict[str, Any]) -> float | None:
    """The tilt of the smallest restricted mean; of two alike the smaller. None unless all have lived."""
    if any(str(seed) not in lifetimes.get(entry(tilt), {}) for tilt in TILTS for seed in SEEDS):
        return None
    return min(TILTS, key=lambda tilt: float(np.mean(costs_of(lifetimes[entry(tilt)]))))


def told(found: dict[str, dict[str, Any]]) -> list[str]:
    """A table: each tilt's updates on both seeds, and which is lived on the suite's own seeds; nothing of nothing."""
    if not found:
        return []
    lines = [
        f"| suite | {' | '.join(f'{entry(tilt)}, seeds {SEEDS[0]}, {SEEDS[1]}' for tilt in TILTS)} | chosen |",
        "|---" * (len(TILTS) + 2) + "|",
    ]
    for suite, lifetimes in found.items():
        shown = [_shown(lifetimes.get(entry(tilt), {})) for tilt in TILTS]
        tilt = best(lifetimes)
        lines.append(f"| {suite} | {' | '.join(shown)} | {'' if tilt is None else f'{tilt:g}'} |")
    return lines


def _shown(own: dict[str, Any]) -> str:
    lives = [own.get(str(seed)) for seed in SEEDS]
    return ", ".join(
        "" if life is None else f"{life['updates']:,}" if life["mastered"] else f">= {life['budget']:,}"
        for life in lives
    )

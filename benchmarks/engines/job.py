"""One cell for a worker, and how a grid is run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.lifetime import ERROR, Status, run_cell
from benchmarks.settings import Cell
from benchmarks.store import UserError, write_text
from benchmarks.tracking import Mode, Place, make_tracker

Engine = Literal["local", "ray"]
RETRIES = 20  # of a cell whose worker is lost; each goes on from its last checkpoint


@dataclass(frozen=True)
class Execution:
    """How a grid is run: nothing in here changes a result."""

    workers: int = 2
    """Processes, each with one torch thread; on a cluster, lifetimes at a time."""
    engine: Engine = "local"
    """local: processes here; ray: a Ray cluster (extra ray), its machines sharing the folder of results."""
    ray_address: str | None = None
    """The cluster's address, auto for the one this machine is part of; None: one is started here."""
    wandb: Mode = "offline"
    """Weights & Biases: offline (sync later), online, disabled."""
    project: str = "paceline"
    """W&B project."""
    tracker: Place = "wandb"
    """wandb, or tensorboard (extra): event files in each lifetime's folder."""
    overwrite: bool = False
    """Delete what the folder holds and start anew."""
    job_type: str = "bench"
    """W&B job type."""
    checkpoint_every: int | None = None
    """Decisions between checkpoints; None: every five seconds."""


def folder_of(out: Path, cell: Cell) -> Path:
    """Where a cell of a grid is kept."""
    return out / "cells" / cell.name


@dataclass(frozen=True)
class Job:
    """One cell of the grid in ``out``."""

    cell: Cell
    out: Path
    execution: Execution
    bench_id: str

    def run(self, show: Callable[[Status], None]) -> None:
        """Lives the lifetime, or goes on with it."""
        folder = folder_of(self.out, self.cell)
        how = self.execution
        tracker = make_tracker(how.wandb, how.project, self.bench_id, how.job_type, how.tracker)
        run_cell(self.cell, folder, tracker, show, self.execution.checkpoint_every)

    def given_up(self, lost: int, why: str) -> str:
        """Writes down, as the reason of its failure, how many workers were lost at it, and why; returns the line."""
        said = f"{self.cell.name} lost {lost} workers, one after another ({why}): it is given up"
        folder = folder_of(self.out, self.cell)
        with contextlib.suppress(UserError, OSError):  # it is being said
            folder.mkdir(parents=True, exist_ok=True)
            write_text(folder / ERROR, f"{said}\n")
        return said

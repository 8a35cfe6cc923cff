"""Lifetimes in Weights & Biases: one run each, grouped without the seed."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any, Literal, Protocol

import polars as pl

from benchmarks.provenance import environment
from benchmarks.settings import Cell
from benchmarks.tracking.boards import TensorBoardTracker
from benchmarks.tracking.connection import Connection, Mode, run_options
from benchmarks.tracking.rows import AXES, at_the_end, of_decision, of_evaluation
from envs import Suite

Place = Literal["wandb", "tensorboard"]


class Tracker(Protocol):
    """Where a lifetime's decisions, evaluations and results are logged.

    Attributes:
        waits: whether its end may wait for a server; a lifetime killed meanwhile ends its run when it is run again.
    """

    waits: bool

    def start(self, cell: Cell, suite: Suite, folder: Path) -> None:
        """Begins the run of a cell, or goes on with it."""

    def log_decision(self, record: dict[str, Any], suite: Suite) -> None:
        """One trace record."""

    def log_evaluation(self, rows: list[dict[str, Any]], seconds: float) -> None:
        """The TEST ladder's rows of one evaluation, and the seconds of training so far."""

    def finish(self, summary: dict[str, Any], trace: pl.DataFrame, folder: Path) -> None:
        """Ends the run with its summary, the table of decisions and the artifacts; the lifetime is sealed by then."""

    def close(self) -> None:
        """Ends a run that was not finished, as failed; after ``finish`` nothing."""


class NoTracker:
    """Logs nothing."""

    waits = False

    def start(self, cell: Cell, suite: Suite, folder: Path) -> None:
        """Nothing."""

    def log_decision(self, record: dict[str, Any], suite: Suite) -> None:
        """Nothing."""

    def log_evaluation(self, rows: list[dict[str, Any]], seconds: float) -> None:
        """Nothing."""

    def finish(self, summary: dict[str, Any], trace: pl.DataFrame, folder: Path) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def run_id(bench_id: str, cell: Cell) -> str:
    """The W&B run of a cell: always the same for a bench's folder, so that a resume goes on in it."""
    return hashlib.sha256(f"{bench_id} {cell.digest}".encode()).hexdigest()[:16]


def make_tracker(mode: Mode, project: str, bench_id: str, job_type: str, place: Place = "wandb") -> Tracker:
    """A tracker for one cell."""
    if place == "tensorboard":
        return TensorBoardTracker()
    return NoTracker() if mode == "disabled" else WandbTracker(mode, project, bench_id, job_type)


class WandbTracker(Connection):
    """Logs a lifetime as one W&B run with axes of its own (never ``step=``).

    ``teacher/*`` over ``teacher/decision``, ``student/*`` over ``student/tokens``, ``eval/*`` over ``eval/updates``, or
    by choice over ``eval/tokens``, ``eval/forward_equivalents``, ``eval/seconds``.
    The run id derives from the bench and the cell, so a resumed lifetime goes on in the same run (the rows between
    its last checkpoint and the interruption are logged again, with equal content but for seconds).

    Args:
        mode: ``offline`` (sync later with ``wandb sync``) or ``online``; an unreachable server falls back to offline,
            and one lost under way is waited for at the end no longer than ``WANDB_FINISH_TIMEOUT`` says (120 s).
        project: W&B project.
        bench_id: random id of the bench, kept in its folder.
        job_type: ``bench`` or ``run``.
    """

    waits = True

    def __init__(self, mode: Mode, project: str, bench_id: str, job_type: str):
        super().__init__(mode, project, job_type)
        self.bench_id = bench_id

    def start(self, cell: Cell, suite: Suite, folder: Path) -> None:
        """Begins the run of a cell, or goes on with it."""
        try:
            self._start(cell, suite, folder)
        except Exception as error:  # whatever the client raises, training goes on
            self._fail(error)

    def _start(self, cell: Cell, suite: Suite, folder: Path) -> None:
        config = {
            **dataclasses.asdict(cell),
            "bench_id": self.bench_id,
            "fingerprint": suite.fingerprint,
            "arms": list(suite.arms.names),
            "environment": environment(),
        }
        group, tags = "/".join((cell.suite, cell.student, cell.teacher)), [cell.suite, cell.student, cell.teacher]
        options = run_options(
            self.project, folder, run_id(self.bench_id, cell), cell.name, group, self.job_type, tags, config
        )
        self._init(options)
        if self._run is not None:
            for family, axis in AXES.items():
                self._run.define_metric(axis, hidden=True)
                self._run.define_metric(f"{family}/*", step_metric=axis)

    def log_decision(self, record: dict[str, Any], suite: Suite) -> None:
        """Mixture, reward and scaled gains of the teacher; scores and costs of the student."""
        self._log_rows(of_decision(record, suite))

    def log_evaluation(self, rows: list[dict[str, Any]], seconds: float) -> None:
        """Loss and competence on TEST, by arm, the targets' mean, and every cost so far."""
        self._log_rows(of_evaluation(rows, seconds))

    def finish(self, summary: dict[str, Any], trace: pl.DataFrame, folder: Path) -> None:
        """Summary, the decisions as one table, and the artifacts teacher, student, results, settings."""
        self._end(lambda run: _log_the_last(run, summary, trace, folder))


def _log_the_last(run: Any, summary: dict[str, Any], trace: pl.DataFrame, folder: Path) -> None:
    import wandb

    names = [n for n in trace.columns if not isinstance(trace.schema[n], pl.List)]
    shown = [*names, "mixture", "count"]
    run.log({"teacher/decisions": wandb.Table(columns=shown, data=[list(row) for row in trace.select(shown).rows()])})
    run.summary.update(at_the_end(summary))
    for kind, files in (
        ("teacher", ["teacher.safetensors"]),
        ("student", ["student.safetensors"]),
        ("results", ["results.parquet", "trace.parquet", "failures.parquet"]),
        ("settings", ["cell.json"]),
    ):
        artifact = wandb.Artifact(f"{run.id}-{kind}", type=kind)
        for file in files:
            artifact.add_file(str(folder / file))
        run.log_artifact(artifact)

"""One lifetime: teacher, student and suite run to mastery or to the budget, checkpointed, resumable bit for bit."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

import teacher
from benchmarks.assembly import build
from benchmarks.evaluation.attention import NAME, AttentionStability, results_table
from benchmarks.evaluation.failures import FAILURE, Failures
from benchmarks.evaluation.forecasts import forecast_errors
from benchmarks.evaluation.ladder import Ladder, area_under_curve, forgetting
from benchmarks.settings import Cell
from benchmarks.store import (
    UserError,
    checksums,
    describe,
    drop_checkpoint,
    holds_nan,
    keep_checkpoint,
    last_good_checkpoint,
    only_writer,
    read_sealed,
    refuse_damaged,
    save_checkpoint,
    write_json,
    write_sealed,
    write_table,
    write_text,
)
from benchmarks.trace import COSTS, Trace
from benchmarks.tracking import Tracker
from envs import DivergedError

_CHECKPOINT_SECONDS = 5.0
ERROR = "error.txt"  # in the folder of a lifetime that failed: why, in its first line
_WAIT = 120.0  # seconds for the lock of a machine that was lost: a shared folder may keep it for a minute and a half
CHECKPOINT = "checkpoint.safetensors"
OPEN = "tracking-open"  # in the folder of a sealed lifetime whose tracker has not ended: it was killed meanwhile
_FILES = (
    "cell.json",
    "trace.parquet",
    "results.parquet",
    "failures.parquet",
    "timing.parquet",
    "student.safetensors",
    "teacher.safetensors",
)


class Status(NamedTuple):
    """Where a lifetime stands, for the progress display."""

    cell: str
    updates: int
    budget: int
    arm: str
    competence: float


def run_cell(
    cell: Cell,
    folder: Path,
    tracker: Tracker,
    show: Callable[[Status], None] = lambda status: None,
    checkpoint_every: int | None = None,
) -> None:
    """Runs a lifetime in its folder, or goes on where it stopped; a finished one is left alone.

    Args:
        cell: what to run.
        folder: holds ``trace.parquet``, ``results.parquet``, ``timing.parquet``, ``summary.json`` and the final states
            afterwards, ``checkpoint.safetensors`` meanwhile.
        tracker: where decisions and evaluations are logged.
        show: told of every decision.
        checkpoint_every: decisions between checkpoints; None: whenever five seconds have passed.

    Raises:
        UserError: bad settings, a damaged checkpoint, a full disk, another writer, or a student that diverged.
    """
    with only_writer(folder, wait=_WAIT):
        if (folder / "summary.json").exists():
            drop_checkpoint(folder / CHECKPOINT)  # of one that was killed when it had just been sealed
            _end_tracking(cell, folder, tracker)
            return
        (folder / ERROR).unlink(missing_ok=True)  # of an earlier try
        write_json(folder / "cell.json", dataclasses.asdict(cell))
        try:
            _Lifetime(cell, folder, tracker, show, checkpoint_every).run()
        except UserError as error:
            if not (folder / ERROR).exists():
                with contextlib.suppress(UserError):  # a disk that is full, perhaps: that is what is being said
                    write_text(folder / ERROR, f"{error}\n")
            raise


class _Lifetime:
    """The state of a running cell: what a checkpoint holds."""

    def __init__(
        self,
        cell: Cell,
        folder: Path,
        tracker: Tracker,
        show: Callable[[Status], None],
        checkpoint_every: int | None,
    ):
        self.cell, self.folder, self.tracker, self.show = cell, folder, tracker, show
        self.checkpoint_every = checkpoint_every
        self.suite, self.env, self.teacher = build(cell)
        self.ladder = Ladder(self.suite)
        self.failures = Failures(self.suite)
        self.attention = AttentionStability(self.suite)
        self.trace = Trace(cell.name, self.suite.num_arms, teacher.reads_gain(self.teacher))
        self.checkpoint = folder / CHECKPOINT
        self.competence = np.zeros(self.suite.num_arms)

    def run(self) -> None:
        state = self._resume()
        self.tracker.start(self.cell, self.suite, self.folder)
        try:
            self._live(state)
            self._finish()
        except UserError:
            raise
        except DivergedError as error:
            kept = f"last checkpoint: {self.checkpoint}" if self.checkpoint.exists() else "no checkpoint yet"
            raise UserError(f"{self.cell.name} stopped: {error}; {kept}; nothing was overwritten") from error
        except (Exception, SystemExit) as error:  # a student or teacher of the user's may raise anything, and leave
            where = self.folder / ERROR
            why = f"it left with sys.exit({error.code!r})" if isinstance(error, SystemExit) else describe(error)
            write_text(where, f"{self.cell.name} stopped: {why}\n{traceback.format_exc()}")
            raise UserError(f"{self.cell.name} stopped: {why} (traceback in {where})") from error
        finally:
            self.tracker.close()

    def _live(self, state: dict[str, Any] | None) -> None:
        evaluated = int(self.ladder.rows[-1]["updates"]) if self.ladder.rows else -1
        saved, since = time.monotonic(), time.perf_counter()
        for row in teacher.run(self.teacher, self.env, self.cell.seed, state):
            record = self.trace.add(row, _since(since), self._inference)
            self.tracker.log_decision(record, self.suite)
            updates = record["updates"]
            due = updates // self.cell.schedule.evaluate_every > max(evaluated, 0) // self.cell.schedule.evaluate_every
            if due or self.env.finished:
                start = time.perf_counter()
                self._evaluate(record)
                evaluated = updates
                self.trace.seconds[-1]["evaluation_seconds"] = _since(start)
            arm = self.suite.arm_name(int(np.argmax(record["count"])))
            mean = float(self.competence[self.suite.arms.targets].mean())
            self.show(Status(self.cell.name, updates, self.cell.schedule.budget, arm, mean))
            if self.ladder.mastered_at is not None:
                return
            if self._checkpoint_is_due(row.decision, saved):
                self._save()
                saved = time.monotonic()
            since = time.perf_counter()

    @functools.cached_property
    def _inference(self) -> float:
        """Forward-equivalents of the teacher's own network in a decision: its multiplications over a token's."""
        weights = getattr(self.env.student, "num_weights", 0)  # known after reset
        known = isinstance(weights, int) and weights > 0
        return teacher.num_weights(self.teacher) * self.suite.num_arms / weights if known else 0.0

    def _evaluate(self, record: dict[str, Any]) -> None:
        costs = {name: record[name] for name in COSTS}
        self.competence = self.ladder.evaluate(self.env.student, costs)
        self.failures.look(self.env.student, record["updates"])
        fresh = self.suite.num_arms + self.suite.num_beyond
        steady = self.attention.look(self.env.student)
        for row, value in zip(self.ladder.rows[-fresh:], steady or (), strict=steady is not None):
            row[NAME] = value
        seconds = sum(row["training_seconds"] for row in self.trace.seconds)
        self.tracker.log_evaluation(self.ladder.rows[-fresh:], seconds)

    def _checkpoint_is_due(self, decision: int, saved: float) -> bool:
        if self.checkpoint_every is not None:
            return (decision + 1) % self.checkpoint_every == 0
        return time.monotonic() - saved >= _CHECKPOINT_SECONDS

    def _save(self) -> None:
        run = teacher.snapshot(self.teacher, self.env)
        if holds_nan(run["env"]["student"]):
            raise DivergedError(f"the student's state holds NaN after decision {len(self.trace.rows) - 1}")
        state = {
            "digest": self.cell.digest,
            "fingerprint": self.suite.fingerprint,
            "run": run,
            "ladder": self.ladder.state_dict(),
            "failures": self.failures.state_dict(),
            "attention": self.attention.state_dict(),
            "trace": self.trace.state_dict(),
            "competence": self.competence,
        }
        keep_checkpoint(self.checkpoint, state)

    def _resume(self) -> dict[str, Any] | None:
        state: dict[str, Any] | None = last_good_checkpoint(self.checkpoint)
        if state is None:
            return None
        for what, now in (("digest", self.cell.digest), ("fingerprint", self.suite.fingerprint)):
            if state[what] != now:
                raise UserError(
                    f"checkpoint {self.checkpoint} is another's ({what} {state[what]}, "
                    f"now {now}): choose another --out, or start anew with --overwrite"
                )
        self.ladder.load_state_dict(state["ladder"])
        try:
            self.failures.load_state_dict(state["failures"])
            self.attention.load_state_dict(state["attention"])
            self.trace.load_state_dict(state["trace"])
        except KeyError as error:
            raise UserError(
                f"checkpoint {self.checkpoint} is of another version of Paceline (it has no {error}): finish "
                "the run with that one, or start anew with --overwrite"
            ) from error
        self.competence = state["competence"]
        run: dict[str, Any] = state["run"]
        return run

    def _finish(self) -> None:
        write_table(self.folder / "trace.parquet", self.trace.table())
        write_table(self.folder / "results.parquet", results_table(self.ladder.rows))
        write_table(self.folder / "failures.parquet", pl.DataFrame(self.failures.rows, FAILURE))
        write_table(self.folder / "timing.parquet", self.trace.timing())
        save_checkpoint(self.folder / "student.safetensors", self.env.student.state_dict())
        save_checkpoint(self.folder / "teacher.safetensors", self.teacher.state_dict())
        summary = self._summary()
        summary["files"] = checksums(self.folder, _FILES)
        if self.tracker.waits:
            write_text(self.folder / OPEN, "")
        write_sealed(self.folder / "summary.json", summary)  # last: its presence says that the lifetime is finished
        drop_checkpoint(self.checkpoint)
        self.tracker.finish(summary, self.trace.table(), self.folder)  # may wait for a server
        (self.folder / OPEN).unlink(missing_ok=True)

    def _summary(self) -> dict[str, Any]:
        costs = {name: self.trace.rows[-1][name] for name in COSTS}
        reached = self.ladder.mastered_at
        training = sum(row["training_seconds"] for row in self.trace.seconds)
        evaluation = sum(row["evaluation_seconds"] for row in self.trace.seconds)
        return {
            "suite": self.cell.suite,
            "student": self.cell.student,
            "teacher": self.cell.teacher,
            "seed": self.cell.seed,
            "fingerprint": self.suite.fingerprint,
            "budget": self.cell.schedule.budget,
            "mastered": reached is not None,
            "to_mastery": reached,
            "spent": costs,
            "competence": float(self.competence[self.suite.arms.targets].mean()),
            "area_under_curve": area_under_curve(self.ladder.rows, self.cell.schedule.budget),
            "largest_ratio": {
                "tokens": max(row["token_ratio"] for row in self.trace.rows),
                "update_norm": max(row["update_ratio"] for row in self.trace.rows),
            },
            "forgetting": forgetting(self.ladder.rows),
            "health": self.trace.health(),
            "forecast": forecast_errors(self.suite, self.env.student),
            "seconds": {"training": training, "evaluation": evaluation},
        }


def is_done(folder: Path) -> bool:
    """Whether a lifetime is finished, its checkpoint gone, and its tracker has ended."""
    return (folder / "summary.json").exists() and not any((folder / name).exists() for name in (OPEN, CHECKPOINT))


def _end_tracking(cell: Cell, folder: Path, tracker: Tracker) -> None:
    """Ends the run of a sealed lifetime that was killed before its tracker had; of others nothing."""
    if not ((folder / OPEN).exists() and tracker.waits):
        return
    summary = read_sealed(folder / "summary.json")
    refuse_damaged(folder, summary["files"])
    tracker.start(cell, cell.make_suite(), folder)
    try:
        tracker.finish(summary, pl.read_parquet(folder / "trace.parquet"), folder)
    finally:
        tracker.close()
    (folder / OPEN).unlink()


def _since(start: float) -> float:
    """Seconds that have passed; none on a clock that was set back (a machine that was moved, say)."""
    return max(0.0, time.perf_counter() - start)

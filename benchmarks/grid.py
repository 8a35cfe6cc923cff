"""Grids of lifetimes in one folder: planned, run by worker processes, resumed, gathered."""

from __future__ import annotations

import dataclasses
import logging
import multiprocessing
import os
import shutil
import signal
import uuid
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.assembly import build, files_read
from benchmarks.ladder import ladder_share
from benchmarks.lifetime import Status, run_cell
from benchmarks.progress import Display
from benchmarks.provenance import environment, mismatch
from benchmarks.settings import Cell
from benchmarks.store import UserError, only_writer, read_json, read_sealed, write_sealed
from benchmarks.threads import one_thread
from benchmarks.tracking import Mode, make_tracker, refuse_missing_wandb
from envs import Suite

_log = logging.getLogger("paceline")


@dataclass(frozen=True)
class Execution:
    """How a grid is run: nothing in here changes a result."""

    workers: int = 2
    """Processes, each with one torch thread."""
    wandb: Mode = "offline"
    """Weights & Biases: offline (sync later), online, disabled."""
    project: str = "paceline"
    """W&B project."""
    overwrite: bool = False
    """Delete what the folder holds and start anew."""
    job_type: str = "bench"
    """W&B job type."""
    checkpoint_every: int | None = None
    """Decisions between checkpoints; None: every five seconds."""


def run_grid(cells: Sequence[Cell], out: Path, execution: Execution) -> None:
    """Runs every cell into ``out/cells`` and gathers the results; goes on with an unfinished folder, bit for bit.

    Raises:
        UserError: bad settings, a folder of another grid, another writer, a full disk, or cells that failed (the others
            are finished first).
    """
    refuse_missing_wandb(execution.wandb)
    if execution.workers < 1:
        raise UserError(f"workers must be at least 1; got {execution.workers}")
    if execution.checkpoint_every is not None and execution.checkpoint_every < 1:
        raise UserError(f"checkpoint_every must be at least 1; got {execution.checkpoint_every}")
    fingerprints: dict[str, str] = {}
    schedules: dict[str, str] = {}
    for cell in {(c.suite, c.student, c.teacher): c for c in cells}.values():
        suite, _, made = build(cell)  # a user's mistake is found before the first lifetime
        schedules |= files_read(made, [c.seed for c in cells if c.teacher == cell.teacher])
        if cell.suite not in fingerprints:
            fingerprints[cell.suite] = suite.fingerprint
            _warn_of_costly_ladder(cell, suite)
    _refuse_foreign_folder(out, execution.overwrite)
    with only_writer(out):
        bench_id = _prepare(cells, out, execution.overwrite, fingerprints, schedules)
        unfinished = [cell for cell in cells if not (_folder(out, cell) / "summary.json").exists()]
        with Display(len(cells), len(cells) - len(unfinished)) as display:
            jobs = [_Job(cell, out, execution, bench_id) for cell in unfinished]
            failures = (
                _run_here(jobs, display) if execution.workers == 1 else _run_pool(jobs, execution.workers, display)
            )
        if failures:
            rest = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
            raise UserError(f"{failures[0]}{rest}; {len(cells) - len(failures)} of {len(cells)} lifetimes are finished")
        if unfinished or not _is_gathered(out):
            from benchmarks.gather import gather  # with matplotlib and scipy it takes a second; workers never need it

            gather(out)


def _is_gathered(out: Path) -> bool:
    """Whether the folder's tables and report hold every lifetime (``summary.json`` is written last)."""
    summary = out / "summary.json"
    return (out / "report.html").exists() and summary.exists() and not read_json(summary)["unfinished"]


def _warn_of_costly_ladder(cell: Cell, suite: Suite) -> None:
    share = ladder_share(suite, cell.schedule)
    if share > 0.1:
        _log.warning(
            "evaluating %s takes %.0f %% of the training compute (10 %% is the rule): raise --evaluate-every",
            *(cell.suite, 100 * share),
        )


def _folder(out: Path, cell: Cell) -> Path:
    return out / "cells" / cell.name


def _refuse_foreign_folder(out: Path, overwrite: bool) -> None:
    if out.exists() and not out.is_dir():
        raise UserError(f"--out must be a folder; {out} is a file")
    settings = out / "settings.json"
    # A damaged settings file of ours still bears this word; a stray .lock or temporary file is ours too.
    ours = settings.exists() and "bench_id" in settings.read_text(encoding="utf-8", errors="replace")
    others = [p for p in out.iterdir() if not p.name.endswith((".lock", ".tmp"))] if out.is_dir() else []
    if others and not ours:
        raise UserError(
            f"{out} holds files but no settings.json of a bench, so it is not a folder of results"
            f"{' (--overwrite deletes only those)' if overwrite else ''}: choose another --out"
        )


def _prepare(
    cells: Sequence[Cell], out: Path, overwrite: bool, fingerprints: dict[str, str], schedules: dict[str, str]
) -> str:
    """Writes, or compares with, the folder's settings; returns the bench's id."""
    settings = out / "settings.json"
    if overwrite and settings.exists():
        shutil.rmtree(out / "cells", ignore_errors=True)
        for name in ("trace.parquet", "results.parquet", "timing.parquet", "summary.json", "report.html"):
            (out / name).unlink(missing_ok=True)
        settings.unlink()
    planned = [dataclasses.asdict(cell) for cell in cells]
    if settings.exists():
        recorded = read_sealed(settings)
        if difference := _difference(recorded["cells"], read_plain(planned)):
            raise UserError(
                f"{out} holds a run with other settings ({difference}): choose another --out, or --overwrite"
            )
        for suite, fingerprint in fingerprints.items():
            if recorded["fingerprints"][suite] != fingerprint:
                raise UserError(
                    f"the data of suite {suite} is no longer what {out} was begun with (fingerprint "
                    f"{recorded['fingerprints'][suite]}, now {fingerprint}): restore it, or choose another --out"
                )
        for path, digest in schedules.items():
            if recorded.get("schedules", {}).get(path, digest) != digest:
                raise UserError(
                    f"{path} is no longer what {out} was begun with (a teacher reads it): restore it, or choose "
                    "another --out"
                )
        if said := mismatch(recorded["environment"]):
            _log.warning("%s", said)
        bench_id: str = recorded["bench_id"]
        return bench_id
    bench_id = uuid.uuid4().hex
    record = {"bench_id": bench_id, "environment": environment(), "fingerprints": fingerprints}
    write_sealed(settings, {**record, "schedules": schedules, "cells": planned})
    return bench_id


def read_plain(value: Any) -> Any:
    """As it reads back from JSON: tuples are lists."""
    if isinstance(value, dict):
        return {str(key): read_plain(item) for key, item in value.items()}
    return [read_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _difference(recorded: list[dict[str, Any]], planned: list[dict[str, Any]]) -> str | None:
    if recorded == planned:
        return None
    if len(recorded) != len(planned):
        return f"{len(recorded)} lifetimes there, {len(planned)} now"
    old, new = next((a, b) for a, b in zip(recorded, planned, strict=True) if a != b)
    names = [name for name in new if old.get(name) != new[name]]
    return ", ".join(f"{name} was {old.get(name)}, is {new[name]}" for name in names)


@dataclass(frozen=True)
class _Job:
    """One cell for a worker."""

    cell: Cell
    out: Path
    execution: Execution
    bench_id: str

    def run(self, show: Any) -> None:
        folder = _folder(self.out, self.cell)
        tracker = make_tracker(self.execution.wandb, self.execution.project, self.bench_id, self.execution.job_type)
        run_cell(self.cell, folder, tracker, show, self.execution.checkpoint_every)


def _run_here(jobs: Sequence[_Job], display: Display) -> list[str]:
    failures = []
    with one_thread():
        for job in jobs:
            try:
                job.run(display.show)
                display.done(job.cell.name)
            except UserError as error:
                failures.append(str(error))
                display.done(job.cell.name, "failed")
    return failures


_queue: Any = None  # in a worker: where statuses go


def _start_worker(queue: Any, level: int) -> None:
    global _queue
    _queue = queue
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's business
    logging.basicConfig(format="%(message)s", level=level)


def _show_from_worker(status: Status) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)  # the main process died; its successor takes the cell over. (The pool would catch an exception.)
    _queue.put(status)


def _run_in_worker(job: _Job) -> str | None:
    try:
        job.run(_show_from_worker)
    except UserError as error:
        return str(error)
    return None


def _run_pool(jobs: Sequence[_Job], workers: int, display: Display) -> list[str]:
    # spawn: a fork after autograd ran with two threads hangs.
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    failures: list[str] = []
    pool = ProcessPoolExecutor(workers, context, _start_worker, (queue, _log.getEffectiveLevel()))
    try:
        waiting: dict[Future[str | None], _Job] = {pool.submit(_run_in_worker, job): job for job in jobs}
        while waiting:
            ended, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            while not queue.empty():
                display.show(queue.get())
            for future in ended:
                job = waiting.pop(future)
                failure = future.result()
                if failure is None:
                    display.done(job.cell.name)
                else:
                    failures.append(failure)
                    display.done(job.cell.name, "failed")
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process died (out of memory?); what is finished is kept: give the same command "
            "again, perhaps with fewer --workers"
        ) from error
    finally:
        for process in multiprocessing.active_children():
            if waiting:
                process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
    return failures

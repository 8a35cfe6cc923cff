"""Grids of lifetimes in one folder: planned, run by an engine, resumed, gathered."""

from __future__ import annotations

import dataclasses
import logging
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.assembly import build, files_read
from benchmarks.engines import Execution, Job, folder_of, refuse_missing_engine, run_jobs
from benchmarks.gather import finished, gather, is_gathered, summary_of
from benchmarks.ladder import ladder_share
from benchmarks.progress import Display
from benchmarks.provenance import environment, mismatch
from benchmarks.settings import Cell, read_cell
from benchmarks.store import UserError, new_folder, only_writer, read_sealed, write_sealed
from benchmarks.tracking import refuse_missing_tensorboard, refuse_missing_wandb
from envs import DivergedError, Suite

_log = logging.getLogger("paceline")


def run_grid(cells: Sequence[Cell], out: Path | None, execution: Execution) -> Path:
    """Runs every cell into ``out/cells`` and gathers the results; goes on with an unfinished folder, bit for bit.

    Args:
        cells: what to run.
        out: the folder; None: a new one, named after the suite and the time.
        execution: how it is run.

    Returns:
        The folder.

    Raises:
        UserError: bad settings, a folder of another grid, another writer, a full disk, or cells that failed (the others
            are finished first).
    """
    if execution.tracker == "tensorboard":
        refuse_missing_tensorboard()
    else:
        refuse_missing_wandb(execution.wandb)
    refuse_missing_engine(execution.engine, execution.ray_address)
    if execution.workers < 1:
        raise UserError(f"workers must be at least 1; got {execution.workers}")
    if execution.checkpoint_every is not None and execution.checkpoint_every < 1:
        raise UserError(f"checkpoint_every must be at least 1; got {execution.checkpoint_every}")
    fingerprints, schedules = _tried(cells)
    if out is None:
        out = new_folder(Path("runs") / f"{cells[0].name.partition('/')[0]}-{time.strftime('%Y%m%d-%H%M%S')}")
    _refuse_foreign_folder(out, execution.overwrite)
    with only_writer(out):
        bench_id = _prepare(cells, out, execution.overwrite, fingerprints, schedules)
        unfinished = [cell for cell in cells if not (folder_of(out, cell) / "summary.json").exists()]
        failures: list[str] = []
        try:
            with Display(len(cells), len(cells) - len(unfinished)) as display:
                failures = run_jobs([Job(cell, out, execution, bench_id) for cell in unfinished], execution, display)
        except UserError as error:  # workers that died
            failures = [str(error)]
        said = _said(failures, len(cells), len(finished(out)))
        try:
            _gather(out, bool(unfinished))
        except UserError as error:
            raise UserError(f"{said}; and {error}" if said else str(error)) from error
        if said:
            raise UserError(said)
    return out


def _said(failures: Sequence[str], planned: int, done: int) -> str:
    """Of what failed, in a line; nothing if nothing did."""
    rest = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    return f"{failures[0]}{rest}; {done} of {planned} lifetimes are finished" if failures else ""


def _gather(out: Path, changed: bool) -> None:
    """Tables and report of what is finished; where they are whole already, the lifetimes' files are looked at."""
    lived = finished(out)
    if lived and (changed or not is_gathered(out)):
        gather(out)
    else:
        for life in lived:
            summary_of(life.folder)


def _tried(cells: Sequence[Cell]) -> tuple[dict[str, str], dict[str, str]]:
    """Tries every kind of lifetime; fingerprints of suites, and digests of what teachers read, by path.

    Raises:
        UserError: a mistake of the user's, or no student whose loss is finite.
    """
    fingerprints: dict[str, str] = {}
    schedules: dict[str, str] = {}
    diverged = 0
    for cell in {(c.suite, c.student, c.teacher): c for c in cells}.values():
        try:
            suite, _, made = build(cell)  # a user's mistake is found before the first lifetime
        except UserError as error:
            diverged += 1
            if not isinstance(error.__cause__, DivergedError) or diverged == len(cells):
                raise
            _log.warning("%s: the others go on without it", error)
            suite, made = cell.make_suite(), cell.make_teacher()
        schedules |= files_read(made, [c.seed for c in cells if c.teacher == cell.teacher])
        if cell.suite not in fingerprints:
            fingerprints[cell.suite] = suite.fingerprint
            _warn_of_costly_ladder(cell, suite)
    return fingerprints, schedules


def _warn_of_costly_ladder(cell: Cell, suite: Suite) -> None:
    share = ladder_share(suite, cell.schedule)
    if share > 0.1:
        _log.warning(
            "evaluating %s takes %.0f %% of the training compute (10 %% is the rule): raise --evaluate-every",
            *(cell.suite, 100 * share),
        )


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
        for name in (
            "trace.parquet",
            "results.parquet",
            "failures.parquet",
            "timing.parquet",
            "summary.json",
            "report.html",
        ):
            (out / name).unlink(missing_ok=True)
        settings.unlink()
    planned = [dataclasses.asdict(cell) for cell in cells]
    if settings.exists():
        recorded = read_sealed(settings)
        there = [dataclasses.asdict(read_cell(cell)) for cell in recorded["cells"]]
        if difference := _difference(read_plain(there), read_plain(planned)):
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
    return ", ".join(_differences(old, new))


def _differences(old: dict[str, Any], new: dict[str, Any], within: str = "") -> Iterator[str]:
    """Settings that are not the same, each by its name."""
    for name in dict.fromkeys((*old, *new)):
        was, now = old.get(name), new.get(name)
        if isinstance(was, dict) and isinstance(now, dict):
            yield from _differences(was, now, f"{within}{name}.")
        elif was != now:
            yield f"{within}{name} was {was}, is {now}"

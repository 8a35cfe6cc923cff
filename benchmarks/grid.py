"""Grids of lifetimes in one folder: planned, run by an engine, resumed, gathered."""

from __future__ import annotations

import dataclasses
import logging
import re
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.assembly import build, files_read
from benchmarks.engines import Execution, Job, folder_of, refuse_missing_engine, run_jobs
from benchmarks.evaluation.ladder import ladder_share
from benchmarks.gather import (
    TABLES,
    finished,
    gather,
    has_lifetimes,
    intact_record,
    is_bench,
    is_gathered,
    planned_cells,
    summary_of,
)
from benchmarks.lifetime import is_done
from benchmarks.progress import Display
from benchmarks.provenance import environment, mismatch
from benchmarks.settings import Cell, read_cell
from benchmarks.store import UserError, only_writer, read_json, read_sealed, write_sealed
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
    fingerprints, schedules = tried(cells)
    if out is None:
        out = _new_folder(Path("runs") / f"{cells[0].name.partition('/')[0]}-{time.strftime('%Y%m%d-%H%M%S')}")
    _refuse_foreign_folder(out, execution.overwrite)
    with only_writer(out):
        bench_id = _prepare(cells, out, execution.overwrite, fingerprints, schedules)
        unfinished = [cell for cell in cells if not is_done(folder_of(out, cell))]
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
            summary_of(life.folder, life.cell)


def tried(cells: Sequence[Cell]) -> tuple[dict[str, str], dict[str, str]]:
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


def _new_folder(path: Path) -> Path:
    """Makes a folder that nobody else has: ``path``, or where that is there ``path-2``, ``path-3``, ..; returns it.

    Raises:
        UserError: it cannot be made.
    """
    made, number = path, 1
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                made.mkdir()
                return made
            except FileExistsError:
                number += 1
                made = path.with_name(f"{path.name}-{number}")
    except OSError as error:
        raise UserError(f"cannot write to {path}: {error.strerror}; choose another --out") from error


def _refuse_foreign_folder(out: Path, overwrite: bool) -> None:
    if out.exists() and not out.is_dir():
        raise UserError(f"--out must be a folder; {out} is a file")
    # A stray .lock or temporary file is ours.
    others = [p for p in out.iterdir() if not p.name.endswith((".lock", ".tmp"))] if out.is_dir() else []
    if others and not is_bench(out):
        raise UserError(
            f"{out} holds files but no settings.json of a bench, so it is not a folder of results"
            f"{' (--overwrite deletes only those)' if overwrite else ''}: choose another --out"
        )


def _prepare(
    cells: Sequence[Cell], out: Path, overwrite: bool, fingerprints: dict[str, str], schedules: dict[str, str]
) -> str:
    """Writes, or compares with, the folder's settings; returns the bench's id."""
    if overwrite:
        _delete(out)
    planned = [dataclasses.asdict(cell) for cell in cells]
    recorded = intact_record(out)
    if recorded is None:
        recorded = _begun(cells, out, fingerprints)
        write_sealed(out / "settings.json", {**recorded, "schedules": schedules, "cells": planned})
    there = [dataclasses.asdict(cell) for cell in planned_cells(out)]
    if difference := _difference(read_plain(there), read_plain(planned)):
        raise UserError(f"{out} holds a run with other settings ({difference}): choose another --out, or --overwrite")
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


def _delete(out: Path) -> None:
    """What a bench wrote into its folder; its settings last, for they say whose the rest is."""
    shutil.rmtree(out / "cells", ignore_errors=True)
    for name in (*(f"{table}.parquet" for table in TABLES), "summary.json", "report.html", "settings.json"):
        (out / name).unlink(missing_ok=True)


def _begun(cells: Sequence[Cell], out: Path, fingerprints: dict[str, str]) -> dict[str, Any]:
    """What a folder is begun with; of one whose settings are damaged or gone, as far as it is still to be known.

    Raises:
        UserError: it holds lifetimes that are not of these cells.
    """
    settings = out / "settings.json"
    begun = {"bench_id": uuid.uuid4().hex, "environment": environment(), "fingerprints": fingerprints}
    if not settings.exists() and not has_lifetimes(out):
        return begun
    _refuse_others(cells, out, fingerprints)
    state = "damaged" if settings.exists() else "gone"
    left = settings.read_text(encoding="utf-8", errors="replace") if settings.exists() else ""
    if found := re.search(r'"bench_id": "([0-9a-f]{32})"', left):
        begun["bench_id"] = found[1]
    known = "as the report has them"
    try:
        begun["environment"] = read_sealed(out / "summary.json")["environment"]
    except (UserError, KeyError):  # not gathered yet
        known = "taken to be today's"
    _log.warning(
        "%s was %s: restored from this command, whose lifetimes it holds; versions are %s", settings, *(state, known)
    )
    return begun


def _refuse_others(cells: Sequence[Cell], out: Path, fingerprints: dict[str, str]) -> None:
    """Raises ``UserError`` unless the lifetimes of a folder are of these cells, settings and data alike."""
    planned = {cell.name: cell for cell in cells}
    for folder in sorted({path.parent for path in out.glob("cells/*/*/*/seed-*/*.json")}):
        name = folder.relative_to(out / "cells").as_posix()
        if name not in planned:
            raise _another(out, f"{name} is none of this command's")
        if (folder / "summary.json").exists():
            lived_on, now = summary_of(folder, planned[name])["fingerprint"], fingerprints[planned[name].suite]
            if lived_on != now:
                raise _another(out, f"the data of {name} was another (fingerprint {lived_on}, now {now})")
        try:
            was = dataclasses.asdict(read_cell(read_json(folder / "cell.json")))
        except (KeyError, TypeError) as error:
            raise _another(out, f"{folder / 'cell.json'} is not a record of this version's") from error
        if difference := _difference([read_plain(was)], [read_plain(dataclasses.asdict(planned[name]))]):
            raise _another(out, f"{name} has other settings ({difference})")


def _another(out: Path, why: str) -> UserError:
    return UserError(
        f"{out} has lost its settings.json, and {why}: give the command that made it, choose another --out, or start "
        "anew with --overwrite"
    )


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

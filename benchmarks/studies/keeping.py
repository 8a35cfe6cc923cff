"""Keeps each lifetime's figures as it ends, in one small file per suite and student; what is there is not run again."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import time
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.assembly import files_read
from benchmarks.gather import summary_of
from benchmarks.lifetime import run_cell
from benchmarks.provenance import environment
from benchmarks.settings import Cell
from benchmarks.store import UserError, describe, read_json, write_json
from benchmarks.terminal import say
from benchmarks.tracking import NoTracker
from benchmarks.workers import begin_worker, one_thread
from teacher.retention import FORGETS, RULE

ENVIRONMENT = "environment.json"
"""What a lifetime was lived with, in its folder."""
Job = TypeVar("Job")
Result = TypeVar("Result")


def keep_lifetimes(cells: list[tuple[str, Cell]], file: Path, command: str, runs: Path, workers: int) -> None:
    """Runs the cells whose figures a file lacks, and writes each lifetime's into it as it ends.

    Args:
        cells: names of entries, and their cells.
        file: JSON of figures by entry and seed.
        command: how they are made, for the record.
        runs: where checkpoints and traces are kept.
        workers: processes.

    Raises:
        UserError: no worker, a file of lifetimes on other samples, or some lifetimes failed; the others are kept.
    """
    if workers < 1:
        raise UserError(f"workers must be at least 1; got {workers}")
    kept: dict[str, Any] = {"lifetimes": lifetimes_in(file)}
    waiting = [(n, c) for n, c in cells if not covers(kept["lifetimes"].get(n, {}).get(str(c.seed)), c)]
    if len(waiting) < len(cells):
        say(f"{len(cells) - len(waiting)} of {len(cells)} lifetimes are in {file}; what is there is not run again")
    _refuse_other_figures(kept["lifetimes"], [cell for _, cell in waiting], file)
    failures: list[str] = []
    jobs = {number: (cell, runs / name / folder_of(cell)) for number, (name, cell) in enumerate(waiting)}
    with contextlib.closing(outcomes(_live, jobs, workers)) as lived:
        for done, (number, outcome) in enumerate(lived, 1):
            name, cell = waiting[number]
            where = f"{time.strftime('%H:%M:%S')} {done}/{len(waiting)} {name}, seed {cell.seed}"
            if isinstance(outcome, Exception):
                failures.append(describe(outcome))
                say(f"{where}: {describe(outcome)}")
                continue
            kept["lifetimes"].setdefault(name, {})[str(cell.seed)] = outcome
            write_json(file, {"command": command, "lifetimes": kept["lifetimes"]})
            say(f"{where}: {outcome['updates']} updates{'' if outcome['mastered'] else ', not mastered'}")
    if failures:
        raise UserError(f"{len(failures)} of {len(waiting)} lifetimes failed, the first: {failures[0]}")


def lifetimes_in(file: Path) -> dict[str, dict[str, Any]]:
    """What a file of figures holds, by entry and seed; nothing if there is none.

    Raises:
        UserError: it is damaged, or something else.
    """
    found = read_json(file) if file.exists() else {"lifetimes": {}}
    lifetimes = found.get("lifetimes") if isinstance(found, dict) else None
    if not isinstance(lifetimes, dict) or not all(isinstance(own, dict) for own in lifetimes.values()):
        raise UserError(f"{file} holds no lifetimes by teacher and seed: restore it, or move it away")
    return lifetimes


def outcomes(
    act: Callable[..., Result], jobs: dict[Job, tuple[Any, ...]], workers: int
) -> Generator[tuple[Job, Result | Exception]]:
    """What each job gives as it ends, or what it failed with, whatever that is: the others go on.

    One worker is this process. Whatever ends the loop ends the workers, which the pool would wait for: an interrupt, or
    its being closed (``contextlib.closing``).

    Args:
        act: in a worker: a function of a module.
        jobs: its arguments, by name of the job.
        workers: processes, each with one torch thread.
    """
    if workers == 1:
        with one_thread():
            for name, arguments in jobs.items():
                yield name, _tried(act, *arguments)
        return
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), begin_worker) as pool:
        try:
            futures = {pool.submit(act, *arguments): name for name, arguments in jobs.items()}
            for future in as_completed(futures):
                yield futures[future], _tried(future.result)
        except BaseException:
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()
            pool.shutdown(cancel_futures=True)
            raise


def _tried(act: Callable[..., Result], *arguments: Any) -> Result | Exception:
    try:
        return act(*arguments)
    except SystemExit as end:  # of a user's own module
        return RuntimeError(f"it left with sys.exit({end.code!r})")
    except Exception as error:
        return error


def covers(found: dict[str, Any] | None, cell: Cell) -> bool:
    """Whether a lifetime's figures are of this very cell, or of the same with a larger budget.

    The budget ends a lifetime and changes nothing before, unless the learning rate falls towards it. Nor does a watch
    for students that forget, where it would never have found one: ``mean_fall`` says what a replay of that lifetime
    found.
    """
    if found is None or found["budget"] < cell.schedule.budget:
        return False
    falls = cell.options.get("student", {}).get("schedule", "constant") in ("linear", "cosine")
    if falls and found["budget"] != cell.schedule.budget:
        return False
    same = dataclasses.replace(cell, schedule=dataclasses.replace(cell.schedule, budget=found["budget"]))
    digests = {same.digest}
    replayed = found.get("mean_fall", {"rule": None})
    if replayed["rule"] == RULE and replayed["largest"] < FORGETS:
        options = {**same.options, "teacher": {**same.options.get("teacher", {}), "rehearsal": 0.0}}
        digests.add(dataclasses.replace(same, options=options).digest)
    return bool(found["digest"] in digests and found.get("policy") == _policy(cell))


def folder_of(cell: Cell) -> str:
    """Name of a lifetime's folder: another network or schedule at the same path is another lifetime."""
    return "-".join(part for part in (str(cell.seed), cell.digest, _policy(cell)) if part is not None)


def _policy(cell: Cell) -> str | None:
    """Fingerprint of a learned teacher's network, or of a replayed schedule: a path alone does not say which it was."""
    return next(iter(files_read(cell.make_teacher(), [cell.seed]).values()), None)


def _refuse_other_samples(cell: Cell, folder: Path) -> None:
    """A finished lifetime is not run again, so what it was lived on must be what it would be lived on."""
    if not (folder / "summary.json").exists():
        return
    was, now = summary_of(folder)["fingerprint"], cell.make_suite().fingerprint
    if was != now:
        raise UserError(
            f"{folder} holds a lifetime on other samples of {cell.suite} (fingerprint {was}, now {now}): move it away"
        )


def _refuse_other_figures(kept: dict[str, Any], waiting: list[Cell], file: Path) -> None:
    """What stands side by side must have been lived on the same samples: text is that of a Python's own library."""
    known = {life["fingerprint"] for found in kept.values() for life in found.values() if "fingerprint" in life}
    for cell in waiting[:1] if known else []:
        if (now := cell.make_suite().fingerprint) not in known:
            raise UserError(
                f"{file} holds lifetimes on other samples of {cell.suite} (fingerprint {', '.join(sorted(known))}, now "
                f"{now}): another version, or other data; keep these in a file of their own"
            )


def _live(cell: Cell, folder: Path) -> dict[str, Any]:
    """One lifetime's figures.

    Raises:
        UserError: its folder holds one that was lived on other samples.
    """
    _refuse_other_samples(cell, folder)
    run_cell(cell, folder, NoTracker())
    made_with = folder / ENVIRONMENT  # of its end: its figures may be collected at a later revision
    if not made_with.exists():
        write_json(made_with, environment())
    made = read_json(made_with)
    summary = summary_of(folder)
    reached = summary["to_mastery"] if summary["mastered"] else summary["spent"]
    return {
        "mastered": summary["mastered"],
        **reached,
        "budget": cell.schedule.budget,
        "area_under_curve": summary["area_under_curve"],
        "seconds": round(summary["seconds"]["training"], 1),
        "signal": cell.signal,
        "digest": cell.digest,
        "fingerprint": summary["fingerprint"],
        **{name: made[name] for name in ("revision", "torch", "processor", "python") if name in made},
        **({"policy": policy} if (policy := _policy(cell)) else {}),
    }

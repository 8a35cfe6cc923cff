"""A network in meta-training on real students, as deployed: ``teacher.run`` over its mixture."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.assembly import build
from benchmarks.flags import defaults_of
from benchmarks.gather import summary_of
from benchmarks.lifetime import run_cell
from benchmarks.meta.folder import listed
from benchmarks.settings import Cell, schedule_of
from benchmarks.store import read_json
from benchmarks.tracking import NoTracker
from teacher.learned.files import CARD, fingerprint, load_policy, save_policy
from teacher.learned.network import Weights

_SEED = 90  # of the students: benches count from 0, training draws seeds far above


def refuse_unfit(student: str, suites: Sequence[str], budget: int | None) -> None:
    """Raises ``UserError`` where a lifetime could not begin, as the first evaluation would find out."""
    for suite in suites:
        build(_cell(suite, student, budget, ""))


def _cell(suite: str, student: str, budget: int | None, network: str) -> Cell:
    """The lifetime in a suite under a network; empty: the shipped one."""
    schedule = schedule_of(suite)
    if budget is not None:
        schedule = dataclasses.replace(schedule, budget=budget)
    options = {
        "suite": defaults_of("suite", suite),
        "student": defaults_of("student", student),
        "teacher": {**defaults_of("teacher", "general"), "path": network},
    }
    return Cell(suite, student, "general", _SEED, schedule, options=options)


def taught(
    weights: Weights, reads: tuple[str, ...], student: str, suites: Sequence[str], budget: int | None, folder: Path
) -> dict[str, float]:
    """One lifetime in each suite: updates to mastery over the budget by the suite's name, 1 where it was not reached.

    Interrupted, it goes on where it was: the network and its lifetimes lie in ``folder``.

    Args:
        weights: of the network.
        reads: names of the features that it reads.
        student: the student's name.
        suites: their names.
        budget: updates in a lifetime; None: each suite's.
        folder: where they are kept; another one for another network.
    """
    network = folder / "teacher"
    if folder.exists() and not _is_of(network, fingerprint(weights, reads)):
        shutil.rmtree(folder)  # of a training that was begun with other versions, or damaged
    if not (network / CARD).exists():
        save_policy(network, weights, reads, {"name": "judged"})
    costs = {}
    for name in suites:
        cell = _cell(name, student, budget, str(network))
        lived = folder / name.replace(":", "-")
        if (lived / "cell.json").exists() and read_json(lived / "cell.json") != listed(dataclasses.asdict(cell)):
            shutil.rmtree(lived)  # begun when the folder lay elsewhere: it is part of the cell
        run_cell(cell, lived, NoTracker())
        summary = summary_of(lived)
        spent = summary["to_mastery"]["updates"] if summary["mastered"] else cell.schedule.budget
        costs[name] = min(spent / cell.schedule.budget, 1.0)
    return costs


def _is_of(network: Path, expected: str) -> bool:
    try:
        return load_policy(network).fingerprint == expected
    except ValueError:
        return False

"""Four settings of each hand rule and bandit of the suites of record, on two seeds of their own.

Equal in number, not in kind: gates are only lowered (their authors' are the highest that make sense), and one or two
hyper-parameters of each are tried. EXP3.S's step size was chosen before, on this suite and seeds 100 and 101. The
general teacher is not tuned. What is done with it, fixed beforehand: the setting with the smallest restricted mean is
named beside the one in use, and where it takes less than 0.9 of its updates its lifetimes of the suites of record are
run, too (``TUNED`` of ``run``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.cli import parsed
from benchmarks.meta.evidence import FEWEST_SEEDS
from benchmarks.planning import planned
from benchmarks.settings import Cell
from benchmarks.statistics import holm
from benchmarks.store import UserError, only_writer
from benchmarks.studies.keeping import keep_lifetimes, lifetimes_in
from benchmarks.studies.records.known import Known, sign_of
from benchmarks.studies.records.run import RESULTS, TUNED
from benchmarks.terminal import say

SUITE, SEEDS = "addition-1d", (400, 401)  # a validation suite, and seeds on which nothing was chosen before
FIGURES = RESULTS.parent / "tuning.json"
WORTH = 0.9  # of the restricted mean of the setting in use
# What is tuned of each: its flags, the first as in the suites of record.
SETTINGS: dict[str, tuple[str, ...]] = {
    "combined": tuple(f"--combined.threshold {value}" for value in (0.99, 0.98, 0.95, 0.9)),
    "mastery-gate": ("", *(f"--mastery-gate.threshold {value}" for value in (0.95, 0.9, 0.8))),
    "target-deficit": (
        "",
        *(f"--target-deficit.sharpness {value}" for value in (1, 4)),
        "--target-deficit.epsilon 0.03",
    ),
    "learnability": ("", *(f"--learnability.epsilon {value}" for value in (0.03, 0.2, 0.3))),
    "tscl-sampling": tuple(f"--tscl-sampling.window {value}" for value in (10, 5, 20, 40)),
    "exp3s": tuple(f"--exp3s.eta {value}" for value in (0.1, 0.01, 0.03, 0.3)),
}


_BESIDE = {"exp3s": "--signal PG"}


@dataclass(frozen=True)
class Tune:
    """Lives every setting of every teacher, and prints what it took; what is finished is not run again."""

    workers: int = 2
    """Processes."""
    runs: Path = Path("runs/records")
    """Where checkpoints and traces are kept."""
    out: Path = FIGURES
    """JSON file of the figures."""
    show: bool = False
    """Only print what is known."""

    def cells(self) -> list[tuple[str, Cell]]:
        """Seed by seed."""
        made: list[tuple[str, Cell]] = []
        for seed in SEEDS:
            for teacher, settings in SETTINGS.items():
                for setting in settings:
                    flags = f"--teacher {teacher} {_BESIDE.get(teacher, '')} {setting}"
                    command: Any = parsed(f"run {SUITE} --preset small {flags}".split())
                    (cell,) = planned(command, [command.teacher], [command.student], [seed])
                    made.append((entry(teacher, setting), cell))
        return made

    def execute(self) -> None:
        """Runs, and prints a table."""
        if not self.show:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            runs = self.runs / "tuning"
            with only_writer(runs):
                keep_lifetimes(self.cells(), self.out, "python -m benchmarks.studies.records tune", runs, self.workers)
        if not self.out.exists():
            raise UserError(f"{self.out} is not there: python -m benchmarks.studies.records tune makes it")
        say("\n".join(told(lifetimes_in(self.out))))


def entry(teacher: str, setting: str) -> str:
    """Name of a setting in the figures."""
    return f"{teacher} {setting.removeprefix(f'--{teacher}.') or 'as it is'}"


def told(lifetimes: dict[str, Any]) -> list[str]:
    """The table, and what follows from it by the rule."""
    return [*lines(lifetimes), "", *(f"- {named(*one)}" for one in best(lifetimes).items())]


class Best(NamedTuple):
    """The setting of the smallest restricted mean, over that of the setting in use.

    ``at_most``: a lifetime of the setting in use never mastered, so that its mean is larger than its restricted one.
    """

    flags: str
    ratio: float
    at_most: bool


def best(lifetimes: dict[str, Any]) -> dict[str, Best]:
    """Of each teacher whose settings have all lived."""
    found = {}
    for teacher, settings in SETTINGS.items():
        lives = {setting: lifetimes.get(entry(teacher, setting), {}) for setting in settings}
        if all(str(seed) in own for own in lives.values() for seed in SEEDS):
            means = {setting: float(np.mean(costs_of(own))) for setting, own in lives.items()}
            least = min(means, key=lambda setting: means[setting])
            cut_off = any(not lives[settings[0]][str(seed)]["mastered"] for seed in SEEDS)
            found[teacher] = Best(least, means[least] / means[settings[0]], cut_off)
    return found


def named(teacher: str, found: Best) -> str:
    """A line on it."""
    if found.ratio == 1:
        return f"{teacher}: none takes fewer than the one in use"
    worth = "its lifetimes are run, too" if found.ratio < WORTH else "not worth lifetimes of its own"
    ratio = f"{'at most ' if found.at_most else ''}{found.ratio:.2f}"
    return f"{teacher}: {entry(teacher, found.flags)} takes {ratio} of the restricted mean of the one in use: {worth}"


def costs_of(found: dict[str, Any]) -> list[int]:
    """Updates of both seeds, restricted to the budget."""
    lives = [found[str(seed)] for seed in SEEDS]
    return [life["updates"] if life["mastered"] else life["budget"] for life in lives]


def lines(lifetimes: dict[str, Any]) -> list[str]:
    """A table: each setting's updates, and how many times those of the setting in use its mean is."""
    made = [
        f"| teacher | setting | updates, seeds {', '.join(map(str, SEEDS))} | of the setting in use |",
        "|---|---|---|---|",
    ]
    for teacher, settings in SETTINGS.items():
        used: float | None = None
        for setting in settings:
            found = lifetimes.get(entry(teacher, setting), {})
            if any(str(seed) not in found for seed in SEEDS):
                continue
            lives = [found[str(seed)] for seed in SEEDS]
            costs = costs_of(found)
            mean, all_mastered = float(np.mean(costs)), all(life["mastered"] for life in lives)
            if setting == settings[0]:
                used = mean if all_mastered else None  # of a mean that is cut off there is no ratio
            shown = ", ".join(f"{'' if life['mastered'] else '>= '}{n:,}" for n, life in zip(costs, lives, strict=True))
            ratio = "" if used is None else f"{'' if all_mastered else '>= '}{mean / used:.2f}"
            made.append(f"| {teacher} | {entry(teacher, setting).removeprefix(teacher).strip()} | {shown} | {ratio} |")
    return made


def on_suites(known: Sequence[Known]) -> list[str]:
    """A table: what was better on two seeds beside the setting in use, on the seeds of the suites of record."""
    made = [
        "| suite, student | setting | updates | in use | of the setting in use | p | p, Holm-corrected |",
        "|---|---|---|---|---|---|---|",
    ]
    found = []
    for one in known:
        for name in TUNED:
            used = name.rsplit("-", 1)[0]
            rows = one.rows(used) if {name, used} <= set(one.lifetimes) else {}
            if one.preset == "small" and rows and rows[name].num_pairs >= FEWEST_SEEDS:
                found.append((one, rows[name], rows[used]))
    for (one, row, used_row), p in zip(found, holm([row.p for _, row, _ in found]), strict=True):
        costs = [f"{'>= ' if each.solved < each.num else ''}{each.mean:,.0f}" for each in (row, used_row)]
        sign = sign_of(row.solved < row.num, used_row.solved < used_row.num)
        ratio = f"{sign}{row.ratio:.2f} [{row.ratio_low:.2f}, {row.ratio_high:.2f}]"
        cells = [f"{one.suite}, {one.student}", row.name, *costs, ratio, f"{row.p:.2g}", f"{p:.2g}"]
        made.append(f"| {' | '.join(cells)} |")
    return made

"""How fast an arm is learned with a share of the updates: what one arm's share returns to a real student.

``python -m benchmarks.studies.returns`` teaches each arm alone, and then with smaller shares, the rest of the updates
going to an easy arm of another task; with ``--out FILE`` it writes the figures as JSON. A minute of two cores for each
arm and seed of an LSTM.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tyro

from benchmarks.flags import settings_of
from benchmarks.provenance import environment
from benchmarks.settings import STUDENTS, make_student
from benchmarks.store import UserError, write_json
from benchmarks.terminal import guarded, say
from benchmarks.workers import begin_worker
from envs import CurriculumVectorEnv, Suite, Task
from envs.tasks import AssociativeRecall, Copy, ModularArithmetic, Parity, Reverse, shared_vocabulary

ARMS: dict[str, Callable[[], Task]] = {
    "reverse": lambda: Reverse(lengths=(2,)),
    "modular": lambda: ModularArithmetic(lengths=(2,), depths=(0,)),
    "recall": lambda: AssociativeRecall(items=(2,), item_length=1),
    "copy": lambda: Copy(lengths=(3,)),
}
_FULL = 0.99  # the share of an arm that is taught alone: the other one is an arm, too
_LEARNED, _DECISIONS = 0.9, 3  # learned: this competence of training batches, the mean over so many decisions


class Trial(NamedTuple):
    """One student and one share."""

    student: str
    arm: str
    share: float
    seed: int
    budget: int


def updates_to_learn(trial: Trial) -> int | None:
    """Updates until the arm is learned, to the next decision; None: not within the budget."""
    suite = Suite(shared_vocabulary([ARMS[trial.arm](), Parity(lengths=(2,))], announce=True), name="returns")
    options = settings_of(STUDENTS[trial.student])
    env = CurriculumVectorEnv(
        suite, make_student(trial.student, suite, 1, options, trial.budget), budget=trial.budget, batch_size=128
    )
    env.reset(seed=[trial.seed])
    shown = [0.0]  # before the first visit
    while not env.finished:
        info = env.step(np.array([[trial.share, 1.0 - trial.share]]))[-1]
        shown.append(float(info["competence"][0, 0]) if info["count"][0, 0] else shown[-1])
        if np.mean(shown[-_DECISIONS:]) >= _LEARNED:
            return int(info["updates"][0])
    return None


def exponent(updates: dict[float, float]) -> float:
    """E of updates ~ share ^ -e, by least squares of logarithms: 1, no gain from teaching several arms at once."""
    shares = np.log(list(updates))
    return float(-np.polyfit(shares, np.log(list(updates.values())), 1)[0])


def summary(found: dict[Trial, int | None]) -> dict[str, Any]:
    """By student and arm: updates at each share, seed by seed, and the exponent of their geometric means.

    Shares that some seed did not learn are left out of the exponent.
    """
    rows: dict[str, Any] = {}
    for student, arm in dict.fromkeys((t.student, t.arm) for t in found):
        own = {t: n for t, n in found.items() if (t.student, t.arm) == (student, arm)}
        shares = sorted({t.share for t in own}, reverse=True)
        updates = {share: [n for t, n in own.items() if t.share == share] for share in shares}
        known = {s: float(np.exp(np.mean(np.log(n)))) for s, n in updates.items() if None not in n}  # type: ignore[arg-type]
        rows[f"{student} {arm}"] = {
            "updates": {f"{share:g}": n for share, n in updates.items()},
            "exponent": round(exponent(known), 2) if len(known) > 1 else None,
        }
    return rows


@dataclass(frozen=True)
class Measure:
    """Measures what a share of the updates returns."""

    students: tuple[str, ...] = ("lstm",)
    """Students, by name."""
    arms: tuple[str, ...] = tuple(ARMS)
    """Arms, each beside parity of two bits."""
    shares: tuple[float, ...] = (_FULL, 0.5, 0.25, 0.125, 0.0625)
    """Shares of the updates."""
    seeds: tuple[int, ...] = (300, 301)
    """Seeds, apart from those of evidence and calibration."""
    budget: int = 2_000
    """Updates at most."""
    workers: int = 2
    """Processes."""
    out: Path | None = None
    """A JSON file for the figures."""

    def trials(self) -> list[Trial]:
        """All of them.

        Raises:
            UserError: an unknown student or arm, a share out of range.
        """
        for kind, names, known in (("student", self.students, STUDENTS), ("arm", self.arms, ARMS)):
            if unknown := [name for name in names if name not in known]:
                raise UserError(f"unknown {kind} {unknown[0]!r}; there are: {', '.join(known)}")
        if bad := [share for share in self.shares if not 0 < share < 1]:
            raise UserError(f"shares must be between 0 and 1; got {bad[0]}")
        return [
            Trial(student, arm, share, seed, self.budget)
            for student in self.students
            for arm in self.arms
            for share in self.shares
            for seed in self.seeds
        ]

    def execute(self) -> None:
        """Measures and prints."""
        trials = self.trials()
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.workers, context, begin_worker) as pool:
            found = dict(zip(trials, pool.map(updates_to_learn, trials), strict=True))
        rows = summary(found)
        say(f"| student, arm | {' | '.join(f'{share:g}' for share in self.shares)} | exponent |")
        say("|---" * (len(self.shares) + 2) + "|")
        for name, row in rows.items():
            say(_line(name, row))
        if self.out is not None:
            write_json(
                self.out,
                {
                    "command": "python -m benchmarks.studies.returns",
                    "budget": self.budget,
                    "seeds": list(self.seeds),
                    "environment": environment(),
                    "arms": rows,
                },
            )


def _line(name: str, row: dict[str, Any]) -> str:
    def shown(values: Sequence[int | None]) -> str:
        return ", ".join("never" if n is None else f"{n:,}" for n in values)

    cells = " | ".join(shown(values) for values in row["updates"].values())
    return f"| {name} | {cells} | {'' if row['exponent'] is None else format(row['exponent'], '.2f')} |"


def main() -> None:
    """Measures."""
    tyro.cli(Measure, prog="python -m benchmarks.studies.returns").execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))

"""How fast an arm is learned with a share of the updates: what one arm's share returns to a real student.

``python -m benchmarks.studies.returns`` teaches each arm alone, and then with smaller shares, the rest of the updates
going to an easy arm of another task; with ``--out FILE`` it writes the figures as JSON, and interrupted goes on where
it was. A minute of two cores for each arm and seed of an LSTM.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.flags import settings_of
from benchmarks.provenance import environment
from benchmarks.settings import STUDENTS, make_student
from benchmarks.store import UserError, read_json, write_json
from benchmarks.studies.keeping import outcomes
from benchmarks.terminal import from_command_line, guarded, say
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


def fits(updates: dict[float, float]) -> dict[str, float]:
    """Two laws of updates by share, and the root mean squared error of each in the logarithm.

    ``exponent`` e of a power law share^-e, by least squares of logarithms: 1, nothing is gained by teaching several
    arms at once. ``start`` a of a + b / share, by least squares of relative errors: a fixed start, and then nothing is
    gained either, if the start is the student's, paid once. Some 20 updates are the criterion's lag.
    """
    shares, taken = np.array(list(updates)), np.array(list(updates.values()))
    slope, level = np.polyfit(np.log(shares), np.log(taken), 1)
    (start, rest), *_ = np.linalg.lstsq(np.stack([1.0 / taken, 1.0 / shares / taken], axis=1), np.ones_like(taken))
    power, linear = np.exp(level) * shares**slope, start + rest / shares
    found = {"exponent": -slope, "power_error": _error(power, taken), "start": start}
    found["start_error"] = _error(linear, taken)
    return {name: round(float(value), 3) for name, value in found.items()}


def _error(predicted: NDArray[np.float64], taken: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.log(predicted / taken) ** 2)))


def summary(found: dict[Trial, int | None]) -> dict[str, Any]:
    """By student and arm: updates at each share, seed by seed, and the laws of their geometric means (``fits``).

    Shares that some seed did not learn are left out of these; of fewer than three, there are none.
    """
    rows: dict[str, Any] = {}
    for student, arm in dict.fromkeys((t.student, t.arm) for t in found):
        own = {t: n for t, n in found.items() if (t.student, t.arm) == (student, arm)}
        shares = sorted({t.share for t in own}, reverse=True)
        updates = {share: [n for t, n in own.items() if t.share == share] for share in shares}
        known = {s: float(np.exp(np.mean(np.log(n)))) for s, n in updates.items() if None not in n}  # type: ignore[arg-type]
        rows[f"{student} {arm}"] = {
            "updates": {f"{share:g}": n for share, n in updates.items()},
            **(fits(known) if len(known) > 2 else {}),
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
        for name in ("students", "arms", "shares", "seeds"):
            if not (given := getattr(self, name)) or len(set(given)) < len(given):
                raise UserError(
                    f"{name} must be at least one, all different; got {', '.join(map(str, given)) or 'none'}"
                )
        if self.budget < 1 or self.workers < 1:
            raise UserError(f"budget and workers must be at least 1; got {self.budget} and {self.workers}")
        return [
            Trial(student, arm, share, seed, self.budget)
            for student in self.students
            for arm in self.arms
            for share in self.shares
            for seed in self.seeds
        ]

    @property
    def command(self) -> str:
        """That makes these figures."""
        given = {name: getattr(self, name) for name in ("students", "arms", "shares", "seeds")}
        words = " ".join(f"--{name} {' '.join(map(str, values))}" for name, values in given.items())
        return f"python -m benchmarks.studies.returns {words} --budget {self.budget}"

    def execute(self) -> None:
        """Measures and prints."""
        rows = summary(self._measured(self.trials()))
        shares = next(iter(rows.values()))["updates"]
        say(f"| student, arm | {' | '.join(shares)} | exponent (error) | start (error) |")
        say("|---" * (len(shares) + 3) + "|")
        for name, row in rows.items():
            say(_line(name, row))
        if self.out is not None:
            record = {"budget": self.budget, "seeds": list(self.seeds), "environment": environment(), "arms": rows}
            write_json(self.out, {"command": self.command, **record})
            self._unfinished().unlink(missing_ok=True)

    def _measured(self, trials: list[Trial]) -> dict[Trial, int | None]:
        """In the order of the trials; each is kept beside the file of figures as it ends.

        The same command at the same revision does not measure it again.
        """
        file = self._unfinished()
        by = {"command": self.command, **{name: environment()[name] for name in ("revision", "torch")}}
        found: dict[Trial, int | None] = {}
        if self.out is not None and file.exists() and (kept := read_json(file))["by"] == by:
            found = {Trial(*words): n for *words, n in kept["trials"]}
        waiting = {trial: (trial,) for trial in trials if trial not in found}
        with contextlib.closing(outcomes(updates_to_learn, waiting, self.workers)) as ended:
            for trial, outcome in ended:
                if isinstance(outcome, Exception):
                    raise outcome
                found[trial] = outcome
                if self.out is not None:
                    write_json(file, {"by": by, "trials": [[*trial, n] for trial, n in found.items()]})
        return {trial: found[trial] for trial in trials}

    def _unfinished(self) -> Path:
        out = self.out or Path("returns.json")
        return out.with_name(f"{out.stem}-unfinished.json")


def _line(name: str, row: dict[str, Any]) -> str:
    def shown(values: Sequence[int | None]) -> str:
        return ", ".join("never" if n is None else f"{n:,}" for n in values)

    cells = " | ".join(shown(values) for values in row["updates"].values())
    if "exponent" not in row:
        return f"| {name} | {cells} |  |  |"
    power, start = f"{row['exponent']:.2f} ({row['power_error']:.2f})", f"{row['start']:.0f} ({row['start_error']:.2f})"
    return f"| {name} | {cells} | {power} | {start} |"


def main() -> None:
    """Measures."""
    from_command_line(Measure, "python -m benchmarks.studies.returns").execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))

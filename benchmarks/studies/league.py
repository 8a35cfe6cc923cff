"""Every teacher on the same students, paired by seed: the table of docs/teachers/README.md.

``python -m benchmarks.studies.league scripted`` (seconds) and ``... run addition-small --seeds 5`` (hours; interrupted,
it goes on where it was: each finished lifetime is kept in ``benchmarks/results/teachers/``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from benchmarks.components.teachers import parts_of
from benchmarks.flags import settings_of
from benchmarks.provenance import environment
from benchmarks.settings import STUDENTS, SUITES, TEACHERS, WRAPPERS, Cell, make_teacher, schedule_of
from benchmarks.store import UserError, only_writer, write_json
from benchmarks.studies.keeping import keep_lifetimes
from benchmarks.terminal import from_command_line, guarded, say
from envs import CurriculumVectorEnv
from teacher import Teacher, run

RESULTS = Path("benchmarks/results/teachers")


@dataclass(frozen=True)
class Entry:
    """A teacher of the league: its name on the command line, and what differs from its defaults."""

    teacher: str
    signal: str = "accuracy_gain"
    options: dict[str, Any] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """All hyper-parameters, those of wrappers around it too."""
        inner, *wrappers = parts_of(self.teacher)
        around = {f"+{name}": settings_of(WRAPPERS[name]) for name in wrappers}
        return {**settings_of(TEACHERS[inner]), **around, **self.options}

    def make(self) -> Teacher:
        """The teacher."""
        return make_teacher(self.teacher, self.options)


# Bandits read prediction gain, as Graves et al.; TSCL and its kin the change of accuracy, as their authors.
ENTRIES: dict[str, Entry] = {
    "uniform": Entry("uniform"),
    "stratified": Entry("stratified"),
    "target-only": Entry("target-only"),
    "naive": Entry("naive"),
    "mixed": Entry("mixed"),
    "combined": Entry("combined"),
    "look-back-forward": Entry("look-back-forward"),
    "mastery-gate": Entry("mastery-gate"),
    "linear-pacing": Entry("linear-pacing"),
    "competence-pacing": Entry("competence-pacing"),
    "root-pacing": Entry("root-pacing"),
    "length-warmup": Entry("length-warmup"),
    "exp3": Entry("exp3", "PG"),
    "exp3-fixed": Entry("exp3", "PG", {"gamma": 0.1}),
    "exp3s": Entry("exp3s", "PG"),
    "exp3s-tuned": Entry("exp3s", "PG", {"eta": 0.1}),  # on addition-small, seeds 100 and 101
    "exp3s-paper": Entry("exp3s", "PG", {"eta": 1e-3}),
    "exp3-ix": Entry("exp3-ix", "PG"),
    "tsallis-inf": Entry("tsallis-inf", "PG"),
    "exp4": Entry("exp4", "PG"),
    "ucb1": Entry("ucb1", "PG"),
    "d-ucb": Entry("d-ucb", "PG"),
    "sw-ucb": Entry("sw-ucb", "PG"),
    "gaussian-thompson": Entry("gaussian-thompson", "PG"),
    "beta-thompson": Entry("beta-thompson", "PG"),
    "epsilon-greedy": Entry("epsilon-greedy", "PG"),
    "boltzmann": Entry("boltzmann", "PG"),
    "tscl-online": Entry("tscl-online"),
    "tscl-online-signed": Entry("tscl-online", options={"absolute": False}),
    "tscl-naive": Entry("tscl-naive"),
    "tscl-window": Entry("tscl-window"),
    "tscl-sampling": Entry("tscl-sampling"),
    "fast-slow": Entry("fast-slow"),
    "alp-gmm": Entry("alp-gmm"),
    "learnability": Entry("learnability"),
    "target-deficit": Entry("target-deficit"),
    "sec": Entry("sec"),
    "dump": Entry("dump"),
    "adarft": Entry("adarft"),
    "loss-proportional": Entry("loss-proportional"),
    "odm": Entry("odm"),
    "skill-it": Entry("skill-it"),
    "odm-code": Entry("odm", options={"variant": "code"}),
    "prioritized-replay": Entry("prioritized-replay"),
}


def _refuse_unknown(names: Sequence[str]) -> None:
    for name in names:
        if name not in ENTRIES:
            raise UserError(f"unknown entry {name!r}; there are: {', '.join(ENTRIES)}")


@dataclass(frozen=True)
class Scripted:
    """Twenty paired lifetimes of the scripted student (five skills in a chain) under every teacher."""

    teachers: tuple[str, ...] = tuple(ENTRIES)
    """Entries of the league."""
    seeds: int = 20
    """Paired seeds."""
    budget: int = 3000
    """Updates in a lifetime."""
    out: Path = RESULTS / "scripted.json"
    """Where the figures are kept."""

    def execute(self) -> None:
        """Runs and prints."""
        _refuse_unknown(self.teachers)
        record: dict[str, Any] = {
            "command": "python -m benchmarks.studies.league scripted",
            "seeds": self.seeds,
            "budget": self.budget,
            "environment": environment(),
            "updates": {},
        }
        for name in self.teachers:
            record["updates"][name] = self.live(ENTRIES[name])
            say(f"{name:20s} {np.mean(record['updates'][name]):7.1f}")
        write_json(self.out, record)

    def live(self, entry: Entry) -> list[int]:
        """Updates until every skill is complete, seed by seed; the budget where it never was."""
        made = entry.make()
        signal = entry.signal if made.feedback == "sampled" else "accuracy_gain"
        env = CurriculumVectorEnv(num_envs=self.seeds, budget=self.budget, signal=signal)
        reached = np.full(self.seeds, self.budget)
        for row in run(made, env, seed=0):
            complete = (env.student.skills >= 1).all(axis=1)  # type: ignore[attr-defined]
            reached = np.where(complete, np.minimum(reached, row.info["updates"]), reached)
            if complete.all():
                break
        return [int(value) for value in reached]


@dataclass(frozen=True)
class Run:
    """Lifetimes of a real student under every teacher; what is finished is not run again."""

    suite: tyro.conf.Positional[str] = "addition-small"
    """A suite's name."""
    student: str = "lstm"
    """A student's name."""
    teachers: tuple[str, ...] = tuple(ENTRIES)
    """Entries of the league."""
    seeds: int = 5
    """Paired seeds."""
    first_seed: int = 0
    """The first seed."""
    budget: int | None = None
    """Updates in a lifetime; default: the suite's."""
    workers: int = 2
    """Processes."""
    runs: Path = Path("runs/league")
    """Where checkpoints and traces are kept."""
    results: Path = RESULTS
    """Folder of the figures."""

    def cells(self) -> list[tuple[str, Cell]]:
        """Seed by seed, so that a partial table is paired."""
        schedule = schedule_of(self.suite)
        if self.budget is not None:
            schedule = dataclasses.replace(schedule, budget=self.budget)
        suite, student = settings_of(SUITES[self.suite][0]), settings_of(STUDENTS[self.student])
        return [
            (
                name,
                Cell(
                    self.suite,
                    self.student,
                    entry.teacher,
                    seed,
                    schedule,
                    signal=entry.signal,
                    options={"suite": suite, "student": student, "teacher": entry.settings()},
                ),
            )
            for seed in range(self.first_seed, self.first_seed + self.seeds)
            for name, entry in ((name, ENTRIES[name]) for name in self.teachers)
        ]

    def execute(self) -> None:
        """Runs what is missing, keeping each lifetime's figures as it ends."""
        _refuse_unknown(self.teachers)
        self.results.mkdir(parents=True, exist_ok=True)
        with only_writer(self.runs / self.suite):
            command = f"python -m benchmarks.studies.league run {self.suite}"
            file = self.results / f"{self.suite}-{self.student}.json"
            keep_lifetimes(self.cells(), file, command, self.runs / self.suite, self.workers)


def main() -> None:
    """Runs a part of the league."""
    from_command_line({"scripted": Scripted, "run": Run}, "python -m benchmarks.studies.league").execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))

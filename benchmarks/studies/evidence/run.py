"""Runs lifetimes of a family under every teacher, and makes what the controls need."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import tyro

from benchmarks.export import Options, export
from benchmarks.flags import settings_of
from benchmarks.meta.controls import random_weights
from benchmarks.settings import SUITES, Cell, schedule_of
from benchmarks.store import UserError, only_writer
from benchmarks.studies.evidence.families import (
    FAMILIES,
    GENERAL,
    OTHERS,
    RESULTS,
    TRAINED,
    WATCHING,
    student_settings,
    yoked,
)
from benchmarks.studies.keeping import folder_of, keep_lifetimes
from benchmarks.terminal import say
from teacher import load_general
from teacher.learned.files import save_policy


@dataclass(frozen=True)
class Run:
    """Lifetimes of a family under every teacher; what is finished is not run again."""

    family: tyro.conf.Positional[str] = "addition-4"
    """A family's name."""
    student: str | None = None
    """A student's name, or one of another size (lstm-32, lstm-256); default: the family's."""
    teachers: tuple[str, ...] = (*TRAINED, *OTHERS)
    """Entries."""
    seeds: int = 3
    """Paired seeds."""
    first_seed: int = 0
    """The first seed."""
    workers: int = 2
    """Processes."""
    runs: Path = Path("runs/evidence")
    """Where checkpoints and traces are kept."""
    results: Path = RESULTS
    """Folder of the figures."""

    def cells(self) -> list[tuple[str, Cell]]:
        """Seed by seed, so that a partial table is paired."""
        entries = {**GENERAL, **OTHERS, **WATCHING, **yoked(self.name)}
        family = FAMILIES[self.family]
        if unknown := [name for name in self.teachers if name not in entries]:
            raise UserError(f"unknown teacher {unknown[0]!r}; there are: {', '.join(entries)}")
        suite = {**settings_of(SUITES[family.suite][0]), **family.options}
        student_name = self.student or family.student
        of, student = student_settings(student_name)
        schedule = dataclasses.replace(
            schedule_of(family.suite), budget=family.budget_of(student_name), evaluate_every=family.evaluate_every
        )
        return [
            (
                name,
                Cell(
                    family.suite,
                    of,
                    entries[name].teacher,
                    seed,
                    schedule,
                    signal=entries[name].signal,
                    options={"suite": suite, "student": student, "teacher": entries[name].settings()},
                ),
            )
            for seed in range(self.first_seed, self.first_seed + self.seeds)
            for name in self.teachers
        ]

    @property
    def name(self) -> str:
        """Of the file of figures, and of the folder of runs."""
        if self.family not in FAMILIES:
            raise UserError(f"unknown family {self.family!r}; there are: {', '.join(FAMILIES)}")
        return f"{self.family}-{self.student or FAMILIES[self.family].student}"

    def execute(self) -> None:
        """Runs what is missing, keeping each lifetime's figures as it ends."""
        cells = self.cells()
        self.results.mkdir(parents=True, exist_ok=True)
        with only_writer(self.runs / self.name):
            command = f"python -m benchmarks.studies.evidence run {self.family}"
            command += f" --student {self.student}" if self.student else ""
            keep_lifetimes(cells, self.results / f"{self.name}.json", command, self.runs / self.name, self.workers)


@dataclass(frozen=True)
class Yoke:
    """Makes the schedules of the yoked controls: seed s replays what a trained teacher chose on the seed after it.

    Teachers take turns: the first from number s on that has finished a lifetime there.
    """

    family: tyro.conf.Positional[str]
    """A family's name."""
    student: str | None = None
    """A student's name; default: the family's."""
    seeds: int = 3
    """Paired seeds, whose lifetimes under the trained teachers are finished."""
    runs: Path = Path("runs/evidence")
    """Where they are kept."""

    def execute(self) -> None:
        """Exports."""
        if self.seeds < 2:
            raise UserError(
                f"seeds must be at least 2: a yoked control replays another seed's lifetime; got {self.seeds}"
            )
        run = Run(self.family, self.student, TRAINED, self.seeds, runs=self.runs)
        folder = self.runs / run.name
        lived = {(name, cell.seed): folder / name / folder_of(cell) for name, cell in run.cells()}
        pattern = yoked(run.name)["yoked"].options["path"]
        for seed in range(self.seeds):
            turn = seed % len(TRAINED)
            donors = [lived[name, (seed + 1) % self.seeds] for name in (*TRAINED[turn:], *TRAINED[:turn])]
            finished = [donor for donor in donors if (donor / "summary.json").exists()]
            if not finished:
                raise UserError(
                    f"seed {seed} wants a finished lifetime of a trained teacher on seed {(seed + 1) % self.seeds}: "
                    f"there is none in {folder}"
                )
            out = Path(pattern.replace("{seed}", str(seed)))
            out.parent.mkdir(parents=True, exist_ok=True)
            export(finished[0], Options(), out, overwrite=True)


@dataclass(frozen=True)
class Frozen:
    """Makes the random-frozen control: the general teacher's network with random weights, never trained."""

    seed: int = 0
    """Seed of the weights."""
    out: Path = RESULTS / "teachers" / "random-frozen"
    """Where it goes."""

    def execute(self) -> None:
        """Draws and writes."""
        known = load_general().policy
        card = {"name": "random-frozen", "seed": self.seed}
        save_policy(self.out, random_weights(known.weights, self.seed), known.features, card)
        say(f"random teacher: {self.out}")

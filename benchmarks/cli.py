"""The command line: ``paceline list | run | bench | meta-train | report | export | profile | doctor``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tyro

from benchmarks.comparing import Compare, Power
from benchmarks.doctor import examine
from benchmarks.engines import Engine, Execution
from benchmarks.export import Options, export
from benchmarks.flags import chosen, refuse_unused, student_component, with_hyperparameters
from benchmarks.gather import gather, planned_cells, record_of, refuse_other_folder
from benchmarks.grid import run_grid
from benchmarks.listing import show_all, show_one
from benchmarks.meta.training import MetaTrain
from benchmarks.planning import planned
from benchmarks.profile import profile_suite
from benchmarks.records import PresetName, expanded
from benchmarks.store import UserError, only_writer
from benchmarks.terminal import guarded, refuse_nameless, say, understood
from benchmarks.tracking import Mode, Place, Standing, refuse_missing_views, refuse_missing_wandb, save_view
from envs.curriculum.settings import Redraw, Weighting
from envs.progress import SIGNALS

_SEEDS = 100_000  # lifetimes of a teacher and student in a bench, at most


@dataclass(frozen=True)
class Common:
    """What ``run`` and ``bench`` share."""

    preset: PresetName | None = None
    """Set-up of a suite of record (paceline list addition-1d shows it): flags, before those that are given."""
    budget: int | None = None
    """Updates in a lifetime; default: the suite's."""
    batch_size: int | None = None
    """Sequences per update; default: the suite's."""
    updates_per_decision: int | None = None
    """Updates between two decisions; default: the suite's."""
    evaluate_every: int | None = None
    """Updates between two evaluations of the TEST ladder; default: the suite's."""
    signal: Literal[tuple(SIGNALS)] = "accuracy_gain"  # type: ignore[valid-type]
    """Progress signal of the feedback."""
    redraw: Redraw = "update"
    """When arms are drawn from the mixture."""
    probe_size: int = 64
    """Sequences per probe."""
    weighting: Weighting = "draw"
    """What a teacher's mixture means: how often an arm is drawn, or (with --redraw sequence) the weight of its loss."""
    tokens_per_update: int | None = None
    """Token budget of an update: longer sequences, fewer of them; default: --batch-size sequences of any length."""
    out: Path | None = None
    """Folder of the results; default: a new one, runs/<suite>-<time>. An unfinished one is continued."""
    wandb: Mode = "offline"
    """Weights & Biases: offline (`wandb sync` later), online, or disabled."""
    project: str = "paceline"
    """W&B project."""
    tracker: Place = "wandb"
    """wandb, or tensorboard (extra): event files in each lifetime's folder, by the same names."""
    overwrite: bool = False
    """Delete what the folder holds and start anew."""
    checkpoint_every: int | None = None
    """Decisions between checkpoints; default: every five seconds."""


@dataclass(frozen=True)
class Run(Common):
    """One lifetime of one student under one teacher."""

    suite: tyro.conf.Positional[str] = "addition-small"
    """A suite's name, or package.module:suite."""
    teacher: str = "exp3s"
    """A teacher's name, or package.module:make_teacher."""
    student: str = "lstm"
    """A student's name, or package.module:make_student (a function of the vocabulary size)."""
    seed: int = 0
    """Seed of everything random."""

    def execute(self) -> None:
        """Runs it."""
        _run(self, (self.teacher,), (self.student,), (self.seed,), "run", {"workers": 1})


@dataclass(frozen=True)
class Bench(Common):
    """Compares teachers on students: a grid of lifetimes, paired by seed."""

    suite: tyro.conf.Positional[str] = "addition-small"
    """A suite's name, or package.module:suite."""
    teachers: str = "uniform,combined,exp3s"
    """Teachers, separated by commas."""
    students: str = "lstm"
    """Students, separated by commas."""
    seeds: int = 20
    """Number of seeds."""
    first_seed: int = 0
    """The first seed."""
    workers: int = 2
    """Processes, each with one torch thread; on a cluster, lifetimes at a time."""
    engine: Engine = "local"
    """local: processes here; ray: a Ray cluster (extra ray) whose machines share the folder of results."""
    ray_address: str | None = None
    """The cluster's address, auto for the one this machine is part of; default: one is started here."""

    def execute(self) -> None:
        """Runs it."""
        if self.seeds < 1:
            raise UserError(f"seeds must be at least 1; got {self.seeds}")
        if self.seeds > _SEEDS:
            raise UserError(f"seeds must be at most {_SEEDS:,}; got {self.seeds}")
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        where = {"workers": self.workers, "engine": self.engine, "ray_address": self.ray_address}
        _run(self, self.teachers.split(","), self.students.split(","), seeds, "bench", where)


@dataclass(frozen=True)
class Report:
    """Gathers the finished lifetimes of a folder into its tables, summary and report."""

    directory: tyro.conf.Positional[Path]
    """A folder that run or bench made."""
    wandb: Mode = "disabled"
    """Push the summary with its intervals, the page and its pictures to W&B: offline, online, or disabled."""
    project: str = "paceline"
    """W&B project."""
    view: bool = False
    """Save a view of the folder's lifetimes there, too, unless it is there (needs --wandb online, extra views)."""
    out: Path | None = None
    """Another folder to write them into: a look at what is finished while the bench still runs."""

    def execute(self) -> None:
        """Makes it."""
        if self.out is not None:
            self._elsewhere(self.out)
            return
        refuse_missing_wandb(self.wandb)
        if self.view:
            refuse_missing_views(self.wandb)
        planned_cells(self.directory)  # refuses what is no folder of results
        look = f"or look at what is finished: paceline report {self.directory} --out FOLDER"
        with only_writer(self.directory, otherwise=look):
            summary = gather(self.directory)
            bench_id = record_of(self.directory)["bench_id"]
            standing = Standing(self.wandb, self.project)
            pushed = self.wandb != "disabled" and standing.push(self.directory, bench_id, summary)
        where = "logged for W&B: `wandb sync` later" if standing.offline else "pushed to W&B"
        say(f"report: {self.directory / 'report.html'}{f' ({where})' if pushed else ''}")
        if self.view and (standing.offline or not pushed):
            logging.getLogger("paceline").warning("no view was saved: the report was not pushed to the server")
        elif self.view:
            if address := save_view(standing.entity, self.project, self.directory, bench_id):
                say(f"view: {address}")

    def _elsewhere(self, out: Path) -> None:
        if self.view or self.wandb != "disabled":
            raise UserError("--out is a look at a bench that runs: it goes without --wandb and --view")
        planned_cells(self.directory)
        if out.resolve() == self.directory.resolve() or (out / "settings.json").exists():
            raise UserError(f"--out must be another folder than a bench's own; got {out}")
        refuse_other_folder(out)
        with only_writer(out):
            summary = gather(self.directory, out)
        left = f" ({len(summary['unfinished'])} lifetimes are not finished)" if summary["unfinished"] else ""
        say(f"report: {out / 'report.html'}{left}")


@dataclass(frozen=True, kw_only=True)
class Export(Options):
    """Writes the pace of a finished lifetime as a static schedule that others can use."""

    run: tyro.conf.Positional[Path]
    """A folder that run or bench made, or the folder of one lifetime in it (cells/...)."""
    out: Path | None = None
    """A file; default: standard output."""
    overwrite: bool = False
    """Replace the file."""

    def execute(self) -> None:
        """Writes it."""
        export(self.run, self, self.out, self.overwrite)


@dataclass(frozen=True)
class Doctor:
    """Checks that a student of yours fits: runs every law of check_student."""

    student: tyro.conf.Positional[str]
    """package.module:make_student, a function of the vocabulary size that makes an nn.Module (or a student)."""
    suite: str = "addition-small"
    """The suite to check it on."""

    def execute(self) -> None:
        """Prints each law."""
        if not examine(self.student, self.suite):
            raise SystemExit(1)


@dataclass(frozen=True)
class Profile:
    """Where time and memory go, arm by arm: making a batch, training on it, evaluating it."""

    suite: tyro.conf.Positional[str]
    """A suite's name, or package.module:suite."""
    student: str = "lstm"
    """A student's name, or package.module:make_student."""
    batch_size: int | None = None
    """Sequences per update; default: the suite's."""
    repeats: int = 9
    """Steps per arm."""
    arms: int = 12
    """Arms at most, evenly spread."""
    out: Path | None = None
    """A JSON file for the figures."""

    def execute(self) -> None:
        """Measures and prints."""
        refuse_unused(self, {self.suite, student_component(self.student)})
        options = {"suite": chosen(self, self.suite), "student": chosen(self, student_component(self.student))}
        profile_suite(self.suite, self.student, self.batch_size, self.repeats, self.arms, self.out, options)


@dataclass(frozen=True)
class List:
    """Shows teachers, students, signals, and suites with a worked example of each task."""

    name: tyro.conf.Positional[str | None] = None
    """One of them, to be told more of it."""

    def execute(self) -> None:
        """Prints them."""
        if self.name is None:
            show_all()
        else:
            show_one(self.name)


def _run(
    common: Run | Bench,
    teachers: Sequence[str],
    students: Sequence[str],
    seeds: Sequence[int],
    job_type: str,
    where: dict[str, Any],
) -> None:
    cells = planned(common, teachers, students, seeds)
    same = {name: getattr(common, name) for name in ("wandb", "project", "tracker", "overwrite", "checkpoint_every")}
    execution = Execution(**where, **same, job_type=job_type)
    out = run_grid(cells, common.out, execution)
    say(f"report: {out / 'report.html'}")


def _commands(arguments: Sequence[str]) -> dict[str, Any]:
    """The commands; ``run`` and ``bench`` with flags for the components that are named, or taken if none is."""
    usual = {Run.teacher, Run.student, Bench.suite, *Bench.teachers.split(","), *Bench.students.split(",")}
    return {
        "list": List,
        "run": with_hyperparameters(Run, arguments, usual),
        "bench": with_hyperparameters(Bench, arguments, usual),
        "meta-train": MetaTrain,
        "report": Report,
        "compare": Compare,
        "power": Power,
        "export": Export,
        "profile": with_hyperparameters(Profile, arguments, usual),
        "doctor": Doctor,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and runs the command; exit code 2 and one line on a user's mistake."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    code = guarded(lambda: _dispatch(arguments))
    if code:
        raise SystemExit(code)


def _dispatch(arguments: Sequence[str] | None) -> None:
    parsed(sys.argv[1:] if arguments is None else arguments).execute()


def parsed(arguments: Sequence[str]) -> Any:
    """The command that a command line means.

    Raises:
        UserError: it means none.
    """
    refuse_nameless(arguments)
    words = expanded(arguments)
    commands = _commands(words)
    command = " ".join(["paceline", *(word for word in words[:1] if word in commands)])
    return understood(lambda: tyro.extras.subcommand_cli_from_dict(commands, prog="paceline", args=words), command)

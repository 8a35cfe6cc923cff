"""Names to components, and the settings of a lifetime: the one place that maps strings to objects."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import inspect
import json
import os
import sys
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from benchmarks.components.later import told, unless_as_before
from benchmarks.components.students import (
    ExperiencedLSTMStudent,
    GPT2Student,
    GRUStudent,
    LSTMStudent,
    MinGRUStudent,
    OwnStudent,
    RNNStudent,
    Seq2SeqStudent,
    StudentComponent,
    TCNStudent,
    TransformerStudent,
)
from benchmarks.components.suites import (
    AdditionSuite,
    DatasetSuite,
    ForecastSuite,
    FormalSuite,
    MemorySuite,
    NGramSuite,
    NoisyAdditionSuite,
    ReasoningSuite,
    ReorderedAdditionSuite,
    ReorderedRepeatCopySuite,
    SkillsSuite,
    SuiteComponent,
    TextSuite,
    TiersSuite,
)
from benchmarks.components.teachers import TEACHERS as TEACHERS
from benchmarks.components.teachers import WRAPPERS as WRAPPERS
from benchmarks.components.teachers import Exp4Teacher, parts_of
from benchmarks.store import UserError, describe
from envs import Student, Suite, Task, tasks
from envs.curriculum.settings import Redraw, Weighting
from teacher import Teacher


@dataclass(frozen=True)
class Schedule:
    """The defaults of a suite: how long, how large, how often judged."""

    budget: int = 5000
    """Updates in a lifetime."""
    batch_size: int = 64
    """Sequences per update."""
    updates_per_decision: int = 10
    """Updates between two decisions of the teacher."""
    evaluate_every: int = 200
    """Updates between two evaluations of the TEST ladder."""


# A task is a suite by itself: all its arms are targets, its fields are the flags.
SUITES: dict[str, tuple[SuiteComponent | Task, Schedule]] = {
    "addition": (AdditionSuite(5), Schedule(20_000, 128, 10, 100)),
    "addition-small": (AdditionSuite(3), Schedule(8_000, 128, 10, 100)),
    "addition-reordered": (ReorderedAdditionSuite(), Schedule(20_000, 128, 10, 100)),
    "addition-2d": (tasks.AdditionGrid(), Schedule(20_000, 128, 10, 250)),
    "tscl-addition": (tasks.TSCLAddition(), Schedule(20_000, 128, 10, 150)),
    "noisy-addition": (NoisyAdditionSuite(), Schedule(8_000, 128, 10, 200)),
    "multiplication": (tasks.Multiplication(), Schedule(20_000, 128, 10, 200)),
    "modular": (tasks.ModularArithmetic(), Schedule(20_000, 128, 10, 300)),
    "copy": (tasks.Copy(), Schedule(10_000, 128, 10, 150)),
    "repeat-copy": (tasks.RepeatCopy(), Schedule(20_000, 128, 10, 300)),
    "repeat-copy-reordered": (ReorderedRepeatCopySuite(), Schedule(10_000, 128, 10, 300)),
    "reverse": (tasks.Reverse(), Schedule(10_000, 128, 10, 150)),
    "selective-copy": (tasks.SelectiveCopy(), Schedule(20_000, 128, 10, 250)),
    "recall": (tasks.AssociativeRecall(), Schedule(20_000, 128, 10, 150)),
    "multi-query": (tasks.MultiQueryRecall(), Schedule(20_000, 64, 10, 600)),
    "parity": (tasks.Parity(), Schedule(10_000, 128, 10, 150)),
    "dyck": (tasks.Dyck(), Schedule(20_000, 128, 10, 300)),
    "stack": (tasks.StackManipulation(), Schedule(20_000, 128, 10, 300)),
    "listops": (tasks.ListOps(), Schedule(20_000, 128, 10, 300)),
    "lego": (tasks.Lego(), Schedule(10_000, 128, 10, 150)),
    "programs": (tasks.Programs(), Schedule(20_000, 128, 10, 250)),
    "n-gram": (NGramSuite(), Schedule(5_000, 64, 10, 200)),
    "text": (TextSuite(), Schedule(2_560, 64, 10, 320)),
    "forecast": (ForecastSuite(), Schedule(5_000, 64, 10, 400)),
    "hf": (DatasetSuite(), Schedule(5_000, 64, 10, 200)),
    "reasoning": (ReasoningSuite(), Schedule(10_000, 64, 10, 500)),
    "skills": (SkillsSuite(), Schedule(10_000, 128, 10, 300)),
    "memory": (MemorySuite(), Schedule(10_000, 128, 10, 300)),
    "formal": (FormalSuite(), Schedule(20_000, 128, 10, 350)),
    "tiers": (TiersSuite(), Schedule(10_000, 128, 10, 250)),
}
STUDENTS: dict[str, StudentComponent] = {
    "lstm": LSTMStudent(),
    "lstm-experienced": ExperiencedLSTMStudent(),
    "gru": GRUStudent(),
    "rnn": RNNStudent(),
    "transformer": TransformerStudent(),
    "mingru": MinGRUStudent(),
    "tcn": TCNStudent(),
    "seq2seq": Seq2SeqStudent(),
    "gpt2": GPT2Student(),
}


@dataclass(frozen=True)
class Cell:
    """One lifetime, fully resolved: what a result depends on."""

    suite: str
    """Name of a suite, or ``package.module:name``."""
    student: str
    """Name of a student, or ``package.module:name``."""
    teacher: str
    """Name of a teacher, or ``package.module:name``; wrappers follow: ``exp3s+floor+review``."""
    seed: int
    """Seed of the student's weights, its batches, the draws of arms and the teacher."""
    schedule: Schedule
    """Budget, batch, cadence."""
    signal: str = "accuracy_gain"
    """Progress signal of the feedback."""
    redraw: Redraw = "update"
    """When arms are drawn from the mixture."""
    probe_size: int = 64
    """Sequences per probe."""
    weighting: Weighting = "draw"
    """What the mixture means: how often an arm is drawn, or the weight of its loss."""
    tokens_per_update: int | None = None
    """Token budget of an update; None: as many sequences as the schedule says, whatever their length."""
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Hyper-parameters of suite, student and teacher, by kind."""

    @property
    def name(self) -> str:
        """Path of the cell's folder, and its name in W&B."""
        return "/".join(_as_folder(part) for part in (self.suite, self.student, self.teacher, f"seed-{self.seed}"))

    @property
    def parts(self) -> dict[str, str]:
        """The names of its components, by kind."""
        return {"suite": self.suite, "student": self.student, "teacher": parts_of(self.teacher)[0]}

    @property
    def digest(self) -> str:
        """Short hash of all settings, but for those that came later and stand at what was done before."""
        settings = dataclasses.asdict(self)
        settings["options"] = unless_as_before(self.parts, settings["options"], component)
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]

    def make_suite(self) -> Suite:
        """The suite."""
        return make_suite(self.suite, self.options.get("suite", {}))

    def make_student(self, suite: Suite) -> Student:
        """One learner."""
        options = dict(self.options.get("student", {}))
        if self.tokens_per_update is not None and options.get("reference_batch", 0) is None:
            options["reference_batch"] = self.schedule.batch_size  # the learning rate follows the number of sequences
        return make_student(self.student, suite, 1, options, self.schedule.budget)

    def make_teacher(self) -> Teacher:
        """The teacher."""
        return make_teacher(self.teacher, self.options.get("teacher"))


def read_cell(record: dict[str, Any]) -> Cell:
    """A cell as a folder records it (else KeyError, TypeError); settings that came later stand at what was before."""
    made = Cell(**{**record, "schedule": Schedule(**record["schedule"])})
    return dataclasses.replace(made, options=told(made.parts, made.options))


def _as_folder(part: str) -> str:
    return part.replace(":", ".").replace("/", ".")


def load_object(reference: str) -> Any:
    """The object at ``package.module:name``; the working directory is appended to the path, so it shadows nothing.

    Raises:
        UserError: no such module or name.
    """
    module, _, name = reference.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:  # the user's module may raise anything
        raise UserError(f"cannot load {reference!r} (expected package.module:name): {describe(error)}") from error


def _known(kind: str, name: str, known: dict[str, Any]) -> Any:
    if name not in known:
        raise UserError(f"unknown {kind} {name!r}; there are: {', '.join(known)}, or your own as package.module:name")
    return known[name]


def schedule_of(suite: str) -> Schedule:
    """The defaults of a suite; those of your own suite are the general ones."""
    return Schedule() if ":" in suite else _known("suite", suite, SUITES)[1]


def component(kind: Literal["suite", "student", "teacher", "wrapper"], name: str) -> Any:
    """The settings object behind a name; None for ``package.module:name``."""
    if kind == "wrapper" and name not in WRAPPERS:
        raise UserError(f"unknown wrapper {name!r}; there are: {', '.join(WRAPPERS)} (your own: from Python)")
    if ":" in name:
        return None
    known = {"suite": SUITES, "student": STUDENTS, "teacher": TEACHERS, "wrapper": WRAPPERS}[kind]
    found = _known(kind, name, known)  # type: ignore[arg-type]
    return found[0] if kind == "suite" else found


def refuse_unknown_teacher(name: str) -> None:
    """Raises ``UserError`` unless a teacher and its wrappers exist."""
    inner, *wrappers = parts_of(name)
    component("teacher", inner)
    for wrapper in wrappers:
        component("wrapper", wrapper)


def _called(reference: str, *arguments: Any) -> Any:
    made = load_object(reference)
    return made(*arguments) if callable(made) else made


def make_suite(name: str, options: dict[str, Any]) -> Suite:
    """A suite by name, or a ``Suite`` (or a function that makes one) of the user's."""
    if ":" not in name:
        settings = dataclasses.replace(component("suite", name), **options)
        built: Suite = settings.build(name) if hasattr(settings, "build") else Suite([settings], name=name)
        return built
    own = _called(name)
    if not isinstance(own, Suite):
        raise UserError(f"{name} must be an envs.Suite or make one; got {type(own).__name__}")
    return own


def make_student(
    name: str, suite: Suite, num_learners: int, options: dict[str, Any], budget: int = Schedule.budget
) -> Student:
    """A student by name, or the user's: a function of the vocabulary size that makes an ``nn.Module`` or a student.

    Raises:
        UserError: no such student, or the user's is not what was expected.
    """
    vocab_size = suite.vocab_size
    if ":" not in name:
        settings: StudentComponent = dataclasses.replace(component("student", name), **options)
        return settings.build(suite, num_learners, budget)
    make = load_object(name)
    if not callable(make):
        raise UserError(f"{name} must be a function of the vocabulary size; got {type(make).__name__}")
    several = "num_learners" in inspect.signature(make).parameters
    with torch.random.fork_rng(devices=[]):
        first = make(vocab_size, num_learners=num_learners) if several else make(vocab_size)
    if isinstance(first, torch.nn.Module):
        return OwnStudent(**options).around(lambda: make(vocab_size), suite, num_learners, budget)
    whole: Student = first
    if getattr(whole, "num_learners", None) != num_learners:
        raise UserError(
            f"{name} must make an nn.Module, or a student of {num_learners} learners (by a parameter num_learners); "
            f"got {type(whole).__name__}"
        )
    return whole


def make_teacher(name: str, options: dict[str, Any] | None = None) -> Teacher:
    """A teacher by name, or the user's: a class or function without arguments that makes one.

    ``options`` are its hyper-parameters; under ``+floor`` and the like those of the wrappers around it.
    """
    options = options or {}
    inner, *wrappers = parts_of(name)
    own = {key: value for key, value in options.items() if not key.startswith("+")}
    made: Teacher = _called(inner) if ":" in inner else _built_in_teacher(inner, own)
    for wrapper in wrappers:
        made = dataclasses.replace(component("wrapper", wrapper), **options.get(f"+{wrapper}", {})).around(made)
    return made


def _built_in_teacher(name: str, options: dict[str, Any]) -> Teacher:
    default = component("teacher", name)
    if isinstance(default, Exp4Teacher):
        return dataclasses.replace(default, **options).build(make_teacher)
    settings = {f.name: getattr(default, f.name) for f in dataclasses.fields(default) if f.init}
    made: Teacher = type(default)(**{**settings, **options})
    return made

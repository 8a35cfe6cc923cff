"""Names to components, and the settings of a lifetime: the one place that maps strings to objects."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch

import student
import teacher
from benchmarks.store import UserError
from envs import Addition, Student, Suite, TextTask
from envs.curriculum.settings import Redraw
from teacher import Teacher


@dataclass(frozen=True)
class AdditionSuite:
    """Addition of 1 to N digits, all of them targets."""

    digits: int = 5
    """Longest taught number of digits."""
    reversed_answer: bool = True
    """Least significant digit of the answer first."""

    def build(self, name: str) -> Suite:
        """The suite."""
        task = Addition(digits=range(1, self.digits + 1), reversed_answer=self.reversed_answer)
        return Suite([task], name=name)


@dataclass(frozen=True)
class TextSuite:
    """Byte-level language modelling; the longest context of every domain is a target, shorter ones are auxiliary."""

    source: str = ""
    """A folder with one subfolder per domain; empty: the running Python's standard library."""
    domains: tuple[str, ...] = ("modules", "asyncio", "email", "encodings")
    """Domains to keep; none: all. The default ones are packages of the standard library."""
    contexts: tuple[int, ...] = (16, 32, 64)
    """Window lengths in bytes, easiest first."""
    chunk_bytes: int | None = None
    """Cut files into documents of this many bytes."""
    start_bits: float = 5.0
    """Bits per byte at competence 0."""
    goal_bits: float = 2.6
    """Bits per byte at competence 1."""

    def build(self, name: str) -> Suite:
        """The suite."""
        task = TextTask(
            self.source or None,
            self.contexts,
            self.domains or None,
            self.chunk_bytes,
            start_bits=self.start_bits,
            goal_bits=self.goal_bits,
        )
        return Suite([task], lambda _, difficulty: difficulty["context"] == self.contexts[-1], name)


@dataclass(frozen=True)
class _Optimiser:
    """Options that every torch student has."""

    learning_rate: float = 2e-3
    """Step size of Adam."""
    weight_decay: float = 0.0
    """Weight decay."""
    optimizer: Literal["adam", "adamw"] = "adam"
    """Adam, or AdamW with decoupled weight decay."""
    clip: float = 1.0
    """Norm to which a gradient is scaled down."""

    def _student(self, make_model: Callable[[], Any], num_learners: int) -> Student:
        return student.TorchStudent(
            make_model, num_learners, self.optimizer, self.learning_rate, self.weight_decay, self.clip
        )


@dataclass(frozen=True)
class LSTMStudent(_Optimiser):
    """An LSTM language model."""

    width: int = 128
    """Size of the hidden state."""
    num_layers: int = 1
    """Stacked layers."""
    embedding: int = 32
    """Size of the token embedding."""

    def build(self, vocab_size: int, num_learners: int) -> Student:
        """The student."""
        return self._student(
            lambda: student.LSTM(vocab_size, self.width, self.num_layers, self.embedding), num_learners
        )


@dataclass(frozen=True)
class TransformerStudent(_Optimiser):
    """A decoder-only Transformer with rotary positions."""

    width: int = 64
    """Model width."""
    num_layers: int = 2
    """Blocks."""
    num_heads: int = 4
    """Attention heads."""
    dropout: float = 0.0
    """Rate on both residual branches."""

    def build(self, vocab_size: int, num_learners: int) -> Student:
        """The student."""
        return self._student(
            lambda: student.Transformer(vocab_size, self.width, self.num_layers, self.num_heads, self.dropout),
            num_learners,
        )


class SuiteComponent(Protocol):
    """Settings that build a suite."""

    def build(self, name: str) -> Suite:
        """The suite."""


class StudentComponent(Protocol):
    """Settings that build a student."""

    def build(self, vocab_size: int, num_learners: int) -> Student:
        """The student."""


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


SUITES: dict[str, tuple[SuiteComponent, Schedule]] = {
    "addition": (AdditionSuite(5), Schedule(20_000, 128, 10, 100)),
    "addition-small": (AdditionSuite(3), Schedule(8_000, 128, 10, 100)),
    "text": (TextSuite(), Schedule(2_560, 64, 10, 320)),
}
STUDENTS: dict[str, StudentComponent] = {"lstm": LSTMStudent(), "transformer": TransformerStudent()}
TEACHERS: dict[str, Any] = {
    "uniform": teacher.Uniform(),
    "target-only": teacher.TargetOnly(),
    "mixed": teacher.Mixed(),
    "combined": teacher.Combined(),
    "exp3": teacher.Exp3(),
    "exp3s": teacher.Exp3S(),
}


@dataclass(frozen=True)
class Cell:
    """One lifetime, fully resolved: what a result depends on."""

    suite: str
    """Name of a suite, or ``package.module:name``."""
    student: str
    """Name of a student, or ``package.module:name``."""
    teacher: str
    """Name of a teacher, or ``package.module:name``."""
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
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Hyper-parameters of suite, student and teacher, by kind."""

    @property
    def name(self) -> str:
        """Path of the cell's folder, and its name in W&B."""
        return "/".join(_as_folder(part) for part in (self.suite, self.student, self.teacher, f"seed-{self.seed}"))

    @property
    def digest(self) -> str:
        """Short hash of all settings."""
        return hashlib.sha256(json.dumps(dataclasses.asdict(self), sort_keys=True).encode()).hexdigest()[:12]

    def make_suite(self) -> Suite:
        """The suite."""
        return make_suite(self.suite, self.options.get("suite", {}))

    def make_student(self, suite: Suite) -> Student:
        """One learner."""
        return make_student(self.student, suite.vocab_size, 1, self.options.get("student", {}))

    def make_teacher(self) -> Teacher:
        """The teacher."""
        return make_teacher(self.teacher, self.options.get("teacher", {}))


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
    except (ImportError, AttributeError) as error:
        raise UserError(f"cannot load {reference!r} (expected package.module:name): {error}") from error


def _known(kind: str, name: str, known: dict[str, Any]) -> Any:
    if name not in known:
        raise UserError(f"unknown {kind} {name!r}; there are: {', '.join(known)}, or your own as package.module:name")
    return known[name]


def schedule_of(suite: str) -> Schedule:
    """The defaults of a suite; those of your own suite are the general ones."""
    return Schedule() if ":" in suite else _known("suite", suite, SUITES)[1]


def component(kind: Literal["suite", "student", "teacher"], name: str) -> Any:
    """The settings object behind a name; None for ``package.module:name``."""
    if ":" in name:
        return None
    found = _known(kind, name, {"suite": SUITES, "student": STUDENTS, "teacher": TEACHERS}[kind])  # type: ignore[arg-type]
    return found[0] if kind == "suite" else found


def _called(reference: str, *arguments: Any) -> Any:
    made = load_object(reference)
    return made(*arguments) if callable(made) else made


def make_suite(name: str, options: dict[str, Any]) -> Suite:
    """A suite by name, or a ``Suite`` (or a function that makes one) of the user's."""
    if ":" not in name:
        built: Suite = dataclasses.replace(component("suite", name), **options).build(name)
        return built
    own = _called(name)
    if not isinstance(own, Suite):
        raise UserError(f"{name} must be an envs.Suite or make one; got {type(own).__name__}")
    return own


def make_student(name: str, vocab_size: int, num_learners: int, options: dict[str, Any]) -> Student:
    """A student by name, or the user's: a function of the vocabulary size that makes an ``nn.Module`` or a student."""
    if ":" not in name:
        built: Student = dataclasses.replace(component("student", name), **options).build(vocab_size, num_learners)
        return built
    make = load_object(name)
    if not callable(make):
        raise UserError(f"{name} must be a function of the vocabulary size; got {type(make).__name__}")
    with torch.random.fork_rng(devices=[]):
        first = make(vocab_size)
    if hasattr(first, "evaluate") and hasattr(first, "load_state_dict"):
        whole: Student = first
        return whole
    return student.TorchStudent(lambda: make(vocab_size), num_learners)


def make_teacher(name: str, options: dict[str, Any]) -> teacher.Teacher:
    """A teacher by name, or the user's: a class or function without arguments that makes one."""
    if ":" not in name:
        default = component("teacher", name)
        settings = {f.name: getattr(default, f.name) for f in dataclasses.fields(default) if f.init}
        made: teacher.Teacher = type(default)(**{**settings, **options})
        return made
    own: teacher.Teacher = _called(name)
    return own

"""Tasks and suites: the ground truth of what can be taught.

A ``Task`` samples batches at a difficulty; a ``Suite`` flattens tasks x difficulties into arms, the things that a
teacher chooses between. ``Suite.batch`` is a pure function of its arguments, so there is no stream to snapshot.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from envs.arms import Arms as Arms
from envs.batch import IGNORE, Batch, Floats, Ints, mix

Value = int | float | str
Difficulty = Mapping[str, Value]
"""One value per axis of a task, by the axis' name."""


class Split(IntEnum):
    """Disjoint streams of samples: to learn from, to measure progress on, to judge by."""

    TRAIN = 0
    PROBE = 1
    TEST = 2


@dataclass(frozen=True)
class Axis:
    """A difficulty axis.

    Attributes:
        name: what varies (``digits``, ``context``, ``domain``).
        values: its values, easiest first.
        ordered: False where the order means nothing (source domains).
    """

    name: str
    values: tuple[Value, ...]
    ordered: bool = True


class Task(Protocol):
    """What a suite needs of a task. ``envs.checks.check_task`` proves an implementation right."""

    @property
    def name(self) -> str:
        """Short name, unique in a suite."""

    @property
    def vocab_size(self) -> int:
        """V: tokens and targets lie in ``[0, V)``."""

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The difficulty axes; their product is what can be taught."""

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """Difficulties out of the taught range (longer, deeper): evaluated, never taught. May be empty."""

    @property
    def mastery(self) -> float:
        """The competence in (0, 1] from which an arm counts as mastered.

        An optional ``threshold(difficulty)`` gives it arm by arm, where what can be reached differs between them.
        """

    @property
    def version(self) -> str:
        """Changes whenever the samples change: settings and a content hash of the sources."""

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sequences, ``(B, T)``: pure given ``rng``.

        Tasks whose samples are generated may ignore ``split`` (the streams differ already); tasks over a corpus must
        keep the documents of the splits apart.
        """

    def competence(self, loss: Floats, token_accuracy: Floats, sequence_accuracy: Floats) -> Floats:
        """Maps mean scores of an arm (any shape, all alike) to competence in [0, 1], elementwise."""


class Suite:
    """Tasks x difficulties as arms.

    Args:
        tasks: the tasks; arms are numbered task by task, the last axis fastest.
        targets: says of (task name, difficulty) whether the arm counts; default all do.
        name: names the suite in results.
        weights: gives of (task name, difficulty) the factor on the loss of the arm's sequences in training; default 1.

    Attributes:
        weights: float64 ``(A,)``, those factors.
        thresholds: float64 ``(A,)``, the competence from which each arm counts as mastered.

    Raises:
        ValueError: no task, two tasks of one name, a task without arms, no target, or a weight not above 0.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        targets: Callable[[str, Difficulty], bool] | None = None,
        name: str = "suite",
        weights: Callable[[str, Difficulty], float] | None = None,
    ):
        names = [task.name for task in tasks]
        if not tasks or len(set(names)) != len(names):
            raise ValueError(f"a suite needs at least one task and distinct task names; got {names}")
        for task in tasks:
            if not all(axis.values for axis in task.axes):
                raise ValueError(f"task {task.name!r} has an axis without values: {task.axes}")
        self.name = name
        self.tasks = tuple(tasks)
        self.vocab_size = max(task.vocab_size for task in tasks)
        self._arms: list[tuple[int, Difficulty]] = []
        for t, task in enumerate(tasks):
            for values in itertools.product(*(axis.values for axis in task.axes)):
                self._arms.append((t, dict(zip((a.name for a in task.axes), values, strict=True))))
        self.num_arms = len(self._arms)
        self._lengths: dict[int, int] = {}
        self._checked: set[int] = set()
        self._beyond = [(t, dict(difficulty)) for t, task in enumerate(tasks) for difficulty in task.beyond]
        self.num_beyond = len(self._beyond)
        is_target = [targets is None or bool(targets(tasks[t].name, d)) for t, d in self._arms]
        if not any(is_target):
            raise ValueError("targets selects no arm; at least one arm must count")
        self.arms = _describe(self.tasks, self._arms, np.array(is_target))
        self.thresholds = self.arms.thresholds
        self.weights = np.array(
            [1.0 if weights is None else weights(tasks[t].name, d) for t, d in self._arms], dtype=float
        )
        if not (np.isfinite(self.weights) & (self.weights > 0)).all():
            raise ValueError(f"loss weights must be finite and above 0; got {self.weights}")

    def task_of(self, arm: int) -> tuple[Task, Difficulty]:
        """The task and difficulty of an arm; numbers from ``num_arms`` on are the evaluation-only arms beyond.

        Raises:
            IndexError: no such arm.
        """
        if not 0 <= arm < self.num_arms + self.num_beyond:
            raise IndexError(
                f"arm must be in [0, {self.num_arms}) (taught) or [{self.num_arms}, {self.num_arms + self.num_beyond}) "
                f"(beyond, evaluation only); got {arm}"
            )
        t, difficulty = (self._arms + self._beyond)[arm]
        return self.tasks[t], difficulty

    def arm_name(self, arm: int) -> str:
        """Readable name of any arm, those beyond included."""
        task, difficulty = self.task_of(arm)
        return _arm_name(task, difficulty)

    def level_name(self, arm: int) -> str:
        """The name of an arm without its unordered axes: equal for arms of equal difficulty in one task."""
        task, difficulty = self.task_of(arm)
        return _arm_name(task, {axis.name: difficulty[axis.name] for axis in task.axes if axis.ordered})

    def batch(self, arm: int, index: int, seed: int, split: Split, batch_size: int) -> Batch:
        """The ``index``-th batch ``(B, T)`` of an arm: a pure function of the arguments.

        Raises:
            IndexError: no such arm, or an arm beyond the taught range asked of a split other than TEST.
            ValueError: the task's first batch at this arm holds a token outside its vocabulary.
        """
        task, difficulty = self.task_of(arm)
        if arm >= self.num_arms and split is not Split.TEST:
            raise IndexError(f"arm {arm} lies beyond the taught range: it exists in the TEST split only; got {split!r}")
        rng = np.random.default_rng([seed, split, arm, index])
        batch = task.sample(rng, difficulty, batch_size, split)
        if arm not in self._checked:  # once per arm: it would cost as much as making the batch
            self._check(batch, task, arm)
        weights = batch.weights
        if split is Split.TRAIN and self.weights[arm] != 1:
            weights = self.weights[arm] * (np.ones(batch_size) if weights is None else weights)
        return Batch(batch.tokens, batch.targets, np.full(batch_size, arm), weights, times=batch.times)

    def _check(self, batch: Batch, task: Task, arm: int) -> None:
        for what, values in (("tokens", batch.tokens), ("targets", batch.targets[batch.targets != IGNORE])):
            low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
            if low < 0 or high >= task.vocab_size:
                raise ValueError(
                    f"{what} of {self.arm_name(arm)} must be in [0, {task.vocab_size}), its vocabulary; got {low} to "
                    f"{high}: mend the task's sample() or its vocab_size"
                )
        self._checked.add(arm)

    def length(self, arm: int) -> int:
        """T of a TRAIN batch of the arm (where it varies, of one batch of 64): what token budgets reckon with."""
        if arm not in self._lengths:
            self._lengths[arm] = int(self.batch(arm, 0, 0, Split.TRAIN, 64).tokens.shape[1])
        return self._lengths[arm]

    def mixed_batch(self, arms: Ints, indices: Ints, seed: int, split: Split) -> Batch:
        """One batch whose b-th sequence comes from ``arms[b]``: ``(B, T)``, padded to the longest.

        Args:
            arms: ``(B,)``, the arm of each sequence.
            indices: ``(A,)``, the number of the batch that each arm gives next.
            seed: as in ``batch``.
            split: as in ``batch``.
        """
        drawn, counts = np.unique(arms, return_counts=True)
        parts = [self.batch(int(a), int(indices[a]), seed, split, int(n)) for a, n in zip(drawn, counts, strict=True)]
        joined = mix(parts)
        order = np.argsort(np.argsort(arms, kind="stable"))  # row b of the result is the next unused row of its arm
        weights = None if joined.weights is None else joined.weights[order]
        times = None if joined.times is None else joined.times[order]
        return Batch(joined.tokens[order], joined.targets[order], arms.astype(np.int64), weights, times=times)

    def competence(self, loss: Floats, token_accuracy: Floats, sequence_accuracy: Floats) -> Floats:
        """Competence per arm from mean scores per arm: each ``(..., A)``, by the map of the arm's task."""
        out = np.empty_like(loss)
        for t, task in enumerate(self.tasks):
            of = self.arms.tasks == t
            out[..., of] = task.competence(loss[..., of], token_accuracy[..., of], sequence_accuracy[..., of])
        return out

    @cached_property
    def fingerprint(self) -> str:
        """Content hash (16 hex digits) of settings, sources and of samples of up to 64 arms in every split."""
        digest = hashlib.sha256()
        for task in self.tasks:
            axes = [(a.name, a.values, a.ordered) for a in task.axes]
            described = [task.name, task.version, task.vocab_size, axes, task.mastery, [dict(d) for d in task.beyond]]
            digest.update(json.dumps(described).encode())
        digest.update(self.arms.targets.tobytes() + (b"" if (self.weights == 1).all() else self.weights.tobytes()))
        alike = np.array([self.tasks[t].mastery for t, _ in self._arms])
        digest.update(b"" if (self.thresholds == alike).all() else self.thresholds.tobytes())
        for arm in np.unique(np.linspace(0, self.num_arms - 1, 64).astype(int)):
            for split in Split:
                sample = self.batch(int(arm), 0, 0, split, 4)
                digest.update(sample.tokens.tobytes() + sample.targets.tobytes())
        return digest.hexdigest()[:16]


def symbols_of(task: Task) -> tuple[str, ...]:
    """``(V,)``, how each token of a task is written for a human: the task's ``symbols`` if it has any, else numbers."""
    own: tuple[str, ...] | None = getattr(task, "symbols", None)
    return tuple(map(str, range(task.vocab_size))) if own is None else own


def threshold_of(task: Task, difficulty: Difficulty) -> float:
    """The competence from which an arm counts as mastered: ``task.threshold(difficulty)`` if it has that, else mastery.

    For tasks some of whose arms cannot be learned as far as others: noise of their own, say.
    """
    own: Callable[[Difficulty], float] | None = getattr(task, "threshold", None)
    return float(task.mastery if own is None else own(difficulty))


def _arm_name(task: Task, difficulty: Difficulty) -> str:
    return f"{task.name} " + " ".join(f"{axis}={value}" for axis, value in difficulty.items())


def _describe(tasks: tuple[Task, ...], arms: list[tuple[int, Difficulty]], targets: NDArray[np.bool_]) -> Arms:
    axes = tuple(dict.fromkeys(axis.name for task in tasks for axis in task.axes))
    positions = np.full((len(arms), len(axes)), -1)
    coordinates = np.zeros((len(arms), len(axes)))
    totals = np.zeros(len(arms))
    for a, (t, difficulty) in enumerate(arms):
        for axis in tasks[t].axes:
            d, i = axes.index(axis.name), axis.values.index(difficulty[axis.name])
            positions[a, d] = i
            coordinates[a, d] = i / max(1, len(axis.values) - 1)
            totals[a] += coordinates[a, d] * axis.ordered
    levels = np.unique(totals.round(9), return_inverse=True)[1].reshape(-1)
    names = tuple(_arm_name(tasks[t], difficulty) for t, difficulty in arms)
    number = np.array([t for t, _ in arms])
    thresholds = np.array([threshold_of(tasks[t], difficulty) for t, difficulty in arms])
    return Arms(names, axes, coordinates, targets, number, levels, positions, thresholds)

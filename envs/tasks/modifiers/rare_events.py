"""Classes of samples that are rare in training."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import numpy as np

from envs.batch import IGNORE, Batch, Floats, Ints
from envs.suite import Axis, Difficulty, Split, Task, Value
from envs.tasks.modifiers.data_scale import chosen
from envs.tasks.modifiers.modifier import Modifier

_CENSUS = 1024
_HOLD = ("expected_targets", "wrong_labels", "ordered_tokens", "stream", "exchangeable")
"""What an inner task may declare and a choice of its samples leaves true."""


def first_target(batch: Batch) -> Ints:
    """The class of each sequence, if nothing else is said: its first scored target, ``(B,)``."""
    place = (batch.targets != IGNORE).argmax(axis=1)
    first: Ints = batch.targets[np.arange(len(place)), place]
    return first


@dataclass(frozen=True)
class RareEvents(Modifier):
    """The inner task with a long tail: in TRAIN the class of a sample is drawn with a Zipf weight.

    With C classes at a difficulty, the class of rank r = 1 .. C has the share ``(1 - floor) z_r + floor / C``,
    where ``z_r`` is in proportion to ``r ** -exponent``; the floor keeps every class covered (as far as the inner
    task gives samples of it: see below). Ranks are a fixed pseudo-random order of the classes that occur, so that
    rare does not mean hard. PROBE and TEST are balanced over the classes, which is why they are not the inner
    task's own samples: competence counts a rare class as much as a common one; and TEST has rows ``tail=rare``, of
    samples of the rarest quarter of the classes alone. Worked example, C = 4, floor 0.1, shares in percent::

        rank      1   2   3   4
        even     25  25  25  25
        zipf-1   46  24  17  13        0.9 x (48, 24, 16, 12) + 2.5
        zipf-2   66  18  10   6        0.9 x (70, 18, 8, 4) + 2.5

    Samples are picked from a pool of the inner task, ``oversampling`` times as large as the batch (or as C, for
    small batches); each is used once before any is used again. A class that is not in the pool gives its share to
    the others, in proportion: where the inner task itself is skewed (bytes of a text), its rare classes stay rarer
    than said. A class is judged by the labels, so noise goes outside: ``LabelNoise(RareEvents(task))``.

    Attributes:
        inner: the task.
        exponents: the taught exponents, even first; axis ``tail``: ``even`` (0), ``zipf-1``, ...
        classify: gives of a batch the class of each sequence, int ``(B,)`` in ``[0, num_classes)``; None: the first
            scored target. The version knows it by name only.
        num_classes: how many classes ``classify`` tells apart; None: the vocabulary.
        floor: share of TRAIN that is spread evenly.
        oversampling: samples drawn for each one used.
        order_seed: which classes are rare; part of the task, not of a run.
        name: the task's name; empty: the inner name and ``-tail``.

    Reference: S. Chan et al., Data Distributional Properties Drive Emergent In-Context Learning in Transformers (2022),
    arXiv:2205.05055 (Zipf exponents over classes); Y. Cui et al., Class-Balanced Loss Based on Effective Number of
    Samples (2019), arXiv:1901.05555 (long tail in training, balanced test).

    Raises:
        ValueError: exponents not increasing from 0 on; floor outside [0, 1]; oversampling below 1; ``classify`` without
            ``num_classes``; wrong labels to classify by; the inner task has an axis ``tail``.
    """

    inner: Task
    exponents: Sequence[float] = (0.0, 1.0, 2.0)
    classify: Callable[[Batch], Ints] | None = None
    num_classes: int | None = None
    floor: float = 0.1
    oversampling: int = 4
    order_seed: int = 0
    name: str = ""
    _ranks: dict[tuple[tuple[str, Value], ...], tuple[Ints, int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    clean_held_out: ClassVar[bool] = False
    keeps_rows: ClassVar[bool] = False
    identity_at_easiest: ClassVar[bool] = False

    def __post_init__(self) -> None:
        exponents = tuple(self.exponents)
        if not exponents or exponents[0] < 0 or any(b <= a for a, b in pairwise(exponents)):
            raise ValueError(f"exponents must be increasing from 0 on; got {list(exponents)}")
        if not 0 <= self.floor <= 1:
            raise ValueError(f"floor must be in [0, 1]; got {self.floor}")
        if self.oversampling < 1:
            raise ValueError(f"oversampling must be at least 1; got {self.oversampling}")
        if self.classify is not None and self.num_classes is None:
            raise ValueError("classify needs num_classes, the number of classes it tells apart; got None")
        if self.classify is None and getattr(self.inner, "wrong_labels", None) is not None:
            raise ValueError(
                f"task {self.inner.name!r} has wrong labels, which would pass for rare classes: wrap the other way "
                "round, LabelNoise(RareEvents(task)), or classify by the inputs"
            )
        if any(axis.name == "tail" for axis in self.inner.axes):
            raise ValueError(
                f"task {self.inner.name!r} has an axis 'tail' already: wrap it once, with all the exponents"
            )
        object.__setattr__(self, "name", self.name or f"{self.inner.name}-tail")

    def _holds(self) -> Collection[str]:
        return _HOLD

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The inner task's, and ``tail``."""
        return (*self.inner.axes, Axis("tail", tuple(map(_tail, self.exponents))))

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """The inner task's, balanced; and the rare classes alone, at its easiest and at its hardest taught values."""
        longer = tuple({**difficulty, "tail": _tail(self.exponents[0])} for difficulty in self.inner.beyond)
        corners = [{axis.name: axis.values[end] for axis in self.inner.axes} for end in (0, -1)]
        rare = [{**corner, "tail": "rare"} for corner in corners]
        return (*longer, *(rare if rare[0] != rare[1] else rare[:1]))

    @property
    def version(self) -> str:
        """The settings, and the inner task's."""
        judge = first_target if self.classify is None else self.classify
        named = f"{getattr(judge, '__module__', '')}:{getattr(judge, '__qualname__', type(judge).__qualname__)}"
        return (
            f"RareEvents-1 exponents={tuple(self.exponents)} classify={named} num_classes={self.num_classes} "
            f"floor={self.floor} oversampling={self.oversampling} order_seed={self.order_seed} of {self.inner.version}"
        )

    def ranking(self, difficulty: Difficulty) -> Ints:
        """The classes that occur at a difficulty (in a census of 1,024 samples), commonest in training first: (C,)."""
        ranks, num_occurring = self._ranked(difficulty)
        return np.argsort(ranks)[:num_occurring]

    def coverage(self, batch: Batch, difficulty: Difficulty) -> float:
        """The share of the classes that occur at a difficulty of which a batch holds a sample."""
        return float(np.isin(self.ranking(difficulty), self._classes(batch)).mean())

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sequences, ``(B, T)``: in TRAIN by the tail, else balanced over the classes."""
        own, tail = _without_tail(difficulty), str(difficulty["tail"])
        ranks, num_occurring = self._ranked(own)
        pool = self.inner.sample(rng, own, self.oversampling * max(batch_size, num_occurring), split)
        classes = self._classes(pool)
        present = np.flatnonzero(np.bincount(classes))
        present = present[np.argsort(ranks[present])]  # commonest first
        if tail == "rare":
            rare = present[ranks[present] >= num_occurring - math.ceil(num_occurring / 4)]
            present = rare if len(rare) else present[-1:]
        if split is Split.TRAIN:
            share = self._shares(
                ranks[present], dict(zip(map(_tail, self.exponents), self.exponents, strict=True))[tail]
            )
            edges = share.cumsum()
            drawn = present[np.searchsorted(edges, rng.random(batch_size) * edges[-1], side="right")]
        else:
            drawn = rng.permutation(present)[np.arange(batch_size) % len(present)]
        return chosen(pool, _rows_of(classes, drawn))

    def _shares(self, ranks: Ints, exponent: float) -> Floats:
        """The share of each class in TRAIN, of those with these ranks (from 0 on)."""
        zipf = (1.0 + ranks) ** -exponent
        shares: Floats = (1 - self.floor) * zipf / zipf.sum() + self.floor / len(ranks)
        return shares

    def _classes(self, batch: Batch) -> Ints:
        if self.classify is None:
            return first_target(batch)
        classes = np.asarray(self.classify(batch))
        num_classes = self._num_classes
        if classes.shape != (batch.num_sequences,) or classes.min() < 0 or classes.max() >= num_classes:
            raise ValueError(
                f"classify must give {batch.num_sequences} classes in [0, {num_classes}); got shape {classes.shape}, "
                f"{classes.min()} to {classes.max()}"
            )
        return classes.astype(np.int64)

    @property
    def _num_classes(self) -> int:
        return self.vocab_size if self.num_classes is None else self.num_classes

    def _ranked(self, difficulty: Difficulty) -> tuple[Ints, int]:
        """The rank of each class, commonest 0, and how many occur: those that a census misses are the rarest."""
        own = _without_tail(difficulty)
        key = tuple(sorted(own.items()))
        if key not in self._ranks:
            taught = all(own[axis.name] in axis.values for axis in self.inner.axes)
            rng = np.random.default_rng([self.order_seed])
            order = rng.permutation(self._num_classes)
            census = self.inner.sample(rng, own, _CENSUS, Split.TRAIN if taught else Split.TEST)
            occurs = np.isin(order, self._classes(census))
            self._ranks[key] = np.argsort(np.concatenate([order[occurs], order[~occurs]])), int(occurs.sum())
        return self._ranks[key]


def _tail(exponent: float) -> str:
    return "even" if exponent == 0 else f"zipf-{exponent:g}"


def _without_tail(difficulty: Difficulty) -> dict[str, Value]:
    return {axis: value for axis, value in difficulty.items() if axis != "tail"}


def _rows_of(classes: Ints, drawn: Ints) -> Ints:
    """A row of each class drawn, ``(B,)``: the n-th time a class is drawn its n-th row, and round again."""
    rows = np.argsort(classes, kind="stable")  # class after class
    low = np.searchsorted(classes[rows], drawn, side="left")
    count = np.searchsorted(classes[rows], drawn, side="right") - low
    order = np.argsort(drawn, kind="stable")
    time = np.empty(len(drawn), dtype=np.int64)
    time[order] = np.arange(len(drawn)) - np.searchsorted(drawn[order], drawn[order])
    return rows[low + time % count]

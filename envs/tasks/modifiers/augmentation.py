"""Augmentation of training samples that keeps what their time order means."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.random import Generator

from envs.batch import IGNORE, Batch, Ints
from envs.suite import Axis, Difficulty, Split, Task
from envs.tasks.modifiers.modifier import Modifier

_ALL = ("expected_targets", "wrong_labels", "ordered_tokens", "stream", "exchangeable")


class Augmentation(Protocol):
    """One way to vary training samples. ``strength`` is in [0, 1]; 0 changes nothing."""

    @property
    def name(self) -> str:
        """Short name: that of the difficulty axis."""

    @property
    def holds(self) -> tuple[str, ...]:
        """What an inner task may declare and the augmentation leaves true."""

    @property
    def needs(self) -> tuple[str, str]:
        """What the inner task must declare: the attribute, and what it means."""

    @property
    def moves(self) -> bool:
        """Whether an event's value at its time label may change, that of a share ``strength`` of all at most."""

    def apply(self, rng: Generator, batch: Batch, strength: float, inner: Any, difficulty: Difficulty) -> Batch:
        """The augmented batch. ``inner`` is the task that drew it, at ``difficulty``."""


@dataclass(frozen=True)
class Jitter:
    """Each event on an ordered scale moves up or down by one bin with probability ``strength``.

    An event keeps one value: as a target and as the next input it moves alike, and stays on the scale. Time labels are
    not touched. Worked example, bins 0 to 9, the event 6 moved::

        tokens   3  6  7             tokens   3  5  7
        targets  6  7  4      ->     targets  5  7  4

    Needs ``ordered_tokens = (low, high)``: the tokens low .. high - 1 are numbers.

    Reference: B. K. Iwana and S. Uchida, An Empirical Survey of Data Augmentation for Time Series Classification with
    Neural Networks (2020), arXiv:2007.15951 (jittering).
    """

    name: ClassVar[str] = "jitter"
    holds: ClassVar[tuple[str, ...]] = _ALL
    needs: ClassVar[tuple[str, str]] = ("ordered_tokens", "the range (low, high) of its numeric tokens")
    moves: ClassVar[bool] = True

    def apply(self, rng: Generator, batch: Batch, strength: float, inner: Any, difficulty: Difficulty) -> Batch:
        """The batch with its events moved, ``(B, T)``."""
        scored = batch.targets != IGNORE
        if (scored[:, :-1] & (batch.targets != np.roll(batch.tokens, -1, axis=1))[:, :-1]).any():
            raise ValueError("jitter needs scored targets that are the next token; this task has others")
        low, high = inner.ordered_tokens
        events = _events(batch)
        moves = (rng.random(events.shape) < strength) & (events >= low) & (events < high)
        if batch.times is not None:
            moves[:, :-1] &= batch.times >= 0  # padding
        step = 2 * rng.integers(0, 2, events.shape) - 1
        moved = np.where(moves, np.clip(events + step, low, high - 1), events)
        return replace(batch, tokens=moved[:, :-1].copy(), targets=np.where(scored, moved[:, 1:], IGNORE))


@dataclass(frozen=True)
class Subsample:
    """A random ordered subset of the events of a window; the gaps between events vary.

    Of the T + 1 events of a window (its inputs and the last target) each row keeps ``round((1 - strength) (T + 1))``,
    two at least, drawn uniformly, in their order: the result is shorter. An event keeps its value and its time label,
    so the labels rise, by more than one at a gap, and a target is the next event kept. Worked example, event 6
    dropped::

        times    0  1  2             times    0  2
        tokens   3  6  7             tokens   3  7
        targets  6  7  4      ->     targets  7  4

    Needs ``stream = True``: every position predicts the next.

    Reference: B. K. Iwana and S. Uchida (2020), arXiv:2007.15951 (transformations in the time domain).
    """

    name: ClassVar[str] = "subsample"
    holds: ClassVar[tuple[str, ...]] = ("wrong_labels", "ordered_tokens", "stream")
    needs: ClassVar[tuple[str, str]] = ("stream", "that every position predicts the next")
    moves: ClassVar[bool] = False

    def apply(self, rng: Generator, batch: Batch, strength: float, inner: Any, difficulty: Difficulty) -> Batch:
        """The subset, ``(B, round((1 - strength) (T + 1)) - 1)``."""
        _refuse_unless_stream(batch)
        events = _events(batch)
        num_kept = max(2, round((1 - strength) * events.shape[1]))
        kept = np.sort(np.argpartition(rng.random(events.shape), num_kept - 1, axis=1)[:, :num_kept], axis=1)
        values = np.take_along_axis(events, kept, axis=1)
        times = np.take_along_axis(_times(batch), kept[:, :-1], axis=1)  # the last event kept is a target alone
        return replace(batch, tokens=values[:, :-1].copy(), targets=values[:, 1:].copy(), times=times)


@dataclass(frozen=True)
class CausalShuffle:
    """Records that do not depend on each other are permuted; with probability ``strength`` per row.

    Everything outside the records stays where it is: what is asked still comes after what it is asked about, and the
    answers do not change. The place of a record is all its time means, so time labels stay with the places. Worked
    example, records a1, b2, c3, then the question for b::

        tokens   a  1  b  2  c  3  ?  b             tokens   c  3  a  1  b  2  ?  b
        targets  .  .  .  .  .  .  .  2      ->     targets  .  .  .  .  .  .  .  2        ('.' is IGNORE)

    Needs ``exchangeable(difficulty) -> int (R, W)``: the columns of R records of W tokens each, none of them scored.
    """

    name: ClassVar[str] = "shuffle"
    holds: ClassVar[tuple[str, ...]] = _ALL
    needs: ClassVar[tuple[str, str]] = ("exchangeable", "the columns of its independent records")
    moves: ClassVar[bool] = True

    def apply(self, rng: Generator, batch: Batch, strength: float, inner: Any, difficulty: Difficulty) -> Batch:
        """The batch with records permuted, ``(B, T)``."""
        columns = np.asarray(inner.exchangeable(difficulty))  # (R, W)
        num_rows, places = batch.num_sequences, columns.ravel()
        if columns.ndim != 2 or places.min() < 0 or places.max() >= batch.tokens.shape[1]:
            raise ValueError(
                f"exchangeable must give columns (R, W) of {batch.tokens.shape[1]}; got {columns.tolist()}"
            )
        if (batch.targets[:, places[places > 0] - 1] != IGNORE).any():
            raise ValueError("an event of an exchangeable record is scored: its answer would change with the order")
        order = np.argsort(rng.random((num_rows, len(columns))), axis=1)  # (B, R)
        order = np.where((rng.random(num_rows) < strength)[:, None], order, np.arange(len(columns)))
        tokens = batch.tokens.copy()
        tokens[:, places] = np.take_along_axis(batch.tokens, columns[order].reshape(num_rows, -1), axis=1)
        return replace(batch, tokens=tokens)


@dataclass(frozen=True)
class ShiftAnchors:
    """The window starts at another offset: each row drops its first k positions.

    k is uniform in 0 .. ``round(strength T)``, and as many are dropped at the end as make all rows equally long,
    ``T - round(strength T)``, at least 1. Events keep their values and their time labels; which label a window starts
    with varies. Worked example, T = 4, strength 0.25, k = 1::

        times    0  1  2  3             times    1  2  3
        tokens   3  6  7  4             tokens   6  7  4
        targets  6  7  4  5      ->     targets  7  4  5

    Needs ``stream = True``: every position predicts the next, so none is a question that must stay.

    Reference: B. K. Iwana and S. Uchida (2020), arXiv:2007.15951 (window slicing).
    """

    name: ClassVar[str] = "shift"
    holds: ClassVar[tuple[str, ...]] = ("wrong_labels", "ordered_tokens", "stream")
    needs: ClassVar[tuple[str, str]] = ("stream", "that every position predicts the next")
    moves: ClassVar[bool] = False

    def apply(self, rng: Generator, batch: Batch, strength: float, inner: Any, difficulty: Difficulty) -> Batch:
        """The later window, ``(B, T - round(strength T))``."""
        _refuse_unless_stream(batch)
        width = batch.tokens.shape[1]
        cut = min(round(strength * width), width - 1)
        columns = rng.integers(0, cut + 1, (batch.num_sequences, 1)) + np.arange(width - cut)
        parts = (batch.tokens, batch.targets, _times(batch))
        tokens, targets, times = (np.take_along_axis(part, columns, axis=1) for part in parts)
        return replace(batch, tokens=tokens, targets=targets, times=times)


@dataclass(frozen=True)
class Augmented(Modifier):
    """The inner task, augmented in TRAIN; PROBE and TEST are the inner task's own samples.

    The inner batch is drawn first, from the same generator. (Wrong labels are a modifier of their own: ``LabelNoise``.)
    Worked examples stand with them.

    Attributes:
        inner: the task.
        augmentation: ``Jitter()``, ``Subsample()``, ``CausalShuffle()``, ``ShiftAnchors()`` or one's own.
        strengths: the taught strengths, least first; the axis has the augmentation's name.
        name: the task's name; empty: the inner name, ``-`` and the augmentation's.

    Raises:
        ValueError: strengths not increasing in [0, 1]; an inner task that lacks what is needed or has the axis.
    """

    inner: Task
    augmentation: Augmentation
    strengths: Sequence[float] = (0.0, 0.1, 0.3)
    name: str = ""

    clean_held_out: ClassVar[bool] = True
    keeps_rows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        strengths, axis = tuple(self.strengths), self.augmentation.name
        if not strengths or strengths[0] < 0 or strengths[-1] > 1 or any(b <= a for a, b in pairwise(strengths)):
            raise ValueError(f"strengths must be increasing in [0, 1]; got {list(strengths)}")
        declaration, meaning = self.augmentation.needs
        if not getattr(self.inner, declaration, None):
            raise ValueError(f"{axis} needs {declaration}, {meaning}; task {self.inner.name!r} does not declare it")
        if any(other.name == axis for other in self.inner.axes):
            raise ValueError(f"task {self.inner.name!r} has an axis {axis!r} already: wrap it once, with all strengths")
        object.__setattr__(self, "name", self.name or f"{self.inner.name}-{axis}")

    def _holds(self) -> Collection[str]:
        return [declaration for declaration in self.augmentation.holds if declaration in _ALL]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The inner task's, and one with the augmentation's name."""
        return (*self.inner.axes, Axis(self.augmentation.name, tuple(self.strengths)))

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """The inner task's, at the least strength."""
        return tuple({**difficulty, self.augmentation.name: self.strengths[0]} for difficulty in self.inner.beyond)

    @property
    def version(self) -> str:
        """The settings, and the inner task's."""
        return f"Augmented-1 {self.augmentation!r} strengths={tuple(self.strengths)} of {self.inner.version}"

    @property
    def identity_at_easiest(self) -> bool:
        """At strength 0 the samples are the inner task's."""
        return self.strengths[0] == 0

    def moved_events(self, difficulty: Difficulty) -> float:
        """The share of events of a training sample, at most, whose value at their time label changes."""
        return float(difficulty[self.augmentation.name]) if self.augmentation.moves else 0.0

    def sample(self, rng: Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sequences of the inner task, ``(B, T)``; in TRAIN they are augmented."""
        own = {axis: value for axis, value in difficulty.items() if axis != self.augmentation.name}
        batch = self.inner.sample(rng, own, batch_size, split)
        if split is not Split.TRAIN:
            return batch
        strength = float(difficulty[self.augmentation.name])
        return self.augmentation.apply(rng, batch, strength, self.inner, own)


def added_variance(inner: Task, augmented: Task, difficulty: Difficulty, batch_size: int = 256, seed: int = 0) -> float:
    """The share of input tokens that differ between the clean and the augmented TRAIN batch of the same generator.

    Of ``batch_size`` sequences at a difficulty of the augmented task. Compared place by place, over the columns that
    both have: a window that starts elsewhere differs nearly everywhere.
    """
    own = {axis.name: difficulty[axis.name] for axis in inner.axes}
    clean = inner.sample(np.random.default_rng(seed), own, batch_size, Split.TRAIN).tokens
    varied = augmented.sample(np.random.default_rng(seed), difficulty, batch_size, Split.TRAIN).tokens
    width = min(clean.shape[1], varied.shape[1])
    return float((clean[:, :width] != varied[:, :width]).mean())


def _events(batch: Batch) -> Ints:
    """The inputs and the last target as one series, ``(B, T + 1)``."""
    return np.concatenate([batch.tokens, batch.targets[:, -1:]], axis=1)


def _times(batch: Batch) -> Ints:
    return np.broadcast_to(np.arange(batch.tokens.shape[1]), batch.tokens.shape) if batch.times is None else batch.times


def _refuse_unless_stream(batch: Batch) -> None:
    if not np.array_equal(batch.targets[:, :-1], batch.tokens[:, 1:]) or (batch.targets[:, -1] == IGNORE).any():
        raise ValueError("in a stream every target is the next token; a batch of this task holds others, or none")

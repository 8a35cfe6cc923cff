"""What generated tasks have in common: an answer that is right or wrong."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from envs.batch import Batch, Floats
from envs.suite import Axis, Difficulty, Split, Value


@dataclass(frozen=True, kw_only=True)
class ExactTask(ABC):
    """A generated task judged by exact match. A subclass gives ``axes``, ``symbols`` and ``sample``.

    Attributes:
        mastery: exact-match accuracy from which an arm counts as mastered.
        out_of_range: difficulties evaluated and never taught; None: the hardest taught one, with each axis in turn (of
            those that ``growing`` names) taken one and two steps further.

    Raises:
        ValueError: mastery outside (0, 1].
    """

    mastery: float = 0.98
    out_of_range: Sequence[Difficulty] | None = None

    def __post_init__(self) -> None:
        if not 0 < self.mastery <= 1:
            raise ValueError(f"mastery must be in (0, 1]; got {self.mastery}")

    @property
    @abstractmethod
    def name(self) -> str:
        """Short name, unique in a suite."""

    @property
    @abstractmethod
    def symbols(self) -> tuple[str, ...]:
        """``(V,)``, how each token is written for a human."""

    @property
    @abstractmethod
    def axes(self) -> tuple[Axis, ...]:
        """The difficulty axes; their product is what can be taught."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sequences, ``(B, T)``: pure given ``rng``."""

    @property
    def vocab_size(self) -> int:
        """V."""
        return len(self.symbols)

    @property
    def growing(self) -> tuple[str, ...]:
        """The axes along which a difficulty can lie beyond the taught range: those whose values are numbers."""
        return tuple(axis.name for axis in self.axes if isinstance(axis.values[-1], int))

    @property
    def unseen(self) -> Mapping[str, Sequence[Value]]:
        """Values of unordered axes that are never taught, by the axis' name."""
        return {}

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """What ``out_of_range`` says, else one and two steps further on each growing axis, and unseen values."""
        if self.out_of_range is not None:
            return tuple(dict(difficulty) for difficulty in self.out_of_range)
        hardest = {axis.name: axis.values[-1] for axis in self.axes}
        found: dict[str, Sequence[Value]] = {a.name: further(a) for a in self.axes if a.name in self.growing}
        return tuple({**hardest, n: value} for n, values in (*found.items(), *self.unseen.items()) for value in values)

    @property
    def version(self) -> str:
        """The settings."""
        settings = {f.name: getattr(self, f.name) for f in fields(self)}
        return f"{type(self).__name__}-1 {json.dumps(settings, default=list)}"  # a range, a tuple and a list are alike

    def competence(self, loss: Floats, token_accuracy: Floats, sequence_accuracy: Floats) -> Floats:
        """Exact match: an answer is right or wrong."""
        return sequence_accuracy


def further(axis: Axis) -> tuple[int, int]:
    """The two values that go on beyond an axis of whole numbers, in steps as wide as its last one."""
    values = [int(value) for value in axis.values]
    step = values[-1] - values[-2] if len(values) > 1 else max(1, values[-1])
    return values[-1] + step, values[-1] + 2 * step


def increasing(name: str, values: Sequence[int], low: int) -> tuple[int, ...]:
    """The values of an axis as a tuple.

    Raises:
        ValueError: none, not increasing, or below ``low``.
    """
    checked = tuple(values)
    if not checked or checked[0] < low or any(b <= a for a, b in pairwise(checked)):
        raise ValueError(f"{name} must be increasing whole numbers from {low} on; got {list(values)}")
    return checked

"""A task whose difficulty is told wrong, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from envs.batch import Batch
from envs.suite import Axis, Difficulty, Split, Task, Value
from envs.tasks.modifiers.modifier import Modifier

_STREAM = 107  # apart from data and other streams


@dataclass(frozen=True)
class Reordered(Modifier):
    """The inner task, the same samples, with the values of its axes in another order, or in none that means anything.

    What a teacher is told of the order of difficulty is so wrong, or missing: real labels often are. Worked example,
    addition of 1-3 digits, ``told="wrong"`` and an order that came out as 2, 3, 1: an arm "digits=2", said to be the
    easiest, whose samples have two digits::

        tokens   1  7  +  2  5  =  2  4
        targets  .  .  .  .  .  2  4  0        ('.' is IGNORE)

    Attributes:
        inner: the task.
        told: ``wrong``: the values of every axis shuffled, never left as they were; ``nothing``: axes are unordered.
        order_seed: of the shuffle; part of the task, not of a run.
        name: the task's name; empty: the inner name and ``-wrong`` or ``-nothing``.

    Raises:
        ValueError: told something else, or a wrong order of a single value.
    """

    inner: Task
    told: Literal["wrong", "nothing"] = "wrong"
    order_seed: int = 0
    name: str = ""

    clean_held_out: ClassVar[bool] = False
    keeps_rows: ClassVar[bool] = True
    identity_at_easiest: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.told not in ("wrong", "nothing"):
            raise ValueError(f"told must be wrong or nothing; got {self.told!r}")
        if self.told == "wrong" and all(len(axis.values) < 2 for axis in self.inner.axes):
            raise ValueError(f"task {self.inner.name!r} has no axis of two values: nothing can be told wrong")
        object.__setattr__(self, "name", self.name or f"{self.inner.name}-{self.told}")

    def __getattr__(self, declaration: str) -> Any:
        """What the inner task declares: its samples are the same."""
        if declaration.startswith("_") or declaration == "inner":
            raise AttributeError(declaration)
        return getattr(self.inner, declaration)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The inner task's, their values in another order, or unordered."""
        if self.told == "nothing":
            return tuple(replace(axis, ordered=False) for axis in self.inner.axes)
        return tuple(
            Axis(a.name, _shuffled(a.values, self.order_seed, i), a.ordered) for i, a in enumerate(self.inner.axes)
        )

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """The inner task's."""
        return self.inner.beyond

    @property
    def version(self) -> str:
        """The settings, and the inner task's."""
        return f"Reordered-1 told={self.told} order_seed={self.order_seed} of {self.inner.version}"

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """The inner task's, ``(B, T)``."""
        return self.inner.sample(rng, difficulty, batch_size, split)


def _shuffled(values: tuple[Value, ...], seed: int, number: int) -> tuple[Value, ...]:
    """Another order than the given one; a single value has none."""
    rng = np.random.default_rng([seed, _STREAM, number])
    order = np.arange(len(values))
    while len(values) > 1 and (order == np.arange(len(values))).all():
        order = rng.permutation(len(values))
    return tuple(values[i] for i in order)

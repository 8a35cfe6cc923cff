"""How much data there is to learn from."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from envs.batch import IGNORE, Batch, Ints
from envs.suite import Axis, Difficulty, Split, Task, Value
from envs.tasks.modifiers.modifier import Modifier
from envs.tasks.sequence import PAD

_HOLD = ("expected_targets", "ordered_tokens", "stream", "exchangeable")
"""What an inner task may declare and a choice of its samples leaves true."""


def chosen(batch: Batch, rows: Ints) -> Batch:
    """Some rows of a batch; columns on the right that only the others needed (padding, nothing scored) are dropped."""
    tokens, targets = batch.tokens[rows], batch.targets[rows]
    needed = ((tokens != PAD) | (targets != IGNORE)).any(axis=0)  # (T,)
    width = int(needed.nonzero()[0].max(initial=0)) + 1
    return replace(
        batch,
        tokens=tokens[:, :width],
        targets=targets[:, :width],
        arms=None if batch.arms is None else batch.arms[rows],
        weights=None if batch.weights is None else batch.weights[rows],
        times=None if batch.times is None else batch.times[rows, :width],
    )


@dataclass(frozen=True)
class DataScale(Modifier):
    """The inner task with few training samples: TRAIN draws, with replacement, from a fixed pool of ``samples`` rows.

    The pool of a difficulty is drawn once from a seed of its own, and the smaller pools are the first rows of the
    largest: what a student has seen at 64 samples it meets again at 512. PROBE and TEST are the inner task's own, ever
    fresh, so competence measures generalisation. Worked example, samples 2, copying two symbols: whatever the batch,
    its rows are copies of two::

        tokens   b  a  |  b      a  a  |  a
        targets  .  .  b  a      .  .  a  a        ('.' is IGNORE)

    Where the inner task has few different samples (copying two of eight symbols: 64), rows of a pool repeat, so that
    it holds fewer than ``samples`` different ones, and fresh TEST rows coincide with rows of the pool.

    Attributes:
        inner: the task.
        samples: the taught pool sizes, largest (easiest to generalise from) first; axis ``samples``.
        pool_seed: which pools; part of the task, not of a run.
        name: the task's name; empty: the inner name and ``-samples``.

    Reference: J. Hestness et al., Deep Learning Scaling is Predictable, Empirically (2017), arXiv:1712.00409, section 3
    (nested shards of the training set, one held-out set).

    Raises:
        ValueError: samples not falling, or fewer than 2; the inner task has an axis ``samples``.
    """

    inner: Task
    samples: Sequence[int] = (4096, 512, 64)
    pool_seed: int = 0
    name: str = ""
    _pools: dict[tuple[tuple[str, Value], ...], Batch] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    clean_held_out: ClassVar[bool] = True
    keeps_rows: ClassVar[bool] = False
    identity_at_easiest: ClassVar[bool] = False

    def __post_init__(self) -> None:
        samples = tuple(self.samples)
        if not samples or samples[-1] < 2 or any(b >= a for a, b in pairwise(samples)):
            raise ValueError(f"samples must be falling whole numbers, 2 at least; got {list(samples)}")
        if any(axis.name == "samples" for axis in self.inner.axes):
            raise ValueError(
                f"task {self.inner.name!r} has an axis 'samples' already: wrap it once, with all the sizes"
            )
        object.__setattr__(self, "name", self.name or f"{self.inner.name}-samples")

    def _holds(self) -> Collection[str]:
        return _HOLD

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The inner task's, and ``samples``."""
        return (*self.inner.axes, Axis("samples", tuple(self.samples)))

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """The inner task's, at the largest pool."""
        return tuple({**difficulty, "samples": self.samples[0]} for difficulty in self.inner.beyond)

    @property
    def version(self) -> str:
        """The settings, and the inner task's."""
        return f"DataScale-1 samples={tuple(self.samples)} pool_seed={self.pool_seed} of {self.inner.version}"

    @property
    def wrong_labels(self) -> Any:
        """As the inner task's, if it has wrong labels: a bound, for a pool's share stays where chance has put it."""
        return None if getattr(self.inner, "wrong_labels", None) is None else self._wrong_labels

    def _wrong_labels(self, difficulty: Difficulty) -> float:
        share = float(self.inner.wrong_labels(difficulty))  # type: ignore[attr-defined]
        num_scored = int((self.pool(difficulty).targets != IGNORE).sum())
        return float(min(1.0, share + 5 * np.sqrt(share * (1 - share) / num_scored)))

    def pool(self, difficulty: Difficulty) -> Batch:
        """All the training samples of an arm, ``(samples, T)``."""
        return chosen(self._largest_pool(_without_samples(difficulty)), np.arange(int(difficulty["samples"])))

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sequences, ``(B, T)``: in TRAIN from the pool, else from the inner task."""
        own = _without_samples(difficulty)
        if split is not Split.TRAIN:
            return self.inner.sample(rng, own, batch_size, split)
        return chosen(self._largest_pool(own), rng.integers(0, int(difficulty["samples"]), batch_size))

    def _largest_pool(self, own: dict[str, Value]) -> Batch:
        """The pool of an inner difficulty, of which the smaller ones are the first rows."""
        key = tuple(sorted(own.items()))
        if key not in self._pools:
            rng = np.random.default_rng([self.pool_seed, zlib.crc32(repr(key).encode())])
            self._pools[key] = self.inner.sample(rng, own, max(self.samples), Split.TRAIN)
        return self._pools[key]


def _without_samples(difficulty: Difficulty) -> dict[str, Value]:
    return {axis: value for axis, value in difficulty.items() if axis != "samples"}

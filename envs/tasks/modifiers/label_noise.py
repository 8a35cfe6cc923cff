"""Wrong labels in training."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import numpy as np

from envs.batch import IGNORE, Batch
from envs.suite import Axis, Difficulty, Split, Task
from envs.tasks.modifiers.modifier import Modifier

_HOLD = ("expected_targets", "exchangeable")
"""What an inner task may declare and wrong labels leave true. (Targets of a noisy stream are not its next inputs.)"""


@dataclass(frozen=True)
class LabelNoise(Modifier):
    """The inner task with wrong labels: in TRAIN each scored target is replaced with probability ``noise``.

    A replacement is uniform over the other V - 1 tokens of the vocabulary, so that a sequence's noise does not depend
    on the batch it lies in. Only targets change: the inputs stay clean, also where they repeat a target (teacher
    forcing). PROBE and TEST are clean, so competence is always measured against the truth. Worked example, copying b a
    d, the second target hit::

        tokens   b  a  d  |  b  a
        targets  .  .  .  b  c  d        ('.' is IGNORE)

    The inner batch is drawn first, from the same generator: the tokens are the inner task's own. Noise is new at every
    visit of a sample; ``DataScale(LabelNoise(task))`` freezes it with its samples.

    Attributes:
        inner: the task.
        rates: the taught probabilities, least first; axis ``noise``.
        name: the task's name; empty: the inner name and ``-noise``.

    Reference: C. Zhang et al., Understanding Deep Learning Requires Rethinking Generalization (2016), arXiv:1611.03530,
    section 2.1, partially corrupted labels (there the replacement may be the right label by chance).

    Raises:
        ValueError: rates not increasing in [0, 1); the inner task has an axis ``noise``.
    """

    inner: Task
    rates: Sequence[float] = (0.0, 0.1, 0.3)
    name: str = ""

    clean_held_out: ClassVar[bool] = True
    keeps_rows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        rates = tuple(self.rates)
        if not rates or rates[0] < 0 or not rates[-1] < 1 or any(b <= a for a, b in pairwise(rates)):
            raise ValueError(f"rates must be increasing probabilities in [0, 1); got {list(rates)}")
        if any(axis.name == "noise" for axis in self.inner.axes):
            raise ValueError(f"task {self.inner.name!r} has an axis 'noise' already: wrap it once, with all the rates")
        object.__setattr__(self, "name", self.name or f"{self.inner.name}-noise")

    def _holds(self) -> Collection[str]:
        return _HOLD

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The inner task's, and ``noise``."""
        return (*self.inner.axes, Axis("noise", tuple(self.rates)))

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """The inner task's, at the least noise."""
        return tuple({**difficulty, "noise": self.rates[0]} for difficulty in self.inner.beyond)

    @property
    def version(self) -> str:
        """The settings, and the inner task's."""
        return f"LabelNoise-1 rates={tuple(self.rates)} of {self.inner.version}"

    @property
    def identity_at_easiest(self) -> bool:
        """Without noise the samples are the inner task's."""
        return self.rates[0] == 0

    def wrong_labels(self, difficulty: Difficulty) -> float:
        """The share of training labels that are wrong on purpose; at most, where the inner task has wrong ones too."""
        inner = getattr(self.inner, "wrong_labels", None)
        before = 0.0 if inner is None else float(inner(difficulty))
        return 1 - (1 - float(difficulty["noise"])) * (1 - before)

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sequences of the inner task, ``(B, T)``; in TRAIN some of their targets are wrong."""
        own = {axis: value for axis, value in difficulty.items() if axis != "noise"}
        batch = self.inner.sample(rng, own, batch_size, split)
        if split is not Split.TRAIN:
            return batch
        hit = (rng.random(batch.targets.shape) < float(difficulty["noise"])) & (batch.targets != IGNORE)
        step = rng.integers(1, self.vocab_size, int(hit.sum()))  # round the vocabulary, never all the way
        targets = batch.targets.copy()
        targets[hit] = (targets[hit] + step) % self.vocab_size
        return replace(batch, targets=targets)

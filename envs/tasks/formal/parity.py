"""Parity of a string of bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.batch import IGNORE, Batch, Ints
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.sequence import answered

_EQUALS, _EVEN = 2, 3


@dataclass(frozen=True)
class Parity(ExactTask):
    """Whether the number of ones among n random bits is even or odd.

    Worked example, length 5::

        tokens   1  0  1  1  0  =
        targets  .  .  .  .  .  odd        ('.' is IGNORE)

    Attributes:
        lengths: the taught lengths n, easiest first.
        name: the task's name.

    Reference: G. Deletang et al., Neural Networks and the Chomsky Hierarchy (2022), arXiv:2207.02098, the task "parity
    check".

    Raises:
        ValueError: lengths not increasing from 1 on.
    """

    lengths: Sequence[int] = (2, 4, 8, 16, 24)
    name: str = "parity"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("lengths", self.lengths, 1)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Bits, '=', and the two answers."""
        return ("0", "1", "=", "even", "odd")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """One axis: length."""
        return (Axis("length", tuple(self.lengths)),)

    def expected_targets(self, tokens: Ints) -> Ints:
        """The targets that go with ``(B, n + 1)`` inputs, counted one by one: what the laws hold samples against."""
        targets = np.full_like(tokens, IGNORE)
        for row, text in enumerate(tokens.tolist()):
            targets[row, -1] = _EVEN + text[:-1].count(1) % 2
        return targets

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` strings: tokens and targets ``(B, n + 1)``."""
        bits = rng.integers(0, 2, (batch_size, int(difficulty["length"])))
        parity = bits.sum(axis=1, keepdims=True) % 2
        return answered(np.concatenate([bits, np.full_like(parity, _EQUALS)], axis=1), _EVEN + parity)

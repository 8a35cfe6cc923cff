"""Copying a sequence of symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from envs.batch import Batch
from envs.suite import Axis, Difficulty, Split, Value
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.memory.patterns import PATTERNS, UNSEEN, drawn_pattern
from envs.tasks.sequence import answered


@dataclass(frozen=True)
class Copy(ExactTask):
    """Give back n random symbols, in order, after a delimiter.

    Symbols are uniform over ``num_symbols``. Worked example, length 3, symbols b a d (``|`` is the delimiter)::

        tokens   b  a  d  |  b  a
        targets  .  .  .  b  a  d        ('.' is IGNORE)

    Evaluated and never taught: longer sequences, and patterns other than random (``envs.tasks.memory.patterns``).

    Attributes:
        lengths: the taught lengths n, easiest first.
        num_symbols: how many symbols there are.
        name: the task's name.

    Reference: A. Graves et al., Neural Turing Machines (2014), arXiv:1410.5401, section 4.1; M. Collier and J. Beel,
    An Empirical Comparison of Syllabuses for Curriculum Learning (2018), arXiv:1809.10789.

    Raises:
        ValueError: lengths not increasing from 1 on; fewer than 2 or more than 26 symbols.
    """

    lengths: Sequence[int] = (2, 4, 8, 12, 16)
    num_symbols: int = 8
    name: str = "copy"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("lengths", self.lengths, 1)
        if not 2 <= self.num_symbols <= 26:
            raise ValueError(f"num_symbols must be in [2, 26]; got {self.num_symbols}")

    @property
    def symbols(self) -> tuple[str, ...]:
        """Letters, then the delimiter."""
        return (*"abcdefghijklmnopqrstuvwxyz"[: self.num_symbols], "|")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Length; and the pattern, of which only the random one is taught."""
        return (Axis("length", tuple(self.lengths)), Axis("pattern", PATTERNS, ordered=False))

    @property
    def unseen(self) -> Mapping[str, Sequence[Value]]:
        """Patterns other than the random one."""
        return {"pattern": UNSEEN}

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sequences: tokens and targets ``(B, 2n)``."""
        shape = batch_size, int(difficulty["length"])
        symbols = drawn_pattern(rng, str(difficulty["pattern"]), shape, self.num_symbols)
        delimiter = np.full((batch_size, 1), self.num_symbols)
        return answered(np.concatenate([symbols, delimiter], axis=1), symbols)

"""Copying the symbols that are strewn among blanks."""

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
class SelectiveCopy(ExactTask):
    """Give back, in order, the n symbols that stand at random places among m blanks, after a delimiter.

    Every choice of n places out of n + m is equally likely; symbols are uniform over ``num_symbols``. Worked example,
    symbols 2, blanks 3, symbols b a (``_`` is a blank, ``|`` the delimiter)::

        tokens   _  b  _  _  a  |  b
        targets  .  .  .  .  .  b  a        ('.' is IGNORE)

    Evaluated and never taught: more symbols, more blanks, and patterns other than random
    (``envs.tasks.memory.patterns``).

    Attributes:
        counts: the taught numbers n of symbols to remember, easiest first: the axis ``symbols``.
        blanks: the taught numbers m of blanks, easiest first (0: plain copying).
        num_symbols: how many symbols there are.
        name: the task's name.

    Reference: A. Gu and T. Dao, Mamba (2023), arXiv:2312.00752, sections 3.1 and 4.1.1; L. Jing et al., Gated
    Orthogonal Recurrent Units (2019), arXiv:1706.02761 (the denoise task).

    Raises:
        ValueError: counts not increasing from 1 on; blanks not increasing from 0 on; fewer than 2 or more than 26
            symbols.
    """

    counts: Sequence[int] = (2, 4, 8)
    blanks: Sequence[int] = (2, 8, 16, 32)
    num_symbols: int = 8
    name: str = "selective_copy"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("counts", self.counts, 1)
        increasing("blanks", self.blanks, 0)
        if not 2 <= self.num_symbols <= 26:
            raise ValueError(f"num_symbols must be in [2, 26]; got {self.num_symbols}")

    @property
    def symbols(self) -> tuple[str, ...]:
        """Letters, the delimiter, the blank."""
        return (*"abcdefghijklmnopqrstuvwxyz"[: self.num_symbols], "|", "_")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Symbols to remember; blanks among them; and the pattern, of which only the random one is taught."""
        return (
            Axis("symbols", tuple(self.counts)),
            Axis("blanks", tuple(self.blanks)),
            Axis("pattern", PATTERNS, ordered=False),
        )

    @property
    def unseen(self) -> Mapping[str, Sequence[Value]]:
        """Patterns other than the random one."""
        return {"pattern": UNSEEN}

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sequences: tokens and targets ``(B, 2n + m)``."""
        count, blanks = int(difficulty["symbols"]), int(difficulty["blanks"])
        symbols = drawn_pattern(rng, str(difficulty["pattern"]), (batch_size, count), self.num_symbols)
        width = count + blanks
        filled = rng.permuted(np.broadcast_to(np.arange(width) < count, (batch_size, width)), axis=1)
        question = np.full((batch_size, width + 1), self.num_symbols + 1)
        question[:, :width][filled] = symbols.ravel()  # row by row, left to right: each row holds `count` places
        question[:, width] = self.num_symbols
        return answered(question, symbols)

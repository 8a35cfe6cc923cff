"""Copying a sequence of symbols a given number of times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from envs.batch import Batch
from envs.suite import Axis, Difficulty, Split, Value
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.memory.patterns import PATTERNS, UNSEEN, drawn_pattern
from envs.tasks.sequence import answered


@dataclass(frozen=True)
class RepeatCopy(ExactTask):
    """Give back n random symbols r times, then an end marker; r is told by a token after the symbols.

    Symbols are uniform over ``num_symbols``. Each number of repeats has a token of its own, those beyond the taught
    range included (a student meets these untrained). Worked example, length 2, repeats 3, symbols b a (``x3`` is
    "three times", ``$`` the end)::

        tokens   b  a  x3 b  a  b  a  b  a
        targets  .  .  b  a  b  a  b  a  $        ('.' is IGNORE)

    The curriculum of Graves et al. (2017) is ``RepeatCopy(range(1, 14), range(1, 14))``, 169 arms.

    Evaluated and never taught: longer sequences, more repeats, and patterns other than random
    (``envs.tasks.memory.patterns``).

    Attributes:
        lengths: the taught lengths n, easiest first.
        repeats: the taught numbers of repeats r, easiest first.
        num_symbols: how many symbols there are.
        name: the task's name.

    Reference: A. Graves et al., Neural Turing Machines (2014), arXiv:1410.5401, section 4.2; A. Graves et al.,
    Automated Curriculum Learning for Neural Networks (2017), arXiv:1704.03003, section 5.2.

    Raises:
        ValueError: lengths or repeats not increasing from 1 on; fewer than 2 or more than 26 symbols.
    """

    lengths: Sequence[int] = (1, 2, 4, 6)
    repeats: Sequence[int] = (1, 2, 4, 6)
    num_symbols: int = 8
    name: str = "repeat_copy"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("lengths", self.lengths, 1)
        increasing("repeats", self.repeats, 1)
        if not 2 <= self.num_symbols <= 26:
            raise ValueError(f"num_symbols must be in [2, 26]; got {self.num_symbols}")

    @cached_property
    def _counts(self) -> list[int]:
        """Every number of repeats that occurs, beyond the taught range too."""
        return sorted({*self.repeats, *(int(difficulty["repeats"]) for difficulty in self.beyond)})

    @property
    def symbols(self) -> tuple[str, ...]:
        """Letters, the end marker, then the numbers of repeats."""
        return (*"abcdefghijklmnopqrstuvwxyz"[: self.num_symbols], "$", *(f"x{count}" for count in self._counts))

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Length; repeats; and the pattern, of which only the random one is taught."""
        return (
            Axis("length", tuple(self.lengths)),
            Axis("repeats", tuple(self.repeats)),
            Axis("pattern", PATTERNS, ordered=False),
        )

    @property
    def unseen(self) -> Mapping[str, Sequence[Value]]:
        """Patterns other than the random one."""
        return {"pattern": UNSEEN}

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sequences: tokens and targets ``(B, n + n r + 1)``."""
        repeats = int(difficulty["repeats"])
        shape = batch_size, int(difficulty["length"])
        symbols = drawn_pattern(rng, str(difficulty["pattern"]), shape, self.num_symbols)
        end = np.full((batch_size, 1), self.num_symbols)
        count = end + 1 + self._counts.index(repeats)
        copies = np.tile(symbols, (1, repeats))
        return answered(np.concatenate([symbols, count], axis=1), np.concatenate([copies, end], axis=1))

"""Multi-digit multiplication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.batch import Batch
from envs.suite import Axis, Difficulty, Split
from envs.tasks.arithmetic.digits import carried, drawn_number
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.sequence import answered

_TIMES, _EQUALS = 10, 11


@dataclass(frozen=True)
class Multiplication(ExactTask):
    """The product of an n-digit and an m-digit number, with n + m digits (leading zeros are kept).

    Operands are uniform over the numbers of their length (of length 1: 0 to 9). Worked example, n = 2, m = 1,
    47 * 6 = 282, reversed answer (least significant digit first, so that a carry is known before it is needed)::

        tokens   4  7  *  6  =  2  8
        targets  .  .  .  .  2  8  2        ('.' is IGNORE)

    Attributes:
        first: the taught numbers of digits of the first operand, easiest first.
        second: those of the second operand.
        reversed_answer: least significant digit first; False: most significant first.
        name: the task's name.

    Reference: N. Lee et al., Teaching Arithmetic to Small Transformers (2023), arXiv:2307.03381 (reversed answers);
    N. Dziri et al., Faith and Fate (2023), arXiv:2305.18654 (the grid of operand lengths).

    Raises:
        ValueError: first or second not increasing from 1 on.
    """

    first: Sequence[int] = (1, 2, 3)
    second: Sequence[int] = (1, 2, 3)
    reversed_answer: bool = True
    name: str = "multiplication"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("first", self.first, 1)
        increasing("second", self.second, 1)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The digits, '*' and '='."""
        return tuple("0123456789*=")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Digits of the first operand x digits of the second."""
        return (Axis("first", tuple(self.first)), Axis("second", tuple(self.second)))

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` products: tokens and targets ``(B, 2n + 2m + 1)``."""
        n, m = int(difficulty["first"]), int(difficulty["second"])
        a, b = drawn_number(rng, batch_size, n), drawn_number(rng, batch_size, m)
        low_first = a[:, ::-1]
        sums = np.zeros((batch_size, n + m), dtype=np.int64)  # least significant place first
        for place in range(m):
            sums[:, place : place + n] += low_first * b[:, m - 1 - place, None]
        answer = carried(sums)
        sign = np.full((batch_size, 1), _TIMES)
        question = np.concatenate([a, sign, b, sign + (_EQUALS - _TIMES)], axis=1)
        return answered(question, answer if self.reversed_answer else answer[:, ::-1])

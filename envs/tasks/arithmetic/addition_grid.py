"""Addition of numbers of two different lengths: a two-dimensional curriculum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.batch import Batch
from envs.suite import Axis, Difficulty, Split
from envs.tasks.arithmetic.digits import carried, drawn_number
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.sequence import answered

_PLUS, _EQUALS = 10, 11


@dataclass(frozen=True)
class AdditionGrid(ExactTask):
    """The sum of an n-digit and an m-digit number, with max(n, m) + 1 digits (a leading zero where there is no carry).

    Operands are uniform over the numbers of their length (of length 1: 0 to 9). Worked example, n = 1, m = 2,
    7 + 85 = 092, reversed answer (least significant digit first)::

        tokens   7  +  8  5  =  2  9
        targets  .  .  .  .  2  9  0        ('.' is IGNORE)

    Attributes:
        first: the taught numbers of digits of the first operand, easiest first.
        second: those of the second operand.
        reversed_answer: least significant digit first; False: most significant first.
        name: the task's name.

    Reference: T. Matiisen et al., Teacher-Student Curriculum Learning (2017), arXiv:1707.00183, section 4.1: their
    9 x 9 tasks, here as next-token prediction. ``TSCLAddition`` has their own format.

    Raises:
        ValueError: first or second not increasing from 1 on.
    """

    first: Sequence[int] = (1, 2, 3, 4)
    second: Sequence[int] = (1, 2, 3, 4)
    reversed_answer: bool = True
    name: str = "addition_grid"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("first", self.first, 1)
        increasing("second", self.second, 1)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The digits, '+' and '='."""
        return tuple("0123456789+=")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Digits of the first operand x digits of the second."""
        return (Axis("first", tuple(self.first)), Axis("second", tuple(self.second)))

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sums: tokens and targets ``(B, n + m + max(n, m) + 2)``."""
        n, m = int(difficulty["first"]), int(difficulty["second"])
        a, b = drawn_number(rng, batch_size, n), drawn_number(rng, batch_size, m)
        sums = np.zeros((batch_size, max(n, m) + 1), dtype=np.int64)  # least significant place first
        sums[:, :n] += a[:, ::-1]
        sums[:, :m] += b[:, ::-1]
        answer = carried(sums)
        sign = np.full((batch_size, 1), _PLUS)
        question = np.concatenate([a, sign, b, sign + (_EQUALS - _PLUS)], axis=1)
        return answered(question, answer if self.reversed_answer else answer[:, ::-1])

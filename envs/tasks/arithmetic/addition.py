"""Multi-digit addition, written left to right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from envs.batch import IGNORE, Batch, Floats
from envs.suite import Axis, Difficulty, Split

_PLUS, _EQUALS = 10, 11


@dataclass(frozen=True)
class Addition:
    """The sum of two n-digit numbers, the answer with n + 1 digits (a leading zero where there is no carry).

    Operands are uniform over the n-digit numbers (n = 1: 0 to 9). Worked example, n = 2, 47 + 85 = 132, reversed answer
    (least significant digit first, so that a carry is known before it is needed)::

        tokens   4  7  +  8  5  =  2  3
        targets  .  .  .  .  .  2  3  1        ('.' is IGNORE)

    Vocabulary: digits 0-9, 10 is '+', 11 is '='.

    Attributes:
        digits: the taught numbers of digits, easiest first.
        reversed_answer: least significant digit first; False: most significant first.
        beyond: digits evaluated and never taught; None: the two after the longest taught.
        mastery: exact-match accuracy from which an arm counts as mastered.

    Reference: W. Zaremba and I. Sutskever, Learning to Execute (2014), arXiv:1410.4615, section 3; T. Matiisen et al.,
    Teacher-Student Curriculum Learning (2017), arXiv:1707.00183, section 4.1 (their right-padded encoder-decoder format
    differs).

    Raises:
        ValueError: digits empty, not increasing, or below 1; mastery outside (0, 1].
    """

    digits: Sequence[int] = (1, 2, 3, 4, 5)
    reversed_answer: bool = True
    beyond_digits: Sequence[int] | None = None
    mastery: float = 0.98
    name: str = "addition"

    def __post_init__(self) -> None:
        digits = tuple(self.digits)
        if not digits or digits[0] < 1 or any(b <= a for a, b in pairwise(digits)):
            raise ValueError(f"digits must be increasing whole numbers from 1 on; got {list(digits)}")
        if not 0 < self.mastery <= 1:
            raise ValueError(f"mastery must be in (0, 1]; got {self.mastery}")

    @property
    def vocab_size(self) -> int:
        """Ten digits, '+' and '='."""
        return 12

    @property
    def symbols(self) -> tuple[str, ...]:
        """The digits, '+' and '='."""
        return tuple("0123456789+=")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """One axis: digits."""
        return (Axis("digits", tuple(self.digits)),)

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """Numbers longer than any taught."""
        last = max(self.digits)
        longer = (last + 1, last + 2) if self.beyond_digits is None else self.beyond_digits
        return tuple({"digits": n} for n in longer)

    @property
    def version(self) -> str:
        """The format."""
        return f"addition-1 reversed_answer={self.reversed_answer}"

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sums: tokens and targets ``(B, 3n + 2)``."""
        n = int(difficulty["digits"])
        operands = rng.integers(0, 10, (2, batch_size, n))
        if n > 1:
            operands[:, :, 0] = rng.integers(1, 10, (2, batch_size))
        answer = np.empty((batch_size, n + 1), dtype=np.int64)  # (B, n + 1), most significant first
        carry = np.zeros(batch_size, dtype=np.int64)
        for place in range(n - 1, -1, -1):
            total = operands[0, :, place] + operands[1, :, place] + carry
            answer[:, place + 1] = total % 10
            carry = total // 10
        answer[:, 0] = carry
        if self.reversed_answer:
            answer = answer[:, ::-1]
        sign = np.full((batch_size, 1), _PLUS)
        text = np.concatenate([operands[0], sign, operands[1], sign + (_EQUALS - _PLUS), answer], axis=1)
        targets = text[:, 1:].copy()
        targets[:, : 2 * n + 1] = IGNORE
        return Batch(text[:, :-1].copy(), targets)

    def competence(self, loss: Floats, token_accuracy: Floats, sequence_accuracy: Floats) -> Floats:
        """Exact match: an answer is right or wrong."""
        return sequence_accuracy

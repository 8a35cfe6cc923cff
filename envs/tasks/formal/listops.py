"""Nested operations on lists of digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.batch import IGNORE, Batch, Ints
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.sequence import answered, spliced

_OPERATORS = ("[MIN", "[MAX", "[MED", "[SM")
_FIRST, _END = 10, 14


@dataclass(frozen=True)
class ListOps(ExactTask):
    """The value of a nested expression of MIN, MAX, MED (median, rounded down) and SM (sum modulo 10) over digits.

    The root operator has ``length`` arguments. Each is a spine: ``depth - 1`` operators, one inside the other, with
    ``arguments`` arguments each, of which one at a random place is the next operator and the others are digits; the
    innermost has digits only. Operators and digits are uniform and independent. This form is cheap to draw in bulk, and
    depth, arguments and length are exact. Worked example, depth 2, arguments 2, length 2::

        tokens   [MAX  [SM  7  5  ]  [MED  1  4  ]  ]
        targets  .     .    .  .  .  .     .  .  .  2        ('.' is IGNORE)

    (7 + 5) modulo 10 is 2; the median of 1 and 4, 2.5, becomes 2; the greater of both is 2. The root's closing bracket
    predicts the answer.

    Attributes:
        depths: the taught depths, the root included, easiest first. From 2 on: a flat list has no ``arguments``.
        arguments: the taught numbers of arguments of each operator but the root.
        lengths: the taught numbers of arguments of the root. From 2 on: of one argument every operator is the argument.
        name: the task's name.

    Reference: N. Nangia and S. Bowman, ListOps: A Diagnostic Dataset for Latent Tree Learning (2018), arXiv:1804.06028.
    Theirs are random trees with 2 to 5 arguments; those of Y. Tay et al., Long Range Arena (2020), arXiv:2011.04006,
    are the same at 500 to 2,000 tokens.

    Raises:
        ValueError: depths, arguments or lengths not increasing from 2 on.
    """

    depths: Sequence[int] = (2, 3, 4)
    arguments: Sequence[int] = (2, 3)
    lengths: Sequence[int] = (2, 3, 4)
    name: str = "listops"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("depths", self.depths, 2)
        increasing("arguments", self.arguments, 2)
        increasing("lengths", self.lengths, 2)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Digits, operators with their opening bracket, and the closing bracket."""
        return (*"0123456789", *_OPERATORS, "]")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Depth x arguments x length."""
        return (
            Axis("depth", tuple(self.depths)),
            Axis("arguments", tuple(self.arguments)),
            Axis("length", tuple(self.lengths)),
        )

    def expected_targets(self, tokens: Ints) -> Ints:
        """The targets that go with ``(B, T)`` inputs, by a stack: what the laws hold samples against."""
        targets = np.full_like(tokens, IGNORE)
        for row, text in enumerate(tokens.tolist()):
            stack: list[list[int]] = [[]]  # of each open expression its operator, then its values
            for token in text:
                if token == _END:
                    operator, *values = stack.pop()
                    ordered, n = sorted(values), len(values)
                    median = (ordered[(n - 1) // 2] + ordered[n // 2]) // 2
                    stack[-1].append((ordered[0], ordered[-1], median, sum(values) % 10)[operator - _FIRST])
                elif token >= _FIRST:
                    stack.append([token])
                else:
                    stack[-1].append(token)
            targets[row, -1] = stack[0][0]
        return targets

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` expressions: tokens and targets ``(B, length ((depth - 1)(arguments + 1) + 1) + 2)``."""
        depth, arguments = int(difficulty["depth"]), int(difficulty["arguments"])
        shape = batch_size, int(difficulty["length"])
        inner = rng.integers(0, 10, (*shape, 1))  # the expression so far, from the inside out
        value = inner[..., 0]  # (B, length)
        for _ in range(depth - 1):
            operator = rng.integers(0, len(_OPERATORS), shape)
            place = rng.integers(0, arguments, shape)
            outer = np.empty((*shape, arguments + 2), dtype=np.int64)
            digits = rng.integers(0, 10, (*shape, arguments))
            outer[..., 0], outer[..., 1:-1], outer[..., -1] = _FIRST + operator, digits, _END
            inner = spliced(outer, 1 + place, inner)
            value = _applied(operator, np.where(np.arange(arguments) == place[..., None], value[..., None], digits))
        root = rng.integers(0, len(_OPERATORS), (batch_size, 1))
        text = [_FIRST + root, inner.reshape(batch_size, -1), np.full_like(root, _END)]
        return answered(np.concatenate(text, axis=1), _applied(root, value[:, None]))


def _applied(operator: Ints, digits: Ints) -> Ints:
    """The value ``(...)`` of each operator ``(...)`` on its digits ``(..., n)``."""
    ordered = np.sort(digits, axis=-1)
    n = digits.shape[-1]
    median = (ordered[..., (n - 1) // 2] + ordered[..., n // 2]) // 2
    value: Ints = np.choose(operator, (ordered[..., 0], ordered[..., -1], median, digits.sum(axis=-1) % 10))
    return value

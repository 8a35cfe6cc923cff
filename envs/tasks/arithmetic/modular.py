"""Modular arithmetic with brackets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.batch import IGNORE, Batch, Ints
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.sequence import answered, spliced

_OPERATORS = "+-*"
_ADD, _SUBTRACT, _MULTIPLY = range(3)


@dataclass(frozen=True)
class ModularArithmetic(ExactTask):
    """The value modulo m of an expression of exactly ``length`` operands whose brackets nest exactly ``depth`` deep.

    Operands are uniform over 0 to m - 1, operators over ``operators``; '*' binds before '+' and '-'. The expression
    is a chain of ``length - depth`` terms. One of them, at a random place, is a nest of ``depth`` brackets: each holds
    one operator between an operand and the next bracket (the innermost between two operands), in random order. Worked
    example, modulus 5, length 4, depth 2: 3 - (2*(4+1)) = -7 = 3 modulo 5::

        tokens   3  -  (  2  *  (  4  +  1  )  )  =
        targets  .  .  .  .  .  .  .  .  .  .  .  3        ('.' is IGNORE)

    Attributes:
        lengths: the taught numbers of operands, easiest first.
        depths: the taught depths of brackets; 0 is a chain without any.
        modulus: m.
        operators: those that occur, out of ``+-*``.
        name: the task's name.

    Reference: G. Deletang et al., Neural Networks and the Chomsky Hierarchy (2022), arXiv:2207.02098, the tasks
    "modular arithmetic (brackets)" and, at depth 0, "modular arithmetic (simple)". With brackets theirs bracket every
    operation, so that length and depth go together, and have a unary minus; here both are exact and vary apart.

    Raises:
        ValueError: lengths not increasing from 2 on, or depths from 0 on; a depth without enough operands; modulus
            outside [2, 10]; operators other than distinct ones of ``+-*``.
    """

    lengths: Sequence[int] = (4, 6, 8, 10)
    depths: Sequence[int] = (0, 1, 2, 3)
    modulus: int = 5
    operators: str = _OPERATORS
    name: str = "modular_arithmetic"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("lengths", self.lengths, 2)
        increasing("depths", self.depths, 0)
        if not 2 <= self.modulus <= 10:
            raise ValueError(f"modulus must be in [2, 10], so that an operand is one digit; got {self.modulus}")
        distinct = set(self.operators)
        if not distinct or not distinct <= set(_OPERATORS) or len(distinct) < len(self.operators):
            raise ValueError(f"operators must be one or more of '{_OPERATORS}', each once; got {self.operators!r}")
        for d in ({"length": self.lengths[0], "depth": self.depths[-1]}, *self.beyond):
            if int(d["length"]) < int(d["depth"]) + 1:
                raise ValueError(
                    f"brackets {d['depth']} deep need at least {int(d['depth']) + 1} operands; got length {d['length']}"
                )

    @property
    def symbols(self) -> tuple[str, ...]:
        """Numbers, operators, brackets, '='."""
        return (*map(str, range(self.modulus)), *_OPERATORS, "(", ")", "=")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Number of operands x depth of brackets."""
        return (Axis("length", tuple(self.lengths)), Axis("depth", tuple(self.depths)))

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """Longer; deeper, with more operands where the depth needs them."""
        if self.out_of_range is not None:
            return super().beyond
        return tuple({**d, "length": max(int(d["length"]), int(d["depth"]) + 1)} for d in super().beyond)

    def expected_targets(self, tokens: Ints) -> Ints:
        """The targets that go with ``(B, T)`` inputs, by Python's arithmetic: what the laws hold samples against."""
        targets = np.full_like(tokens, IGNORE)
        for row, text in enumerate(tokens.tolist()):
            expression = "".join(self.symbols[token] for token in text[:-1])  # numbers, + - * and brackets alone
            targets[row, -1] = eval(expression) % self.modulus
        return targets

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` expressions: tokens and targets ``(B, 2 length + 2 depth)``."""
        length, depth = int(difficulty["length"]), int(difficulty["depth"])
        m, rows = self.modulus, np.arange(batch_size)
        terms = length - depth
        numbers = rng.integers(0, m, (batch_size, length))
        allowed = np.array([_OPERATORS.index(o) for o in self.operators])
        operators = allowed[rng.integers(0, len(allowed), (batch_size, length - 1))]
        comes_first = rng.random((depth, batch_size)) < 0.5
        place = rng.integers(0, terms, batch_size)

        value = numbers[rows, place]  # of the nest, from the inside out
        nest = value[:, None]
        outer = np.empty((batch_size, 5), dtype=np.int64)
        outer[:, 0], outer[:, 4] = m + 3, m + 4
        for level in range(depth):
            operand, operator, first = numbers[:, terms + level], operators[:, terms - 1 + level], comes_first[level]
            outer[:, 1] = outer[:, 3] = operand  # one of the two gives way to what is inside
            outer[:, 2] = m + operator
            nest = spliced(outer, np.where(first, 1, 3), nest)
            left, right = np.where(first, value, operand), np.where(first, operand, value)
            value = np.choose(operator, (left + right, left - right, left * right)) % m

        chain = np.empty((batch_size, 2 * terms - 1), dtype=np.int64)
        chain[:, ::2] = numbers[:, :terms]
        chain[:, 1::2] = m + operators[:, : terms - 1]
        text = spliced(chain, 2 * place, nest)
        values = numbers[:, :terms].copy()
        values[rows, place] = value
        answer = _chain_value(values, operators[:, : terms - 1], m)[:, None]
        return answered(np.concatenate([text, np.full_like(answer, m + 5)], axis=1), answer)


def _chain_value(values: Ints, operators: Ints, modulus: int) -> Ints:
    """Values ``(B,)`` of chains of ``values (B, n)`` with ``operators (B, n - 1)``, '*' before '+' and '-'."""
    goes_on = operators == _MULTIPLY
    sign = np.where(operators == _SUBTRACT, -1, 1)
    term, total = values[:, 0], np.zeros(len(values), dtype=np.int64)
    for i in range(operators.shape[1]):
        total += np.where(goes_on[:, i], 0, term)
        term = np.where(goes_on[:, i], term, sign[:, i]) * values[:, i + 1] % modulus
    return (total + term) % modulus

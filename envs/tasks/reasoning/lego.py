"""Chains of variables whose values follow from one another (LEGO)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.batch import IGNORE, Batch, Ints
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.sequence import answered

_LETTERS = 26
_PLUS, _MINUS, _EQUALS, _END, _QUERY, _ONE = range(_LETTERS, _LETTERS + 6)


@dataclass(frozen=True)
class Lego(ExactTask):
    """The value, +1 or -1, of the k-th variable of a chain whose clauses stand in random order.

    The first variable of a chain is plus or minus one, every other is plus or minus the one before; signs are fair
    coins, names are distinct letters. ``chain`` is k: the number of clauses that must be followed. Worked example,
    chain 2 of 3 clauses: a = +1, b = -a = -1, c = -b, asked for b::

        tokens   c = - b ; a = + 1 ; b = - a ; ? b
        targets  . . . . . . . . . . . . . . . . -        ('.' is IGNORE)

    The chain goes on behind the variable that is asked for: if it ended there, the parity of all minus signs would be
    the answer, and no clause need be followed. Evaluated and never taught: longer chains.

    Attributes:
        chains: the taught k, easiest first.
        clauses: clauses in every sequence, as many as k where k is more (1: the chain ends with the variable asked
            for); None: two more than k. With 5 and chains 1 to 5, the skills of Skill-It.
        every_value: ask for all k variables, first to last, instead of the k-th alone: in the worked example
            ``? a + b -``, where the loss is on the signs.
        name: the task's name.

    Reference: Y. Zhang et al., Unveiling Transformers with LEGO: a Synthetic Reasoning Task (2022), arXiv:2206.04301,
    section 2; M. Chen et al., Skill-it! (2023), arXiv:2307.14430.

    Raises:
        ValueError: chains not increasing from 1 on; clauses below 1; more clauses than letters.
    """

    chains: Sequence[int] = (1, 2, 3, 4, 5, 6)
    clauses: int | None = None
    every_value: bool = False
    name: str = "lego"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("chains", self.chains, 1)
        if self.clauses is not None and self.clauses < 1:
            raise ValueError(f"clauses must be at least 1, or None for two more than the chain; got {self.clauses}")
        most = max(
            self._num_clauses(int(difficulty["chain"])) for difficulty in ({"chain": self.chains[-1]}, *self.beyond)
        )
        if most > _LETTERS:
            raise ValueError(
                f"a variable is one of {_LETTERS} letters; the longest chain, beyond the taught range or by clauses, "
                f"has {most}: shorten chains or out_of_range, or lower clauses"
            )

    def _num_clauses(self, chain: int) -> int:
        return chain + 2 if self.clauses is None else max(self.clauses, chain)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Letters, signs, and what clauses and questions are written with."""
        return tuple("abcdefghijklmnopqrstuvwxyz+-=;?1")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """One axis: chain."""
        return (Axis("chain", tuple(self.chains)),)

    def exchangeable(self, difficulty: Difficulty) -> Ints:
        """The columns of the clauses, ``(n, 5)``: in another order they say the same."""
        return np.arange(5 * self._num_clauses(int(difficulty["chain"]))).reshape(-1, 5)

    def expected_targets(self, tokens: Ints) -> Ints:
        """The targets that go with ``(B, T)`` inputs, clause by clause: what the laws hold samples against."""
        targets = np.full_like(tokens, IGNORE)
        for row, text in enumerate(tokens.tolist()):
            end = text.index(_QUERY)
            clauses = {text[i]: (text[i + 2], text[i + 3]) for i in range(0, end, 5)}
            for place in range(end + 1, len(text)):
                if text[place] < _LETTERS:
                    minus, variable = 0, text[place]
                    while variable != _ONE:
                        sign, variable = clauses[variable]
                        minus += sign - _PLUS
                    targets[row, place] = _PLUS + minus % 2
        return targets

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` chains of n clauses: tokens and targets ``(B, 5n + 2)``, or ``(B, 5n + 2k)``."""
        chain = int(difficulty["chain"])
        num_clauses = self._num_clauses(chain)
        letters = np.broadcast_to(np.arange(_LETTERS), (batch_size, _LETTERS))
        variables = rng.permuted(letters, axis=1)[:, :num_clauses]
        minus = rng.integers(0, 2, (batch_size, num_clauses))
        clauses = np.empty((batch_size, num_clauses, 5), dtype=np.int64)
        clauses[:, :, 0] = variables
        clauses[:, :, 1] = _EQUALS
        clauses[:, :, 2] = _PLUS + minus
        clauses[:, 0, 3] = _ONE
        clauses[:, 1:, 3] = variables[:, :-1]
        clauses[:, :, 4] = _END
        order = rng.permuted(np.broadcast_to(np.arange(num_clauses), minus.shape), axis=1)
        shuffled = clauses[np.arange(batch_size)[:, None], order].reshape(batch_size, -1)
        values = _PLUS + minus.cumsum(axis=1) % 2  # a value is the parity of the signs up to it
        question = np.full((batch_size, 5 * num_clauses + 1), _QUERY)
        question[:, :-1] = shuffled
        asked = slice(0 if self.every_value else chain - 1, chain)
        return _asked(question, variables[:, asked], values[:, asked])


def _asked(text: Ints, variables: Ints, values: Ints) -> Batch:
    """Variables and their values one after the other behind ``text``; the values are scored."""
    dialogue = np.stack([variables, values], axis=2).reshape(len(text), -1)
    batch = answered(text, dialogue)
    batch.targets[:, text.shape[1] - 1 :: 2] = IGNORE  # the variables are asked for, not predicted
    return batch

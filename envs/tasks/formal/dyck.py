"""Brackets of several kinds, nested to a given depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from envs.batch import Batch, Floats, Ints
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.sequence import Ragged, answered_ragged, whole

_OPEN, _CLOSE = "([{<", ")]}>"


@dataclass(frozen=True)
class Dyck(ExactTask):
    """Complete a prefix of a Dyck-k word: close what is still open, innermost first, and then stop.

    The prefix has exactly ``length`` brackets, nests exactly ``depth`` deep at its deepest, and leaves at least one
    bracket open. Its shape is uniform over all such prefixes, the kinds of its brackets are uniform. Worked example,
    k = 2, depth 3, length 6 (``=`` ends the prefix, ``$`` the answer)::

        tokens   (  [  (  )  ]  [  =  ]  )
        targets  .  .  .  .  .  .  ]  )  $        ('.' is IGNORE)

    Attributes:
        depths: the taught depths, easiest first. From 2 on: at depth 1 nothing is nested.
        lengths: the taught lengths of the prefix.
        num_kinds: k, how many kinds of brackets there are. From 2 on: one kind needs a counter, no stack.
        name: the task's name.

    Reference: J. Hewitt et al., RNNs can generate bounded hierarchical languages with optimal memory (2020),
    arXiv:2010.07515 (Dyck-(k, m), m the bound on the depth).

    Raises:
        ValueError: depths not increasing from 2 on, or lengths from 2 on; a length below a depth; num_kinds outside
            [2, 4].
    """

    depths: Sequence[int] = (2, 3, 4, 6)
    lengths: Sequence[int] = (8, 16, 24, 32)
    num_kinds: int = 2
    name: str = "dyck"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("depths", self.depths, 2)
        increasing("lengths", self.lengths, 2)
        if not 2 <= self.num_kinds <= len(_OPEN):
            raise ValueError(f"num_kinds must be in [2, {len(_OPEN)}]; got {self.num_kinds}")
        for d in ({"depth": self.depths[-1], "length": self.lengths[0]}, *self.beyond):
            if int(d["length"]) < int(d["depth"]):
                raise ValueError(f"a prefix {d['depth']} deep needs at least that length; got length {d['length']}")

    @property
    def symbols(self) -> tuple[str, ...]:
        """Opening brackets, closing brackets, end of prefix, end of answer."""
        return (*_OPEN[: self.num_kinds], *_CLOSE[: self.num_kinds], "=", "$")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Depth x length."""
        return (Axis("depth", tuple(self.depths)), Axis("length", tuple(self.lengths)))

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """Deeper, with a longer prefix where the depth needs it; longer."""
        if self.out_of_range is not None:
            return super().beyond
        return tuple({**d, "length": max(int(d["length"]), int(d["depth"]))} for d in super().beyond)

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` prefixes: tokens and targets ``(B, T)``, T at most length + depth + 1."""
        depth, length, k = int(difficulty["depth"]), int(difficulty["length"]), self.num_kinds
        prefix = _drawn_shape(rng, batch_size, length, depth)
        # The prefix and then nothing but closing brackets: as many as are open belong to the answer.
        opens = np.concatenate([prefix, np.zeros((batch_size, depth), dtype=np.bool_)], axis=1)
        kinds = _matched(rng.integers(0, k, opens.shape), opens)
        text = np.where(opens, kinds, kinds + k)
        num_open = 2 * prefix.sum(axis=1) - length  # (B,)
        question = np.concatenate([text[:, :length], np.full((batch_size, 1), 2 * k)], axis=1)
        answer = np.concatenate([text[:, length:], np.zeros((batch_size, 1), dtype=np.int64)], axis=1)
        answer[np.arange(batch_size), num_open] = 2 * k + 1
        return answered_ragged(whole(question), Ragged(answer, num_open + 1))


def _matched(kinds: Ints, opens: NDArray[np.bool_]) -> Ints:
    """``kinds (B, n)`` with that of each closing bracket replaced by that of the bracket it closes."""
    height = np.where(opens, 1, -1).cumsum(axis=1)
    level = np.where(opens, height, height + 1)
    # At one level brackets open and close in turn, so in order of level each closing one stands right behind its own.
    order = level.argsort(axis=1, kind="stable")
    order += np.arange(0, order.size, order.shape[1])[:, None]  # places in the flat arrays
    ordered = kinds.take(order)
    ordered[:, 1:] = np.where(opens.take(order[:, 1:]), ordered[:, 1:], ordered[:, :-1])
    matched = np.empty_like(kinds)
    matched.reshape(-1)[order] = ordered
    return matched


def _drawn_shape(rng: np.random.Generator, batch_size: int, length: int, depth: int) -> NDArray[np.bool_]:
    """True where a bracket opens, ``(B, n)``: uniform over the prefixes of exactly that depth that are not closed."""
    odds, moves = _walk(length, depth)
    drawn = rng.random((length, batch_size))
    opens = np.empty((length, batch_size), dtype=np.bool_)
    state = np.zeros(batch_size, dtype=np.int64)
    for t in range(length):
        np.less(drawn[t], odds[t].take(state), out=opens[t])
        state = moves.take(state + opens[t])
    return opens.T


@cache
def _walk(length: int, depth: int) -> tuple[Floats, Ints]:
    """The walk of the height as a Markov chain over states (depth reached yet?, height) and a dead one, the last.

    Returns:
        ``odds (n, 2S)``, the probability that bracket t opens, and ``moves (2S,)``, the state that follows. States are
        counted in twos: the entries of s are 2s and 2s + 1, of which ``moves`` has closing at the first.
    """
    num_heights = depth + 1
    dead = 2 * num_heights
    moves = np.full((dead + 1, 2), dead)
    for reached in (0, 1):
        for height in range(num_heights):
            state = reached * num_heights + height
            if height > 0:
                moves[state, 0] = state - 1
            if height < depth:
                moves[state, 1] = max(reached, height + 1 == depth) * num_heights + height + 1
    ways = np.zeros(dead + 1)
    ways[num_heights + 1 : dead] = 1  # how many ways there are to a good end: depth reached, something open
    odds = np.zeros((length, dead + 1))
    for t in range(length - 1, -1, -1):
        closing, opening = ways[moves].T
        ways = closing + opening
        np.divide(opening, ways, out=odds[t], where=ways > 0)
        ways /= ways.max()  # only ratios count, and the numbers would overflow
    return odds.repeat(2, axis=1), 2 * moves.ravel()

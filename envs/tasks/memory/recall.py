"""Associative recall: which item came after this one?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.batch import Batch, Ints
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.sequence import answered


@dataclass(frozen=True)
class AssociativeRecall(ExactTask):
    """A list of n items, then one of them again: give back the item that followed it in the list.

    An item is ``item_length`` symbols. The items of a list are distinct (uniform over such lists), so the answer is
    unique; the query is any item but the last, each equally likely. Worked example, 3 items of 2 symbols, query b a
    (``;`` starts an item, ``?`` the query)::

        tokens   ;  a  c  ;  b  a  ;  d  d  ?  b  a  d
        targets  .  .  .  .  .  .  .  .  .  .  .  d  d        ('.' is IGNORE)

    Evaluated and never taught: longer lists.

    Attributes:
        items: the taught numbers n of items, easiest first.
        item_length: symbols per item.
        num_symbols: how many symbols there are.
        name: the task's name.

    Reference: A. Graves et al., Neural Turing Machines (2014), arXiv:1410.5401, section 4.3 (2 to 6 items of three
    binary vectors).

    Raises:
        ValueError: items not increasing from 2 on; item_length below 1; fewer than 2 or more than 26 symbols; too few
            distinct items for the longest list.
    """

    items: Sequence[int] = (2, 3, 4, 5, 6)
    item_length: int = 3
    num_symbols: int = 8
    name: str = "associative_recall"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("items", self.items, 2)
        if not 2 <= self.num_symbols <= 26:
            raise ValueError(f"num_symbols must be in [2, 26]; got {self.num_symbols}")
        if not 1 <= self.item_length <= 12:
            raise ValueError(f"item_length must be in [1, 12]; got {self.item_length}")
        longest = max([self.items[-1], *(int(difficulty["items"]) for difficulty in self.beyond)])
        if self.num_symbols**self.item_length < longest:
            raise ValueError(
                f"a list of {longest} distinct items needs as many; {self.num_symbols} symbols at item_length "
                f"{self.item_length} make {self.num_symbols**self.item_length}: raise num_symbols or item_length, or "
                "shorten items or out_of_range"
            )

    @property
    def symbols(self) -> tuple[str, ...]:
        """Letters, the mark before an item, the mark before the query."""
        return (*"abcdefghijklmnopqrstuvwxyz"[: self.num_symbols], ";", "?")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """One axis: items."""
        return (Axis("items", tuple(self.items)),)

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` lists: tokens and targets ``(B, (n + 1) (item_length + 1) + item_length - 1)``."""
        num_items = int(difficulty["items"])
        codes = drawn_distinct(rng, (batch_size, num_items), self.num_symbols**self.item_length)
        place = self.num_symbols ** np.arange(self.item_length)
        marked = np.full((batch_size, num_items + 1, self.item_length + 1), self.num_symbols)  # (B, n + 1, 1 + length)
        marked[:, :-1, 1:] = codes[:, :, None] // place % self.num_symbols
        row, asked = np.arange(batch_size), rng.integers(0, num_items - 1, batch_size)
        marked[:, -1] = marked[row, asked]
        marked[:, -1, 0] = self.num_symbols + 1
        return answered(marked.reshape(batch_size, -1), marked[row, asked + 1, 1:])


def drawn_distinct(rng: np.random.Generator, shape: tuple[int, int], among: int) -> Ints:
    """Distinct whole numbers in ``[0, among)`` per row, all such rows equally likely: int64 ``(B, n)``.

    Robert Floyd's sampling (J. Bentley, Programming Pearls, CACM 1987): its cost does not depend on ``among``. It makes
    every set equally likely, not every order, hence the shuffle.
    """
    _, count = shape
    drawn = rng.integers(0, np.arange(among - count, among) + 1, shape)
    for i in range(1, count):
        taken = (drawn[:, :i] == drawn[:, i, None]).any(axis=1)
        drawn[taken, i] = among - count + i
    return rng.permuted(drawn, axis=1)

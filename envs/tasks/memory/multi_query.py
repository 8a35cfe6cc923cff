"""Associative recall with many queries in one sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from envs.batch import IGNORE, Batch, Ints
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import ExactTask, increasing


@dataclass(frozen=True)
class MultiQueryRecall(ExactTask):
    """Key-value pairs; later each key comes again and its value must follow (MQAR).

    A vocabulary of v is v // 2 keys and as many values. Keys of a sequence are distinct; values are uniform and
    independent. The places behind the pairs are cut into slots of two tokens. Every key is repeated once, with its
    value, in a slot drawn without replacement with probability proportional to ``gap ** (power - 1)``, gap = 1, 2, ...
    slots from the end of the pairs (the paper's law: short gaps are common, long ones occur). Fillers take the other
    places: random values, so that a filler is never mistaken for a query. Worked example, length 10, pairs 2,
    vocabulary 8 (keys k, values v)::

        tokens   k3 v1 k0 v2 k0 v2 v0 v3 k3
        targets  .  .  .  .  v2 .  .  .  v1        ('.' is IGNORE)

    The loss is on the values of repeated keys. In the paper the value does not follow its key the second time, which
    makes no difference to what a student must know.

    Evaluated and never taught: longer sequences and more pairs, where they fit.

    Attributes:
        vocabularies: the taught vocabularies v, easiest first.
        lengths: the taught lengths of the whole sequence in tokens (the last one is a target only), easiest first.
        pairs: the taught numbers of key-value pairs, easiest first.
        power: 1: all gaps are equally likely; the smaller, the more mass on short gaps.
        random_filler: fillers are random values; False: one blank token.
        name: the task's name.

    Reference: S. Arora et al., Zoology: Measuring and Improving Recall in Efficient Language Models (2023),
    arXiv:2312.04927 (the task MQAR).

    Raises:
        ValueError: an axis not increasing; power outside (0, 1]; a combination that does not fit: it needs length >= 4
            pairs and vocabulary >= 2 pairs.
    """

    vocabularies: Sequence[int] = (16, 32, 64)
    lengths: Sequence[int] = (32, 64)
    pairs: Sequence[int] = (2, 4, 8)
    power: float = 0.01
    random_filler: bool = True
    name: str = "multi_query_recall"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("vocabularies", self.vocabularies, 4)
        increasing("lengths", self.lengths, 4)
        increasing("pairs", self.pairs, 1)
        if not 0 < self.power <= 1:
            raise ValueError(f"power must be in (0, 1]; got {self.power} (1: gaps are uniform)")
        taught = [dict(zip(("vocabulary", "length", "pairs"), values, strict=True)) for values in self._taught()]
        for difficulty in (*taught, *(self.out_of_range or ())):
            if not _fits(difficulty):
                raise ValueError(
                    "every combination needs length >= 4 pairs and vocabulary >= 2 pairs; got "
                    f"{dict(difficulty)}: raise the least length or vocabulary, or lower the most pairs"
                )

    def _taught(self) -> product[tuple[int, ...]]:
        return product(self.vocabularies, self.lengths, self.pairs)

    @cached_property
    def _num_keys(self) -> int:
        vocabularies = [*self.vocabularies, *(int(difficulty["vocabulary"]) for difficulty in self.beyond)]
        return max(vocabularies) // 2

    @property
    def symbols(self) -> tuple[str, ...]:
        """The blank, the keys, the values: smaller vocabularies are the first of each."""
        return ("_", *(f"{kind}{i}" for kind in "kv" for i in range(self._num_keys)))

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Vocabulary, length, pairs."""
        return (
            Axis("vocabulary", tuple(self.vocabularies)),
            Axis("length", tuple(self.lengths)),
            Axis("pairs", tuple(self.pairs)),
        )

    @property
    def growing(self) -> tuple[str, ...]:
        """Length and pairs: symbols out of the taught vocabulary could not have been learnt."""
        return ("length", "pairs")

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """Longer sequences, more pairs; by default only those that fit."""
        return tuple(difficulty for difficulty in super().beyond if _fits(difficulty))

    def exchangeable(self, difficulty: Difficulty) -> Ints:
        """The columns of the key-value pairs, ``(pairs, 2)``: in another order they say the same."""
        return np.arange(2 * int(difficulty["pairs"])).reshape(-1, 2)

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sequences: tokens and targets ``(B, length - 1)``."""
        pairs, length, num_values = (int(difficulty[axis]) for axis in ("pairs", "length", "vocabulary"))
        num_values //= 2
        first_value = 1 + self._num_keys
        keys = rng.permuted(np.broadcast_to(np.arange(num_values), (batch_size, num_values)), axis=1)[:, :pairs] + 1
        values = rng.integers(first_value, first_value + num_values, (batch_size, pairs))
        if self.random_filler:
            text = rng.integers(first_value, first_value + num_values, (batch_size, length))
        else:
            text = np.zeros((batch_size, length), dtype=np.int64)
        text[:, 0 : 2 * pairs : 2] = keys
        text[:, 1 : 2 * pairs : 2] = values
        num_slots = length // 2 - pairs
        # The order of arrival of exponential clocks is drawing without replacement in proportion to their rates.
        arrival = rng.standard_exponential((batch_size, num_slots)) * np.arange(1.0, num_slots + 1) ** (1 - self.power)
        place = 2 * pairs + 2 * arrival.argsort(axis=1)[:, :pairs]  # (B, pairs) where each key is repeated
        row = np.arange(batch_size)[:, None]
        text[row, place] = keys
        text[row, place + 1] = values
        targets = np.full((batch_size, length - 1), IGNORE)
        targets[row, place] = values
        return Batch(text[:, :-1].copy(), targets)


def _fits(difficulty: Difficulty) -> bool:
    vocabulary, length, pairs = (int(difficulty[axis]) for axis in ("vocabulary", "length", "pairs"))
    return length >= 4 * pairs and vocabulary >= 2 * pairs

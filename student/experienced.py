"""A student with a past: it has trained on some arms before its lifetime begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from envs import Batch, Scores, Split, Student, Suite, stack

_STREAM = 108  # apart from data and other streams
_PAST = 2**31  # number of the first batch of the past: no lifetime comes so far


class Experienced:
    """Any student that has already taken some steps when it is reset: what a pre-trained model is to a teacher.

    The past is nobody's choice: arms drawn uniformly from ``arms``, batches of the learner's own seed that no lifetime
    sees. It costs nothing in a lifetime and is not in its trace; a teacher meets a student that knows something, and is
    not told what. Learner k's past derives from its seed alone, so paired lifetimes have the same. A learning rate that
    follows a schedule has used up a share of it by then: with one that is not constant this is a student part-way
    through its training.

    Args:
        inner: the student.
        suite: where the batches come from.
        arms: indices of the arms of the past.
        updates: optimiser steps in the past.
        batch_size: sequences in a step.

    Raises:
        ValueError: no arms, arms that the suite does not teach, or a count below 1.
    """

    def __init__(self, inner: Student, suite: Suite, arms: Sequence[int], updates: int, batch_size: int = 128):
        if not arms or not all(0 <= arm < suite.num_arms for arm in arms):
            raise ValueError(f"arms of the past must be some of 0 to {suite.num_arms - 1}; got {tuple(arms)}")
        if updates < 1 or batch_size < 1:
            raise ValueError(f"updates and batch_size must be at least 1; got {updates} and {batch_size}")
        self.inner, self.suite, self.arms, self.updates, self.batch_size = inner, suite, arms, updates, batch_size
        self._begun: tuple[tuple[int, ...], dict[str, Any]] | None = None  # a reset with the same seeds costs nothing

    def __getattr__(self, name: str) -> Any:
        """What else the inner student offers."""
        if name.startswith("_") or name == "inner":
            raise AttributeError(name)
        return getattr(self.inner, name)

    @property
    def num_learners(self) -> int:
        """K."""
        return self.inner.num_learners

    def reset(self, seeds: Sequence[int]) -> None:
        """Starts K new lifetimes, each behind its own past."""
        self.inner.reset(seeds)
        if self._begun is not None and self._begun[0] == tuple(seeds):
            self.inner.load_state_dict(self._begun[1])
            return
        drawn = [np.random.default_rng([seed, _STREAM]).choice(self.arms, self.updates) for seed in seeds]
        for i in range(self.updates):
            self.inner.train(
                stack(
                    [
                        self.suite.batch(int(arms[i]), _PAST + i, seed, Split.TRAIN, self.batch_size)
                        for arms, seed in zip(drawn, seeds, strict=True)
                    ]
                )
            )
        self._begun = tuple(seeds), self.inner.state_dict()

    def train(self, batch: Batch) -> Scores:
        """The inner student's, on ``(K, B, T)``."""
        return self.inner.train(batch)

    def evaluate(self, batch: Batch) -> Scores:
        """The inner student's, on ``(K, B, T)``."""
        return self.inner.evaluate(batch)

    def state_dict(self) -> dict[str, Any]:
        """The inner student's: what was learned in the past is in its weights."""
        return self.inner.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken."""
        self.inner.load_state_dict(state)

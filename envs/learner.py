"""What the environment needs of a student: the protocol, and the error when its training diverges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from envs.batch import Batch, Scores


class Student(Protocol):
    """K learners that train side by side. ``envs.checks.check_student`` proves an implementation right.

    Learner k never depends on the others: K learners reset with seeds s_0 .. s_{K-1} equal K students of one learner.
    """

    @property
    def num_learners(self) -> int:
        """K."""

    def reset(self, seeds: Sequence[int]) -> None:
        """Starts K new lifetimes; learner k's weights and randomness derive from ``seeds[k]`` alone."""

    def train(self, batch: Batch) -> Scores:
        """One optimiser step on a ``(K, B, T)`` batch; returns the scores *before* the step and the gradient norm."""

    def evaluate(self, batch: Batch) -> Scores:
        """Scores of a ``(K, B, T)`` batch, without any side effect: not on weights, nor modes, nor random streams."""

    def state_dict(self) -> dict[str, Any]:
        """All that the future depends on, as nested dicts and lists of arrays, tensors and plain values; a copy."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken; also on a student that was never reset."""


class DivergedError(FloatingPointError):
    """A student's loss is no longer finite. Its state is spoilt; an earlier checkpoint is not."""

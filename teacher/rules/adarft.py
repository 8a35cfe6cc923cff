"""AdaRFT: a target difficulty that follows the student's success."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, refuse_outside
from teacher.loop import ArmsView, Floats
from teacher.order import level_numbers


@dataclass
class AdaRFT(ArrayTeacher):
    """Adaptive curriculum: the difficulty T rises when the student succeeds more often than beta, and falls otherwise.

    With R the mean competence of the decision's sequences, difficulties as levels scaled to [0, 1]::

        T <- clip(T + eta tanh(alpha (R - beta)), 0, 1)

    The two levels next to T share the mixture in proportion to their nearness (the authors take the problems closest to
    T; with few levels that would be one).

    Attributes:
        eta: largest step of T per decision; the authors' 50 of 100.
        alpha: sensitivity; the authors' 2.
        beta: success that keeps T where it is; the authors' 0.5.

    Raises:
        ValueError: a value out of range.

    Reference: T. Shi et al. (2025), arXiv:2504.05520, algorithm 1.
    """

    eta: float = 0.05
    alpha: float = 2.0
    beta: float = 0.5
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        refuse_outside("eta", self.eta, 0, 1, "0 never moves")
        refuse_outside("alpha", self.alpha, 0, float("inf"), "0 never moves")
        if not 0 < self.beta < 1:
            raise ValueError(f"beta must be in (0, 1); got {self.beta}")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        self._levels = level_numbers(arms)
        self._sizes = np.bincount(self._levels)
        return {"target": np.zeros(num_envs)}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        place = state["target"][:, None] * (len(self._sizes) - 1)  # (K, 1), in levels
        nearness = np.maximum(0.0, 1.0 - np.abs(place - np.arange(len(self._sizes))))  # (K, L), rows sum to one
        return np.ascontiguousarray((nearness / self._sizes)[:, self._levels])

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        count = seen.feedback.count
        total = (np.where(seen.observed, seen.feedback.competence, 0.0) * count).sum(axis=1)
        sequences = count.sum(axis=1)
        step = self.eta * np.tanh(self.alpha * (total / np.maximum(sequences, 1) - self.beta))
        state["target"] = np.clip(state["target"] + np.where(sequences > 0, step, 0.0), 0.0, 1.0)

    def _shown(self, state: State) -> dict[str, Floats]:
        return {"target_difficulty": state["target"].copy()}

"""Schedules by the clock: how much of the range is open is a function of the decision alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State
from teacher.loop import ArmsView, Floats
from teacher.mixtures import proportional
from teacher.order import level_numbers


def _refuse(decisions: int, root: float) -> None:
    if decisions < 1 or not 0 < root < float("inf"):
        raise ValueError(f"decisions must be at least 1 and root above 0; got decisions={decisions}, root={root}")


@dataclass
class Pacing(ArrayTeacher):
    """Uniform over the arms whose difficulty is at most the competence that the clock allows.

    With difficulty the share of arms that are at most as hard, T = ``decisions`` and c0 = ``start``::

        c(t) = min(1, (t (1 - c0^root) / T + c0^root)^(1 / root))

    root 1 is linear pacing, 2 Platanios' competence (square root), more: a steeper start. The easiest level is open
    from the first decision on.

    Attributes:
        decisions: T, when all is open; about half of what uniform sampling needs is a fair start.
        root: of the pace.
        start: c0.

    Raises:
        ValueError: a value out of range.

    Reference: E. Platanios et al. (2019), arXiv:1903.09848, eqs. 6-8.
    """

    decisions: int = 200
    root: float = 2.0
    start: float = 0.01
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        _refuse(self.decisions, self.root)
        if not 0 < self.start <= 1:
            raise ValueError(f"start must be in (0, 1]; got {self.start}")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        levels = level_numbers(arms)
        self._difficulty = (np.bincount(levels).cumsum() / arms.num_arms)[levels]  # (A,)
        return {}

    def competence(self, decision: int) -> float:
        """c(t)."""
        first = self.start**self.root
        return float(min(1.0, (decision * (1.0 - first) / self.decisions + first) ** (1.0 / self.root)))

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        open_until = max(self.competence(state["updates"]) + 1e-9, float(self._difficulty.min()))
        weights = (self._difficulty <= open_until).astype(np.float64)
        return np.tile(proportional(weights[None]), (self._shape[0], 1))

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        """Nothing: only the clock counts."""

    def _shown(self, state: State) -> dict[str, Floats]:
        return {"pace": np.full(self._shape[0], self.competence(state["updates"]))}


@dataclass
class SequenceLengthWarmup(ArrayTeacher):
    """One level at a time by the clock, then the hardest: for levels that are lengths.

    With levels 0 to L - 1 and T = ``decisions``::

        d(t) = floor(min(1, t / T)^(1 / root) (L - 1))

    As in its source, where every sequence is cut to d(t), nothing easier or harder than d(t) is taught.

    Attributes:
        decisions: T, when the hardest level is reached.
        root: of the pace; 1 is linear.

    Raises:
        ValueError: a value out of range.

    Reference: C. Li, M. Zhang and Y. He (2022), arXiv:2108.06084, section 4.
    """

    decisions: int = 200
    root: float = 1.0
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        _refuse(self.decisions, self.root)

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        self._levels = level_numbers(arms)
        return {}

    def _level(self, decision: int) -> int:
        share = min(1.0, decision / self.decisions) ** (1.0 / self.root)
        return int(np.floor(share * int(self._levels.max()) + 1e-9))

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        weights = (self._levels == self._level(state["updates"])).astype(np.float64)
        return np.tile(proportional(weights[None]), (self._shape[0], 1))

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        """Nothing: only the clock counts."""

    def _shown(self, state: State) -> dict[str, Floats]:
        return {"stage": np.full(self._shape[0], float(self._level(state["updates"])))}

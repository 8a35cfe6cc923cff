"""Schedules that go on to the next level once the newest one is mastered.

A level is the rank of an arm's difficulty; arms of one level share its part. A stage i has reached the i easiest
levels; once all are passed, all levels alike. Competence is that of the training batches: free. A level whose arms
count as mastered at less than others do (``ArmsView.thresholds``) is passed at less, in proportion to the most that is
asked of any arm. Where that most is itself below 1, a gate of 0.99 asks more of every level than its mastery.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, refuse_outside
from teacher.loop import ArmsView, Floats
from teacher.mastery import ease
from teacher.order import level_numbers

Ints = NDArray[np.int64]


class Levels:
    """The levels of A arms, and mixtures over stages of them."""

    def __init__(self, arms: ArmsView):
        self.of_arm = level_numbers(arms)  # (A,)
        self.sizes = np.bincount(self.of_arm)  # (L,)

    def mixture(self, stage: Ints, newest: float, full: float = 0.0) -> Floats:
        """``newest`` on the newest level, ``full`` over all levels, the rest over those reached: ``(K, A)``."""
        num_levels = len(self.sizes)
        reached = np.minimum(stage + 1, num_levels)[:, None]  # (K, 1)
        level = np.arange(num_levels)  # (L,)
        going = stage[:, None] < num_levels
        top = np.where(going, newest, 0.0)
        everywhere = np.where(going, full, 0.0)
        share = np.where(level < reached, (1.0 - top - everywhere) / reached, 0.0)  # (K, L)
        share = share + np.where(level == stage[:, None], top, 0.0) + everywhere / num_levels
        # Contiguous, so that one row rounds as one of many.
        return np.ascontiguousarray((share / self.sizes)[:, self.of_arm])

    def newest(self, stage: Ints) -> NDArray[np.bool_]:
        """The arms of the newest level: ``(K, A)``."""
        found: NDArray[np.bool_] = self.of_arm == stage[:, None]
        return found


@dataclass
class _Gated(ArrayTeacher):
    """A schedule of stages; subclasses say how a stage is shared out."""

    threshold: float = 0.99
    min_sequences: int = 512
    feedback: ClassVar[Literal["any"]] = "any"

    @abstractmethod
    def _shares(self) -> tuple[float, float]:
        """What goes to the newest level on top of its even share, and what over all levels."""

    def _check(self) -> None:
        if not 0 < self.threshold <= 1 or self.min_sequences < 1:
            raise ValueError(
                "threshold must be in (0, 1] and min_sequences at least 1; "
                f"got threshold={self.threshold}, min_sequences={self.min_sequences}"
            )

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        self._levels = Levels(arms)
        self._wanted = self.threshold * (np.bincount(self._levels.of_arm, ease(arms)) / self._levels.sizes)  # (L,)
        zeros = np.zeros(num_envs)
        return {"stage": np.zeros(num_envs, dtype=np.int64), "total": zeros, "count": zeros.copy()}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return self._levels.mixture(state["stage"], *self._shares())

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        # Once at least min_sequences of the newest level are in: passed if their mean reaches what is wanted of it.
        counts = np.where(self._levels.newest(state["stage"]), seen.feedback.count, 0)
        state["total"] += (np.where(counts > 0, seen.feedback.competence, 0.0) * counts).sum(axis=1)
        state["count"] += counts.sum(axis=1)
        judged = state["count"] >= self.min_sequences
        wanted = self._wanted[np.minimum(state["stage"], len(self._wanted) - 1)]  # (K,)
        state["stage"] = state["stage"] + (judged & (state["total"] >= wanted * state["count"]))
        state["total"] = np.where(judged, 0.0, state["total"])
        state["count"] = np.where(judged, 0.0, state["count"])

    def _shown(self, state: State) -> dict[str, Floats]:
        return {"stage": state["stage"].astype(np.float64)}


@dataclass
class Naive(_Gated):
    """Stage i: the i-th level alone, until it is mastered.

    Attributes:
        threshold: mean competence on the newest level at which the next stage begins.
        min_sequences: training sequences of the newest level that are judged together.

    Reference: W. Zaremba and I. Sutskever (2014), arXiv:1410.4615, section 4.1.
    """

    def _shares(self) -> tuple[float, float]:
        return 1.0, 0.0


@dataclass
class Mixed(_Gated):
    """Stage i: the i easiest levels with equal shares; mastery-gated.

    Attributes:
        threshold: mean competence on the newest level at which the next stage begins.
        min_sequences: training sequences of the newest level that are judged together.

    Reference: W. Zaremba and I. Sutskever (2014), arXiv:1410.4615, section 4.2; constants of T. Matiisen et al. (2017),
    arXiv:1707.00183 (their code judges the accuracy on the stage's whole mixture, here it is the newest level's).
    """

    def _shares(self) -> tuple[float, float]:
        return 0.0, 0.0


@dataclass
class Combined(_Gated):
    """Stage i: 1/2 + 1/(2 i) on the newest level, 1/(2 i) on each easier one; mastery-gated as ``Mixed``.

    The mean of ``Naive`` and ``Mixed``; uniform over the levels once all are passed.

    Attributes:
        threshold: mean competence on the newest level at which the next stage begins.
        min_sequences: training sequences of the newest level that are judged together.

    Reference: as ``Mixed``.
    """

    def _shares(self) -> tuple[float, float]:
        return 0.5, 0.0


@dataclass
class LookBackForward(_Gated):
    """Stage i: ``current`` on the newest level, the rest over the whole range, easier and harder; mastery-gated.

    With the constants of Learning to Execute's combined strategy in its authors' code (80 % and 20 %, advance at 95 %).

    Attributes:
        threshold: mean competence on the newest level at which the next stage begins.
        min_sequences: training sequences of the newest level that are judged together.
        current: share of the newest level.

    Reference: M. Collier and J. Beel (2018), arXiv:1807.08518 (look back and forward); W. Zaremba and I. Sutskever
    (2014), arXiv:1410.4615, section 4.3.
    """

    threshold: float = 0.95
    current: float = 0.8

    def _check(self) -> None:
        super()._check()
        refuse_outside("current", self.current, 0, 1, "0 is uniform")

    def _shares(self) -> tuple[float, float]:
        return self.current, 1.0 - self.current

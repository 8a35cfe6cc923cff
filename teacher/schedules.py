"""Hand schedules: uniform, target only, and the mastery-gated schedules of teacher-student curriculum learning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.loop import ArmsView, Feedback, Floats, refuse_before_reset


@dataclass
class Uniform:
    """Every arm with the same weight, always: the baseline that most curricula fail to beat."""

    feedback: ClassVar[Literal["any"]] = "any"

    def __post_init__(self) -> None:
        self._mixture: Floats | None = None  # (K, A)

    def _weights(self, arms: ArmsView) -> Floats:
        return np.ones(arms.num_arms)

    def reset(self, arms: ArmsView, num_envs: int, seed: int) -> None:
        """Starts K lifetimes."""
        if not arms.num_arms:
            raise ValueError("a teacher needs at least one arm; got none")
        weights = self._weights(arms)
        self._mixture = np.tile(weights / weights.sum(), (num_envs, 1))

    def act(self, obs: NDArray[np.float32]) -> Floats:
        """The fixed mixture ``(K, A)``."""
        refuse_before_reset("act", self._mixture)
        assert self._mixture is not None
        return self._mixture.copy()

    def update(self, obs: NDArray[np.float32], mixture: Floats, feedback: Feedback) -> None:
        """Learns nothing."""
        refuse_before_reset("update", self._mixture)
        assert self._mixture is not None
        feedback.checked(self._mixture.shape)

    def diagnostics(self) -> dict[str, Floats]:
        """None."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Empty: nothing changes."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to restore."""


@dataclass
class TargetOnly(Uniform):
    """Only the hardest of the target arms (those of the highest level), with equal weights: no curriculum at all."""

    def _weights(self, arms: ArmsView) -> Floats:
        hardest: NDArray[np.bool_] = arms.targets & (arms.levels == arms.levels[arms.targets].max())
        return hardest.astype(np.float64)


class _Gate:
    """Which stage each row has reached, by the accuracy on the newest level (free training scores)."""

    def __init__(self, threshold: float, min_sequences: int):
        if not 0 < threshold <= 1 or min_sequences < 1:
            raise ValueError(
                "threshold must be in (0, 1] and min_sequences at least 1; "
                f"got threshold={threshold}, min_sequences={min_sequences}"
            )
        self.threshold, self.min_sequences = threshold, min_sequences
        self.levels: NDArray[np.int64] | None = None  # (A,)
        self.stage: NDArray[np.int64] | None = None  # (K,), 0: the easiest level; number of levels: all passed

    def reset(self, arms: ArmsView, num_envs: int) -> None:
        if not arms.num_arms:
            raise ValueError("a teacher needs at least one arm; got none")
        self.levels = np.unique(arms.levels, return_inverse=True)[1].reshape(-1)
        self.stage = np.zeros(num_envs, dtype=np.int64)
        self._total = np.zeros(num_envs)  # (K,) summed competence of the newest level's sequences
        self._count = np.zeros(num_envs, dtype=np.int64)  # (K,) how many these are

    def mixture(self, newest_share: float) -> Floats:
        """Of the levels reached, each the same share of 1 - newest_share, the newest newest_share on top."""
        refuse_before_reset("act", self.stage)
        assert self.stage is not None and self.levels is not None
        num_levels = int(self.levels.max()) + 1
        stage = self.stage[:, None]  # (K, 1)
        level = np.arange(num_levels)  # (L,)
        reached = np.minimum(stage + 1, num_levels)
        top = np.where(stage < num_levels, newest_share, 0.0)  # all passed: uniform over levels
        share = np.where(level < reached, (1.0 - top) / reached, 0.0) + np.where(level == stage, top, 0.0)  # (K, L)
        # Arms share their level's part. Contiguous, so that one row rounds as one of many.
        return np.ascontiguousarray((share / np.bincount(self.levels))[:, self.levels])

    def update(self, feedback: Feedback) -> None:
        refuse_before_reset("update", self.stage)
        assert self.stage is not None and self.levels is not None
        feedback.checked((len(self.stage), len(self.levels)))
        newest = self.levels == self.stage[:, None]  # (K, A)
        seen = np.where(newest, feedback.count, 0)
        self._total += np.where(seen > 0, feedback.competence * seen, 0.0).sum(axis=1)
        self._count += seen.sum(axis=1)
        judged = self._count >= self.min_sequences
        passed = judged & (self._total >= self.threshold * self._count)
        self.stage = self.stage + passed
        self._total = np.where(judged, 0.0, self._total)
        self._count = np.where(judged, 0, self._count)

    def state_dict(self) -> dict[str, Any]:
        refuse_before_reset("state_dict", self.stage)
        assert self.stage is not None
        return {"stage": self.stage.copy(), "total": self._total.copy(), "count": self._count.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.stage = state["stage"].copy()
        self._total, self._count = state["total"].copy(), state["count"].copy()


@dataclass
class Mixed:
    """Stage i: the i easiest levels with equal shares; mastery-gated.

    The next stage begins when the mean competence over at least ``min_sequences`` training sequences of the newest
    level reaches ``threshold``. Arms of one level share its part.

    Attributes:
        threshold: competence on the newest level at which the next stage begins.
        min_sequences: training sequences of the newest level that are judged together.

    Reference: W. Zaremba and I. Sutskever (2014), arXiv:1410.4615, section 4.2; constants of T. Matiisen et al. (2017),
    arXiv:1707.00183 (their code judges the accuracy on the stage's whole mixture, here it is the newest level's).
    """

    threshold: float = 0.99
    min_sequences: int = 512
    feedback: ClassVar[Literal["any"]] = "any"
    _newest_share: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        self._gate = _Gate(self.threshold, self.min_sequences)

    def reset(self, arms: ArmsView, num_envs: int, seed: int) -> None:
        """Starts K lifetimes at the easiest level."""
        self._gate.reset(arms, num_envs)

    def act(self, obs: NDArray[np.float32]) -> Floats:
        """The mixture of each row's stage ``(K, A)``."""
        return self._gate.mixture(self._newest_share)

    def update(self, obs: NDArray[np.float32], mixture: Floats, feedback: Feedback) -> None:
        """Judges the newest level."""
        self._gate.update(feedback)

    def diagnostics(self) -> dict[str, Floats]:
        """``stage`` (K,), from 0."""
        assert self._gate.stage is not None
        return {"stage": self._gate.stage.astype(np.float64)}

    def state_dict(self) -> dict[str, Any]:
        """Stage and running judgement."""
        return self._gate.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken."""
        self._gate.load_state_dict(state)


@dataclass
class Combined(Mixed):
    """Stage i: 1/2 + 1/(2 i) on the newest level, 1/(2 i) on each easier one; mastery-gated as ``Mixed``.

    The mean of the naive schedule (newest level only) and ``Mixed``; uniform over the levels once all are passed.

    Reference: as ``Mixed``.
    """

    _newest_share: ClassVar[float] = 0.5

"""Schedules that never change: uniform, stratified, target only, and any static mixture."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State
from teacher.loop import ArmsView, Floats


class _Fixed(ArrayTeacher):
    """The same mixture in every decision; subclasses say which."""

    feedback: ClassVar[Literal["any"]] = "any"

    @abstractmethod
    def _weights(self, arms: ArmsView) -> Floats:
        """Weights of the arms ``(A,)``."""

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        weights = self._weights(arms)
        return {"mixture": np.tile(weights / weights.sum(), (num_envs, 1))}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return np.array(state["mixture"])

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        """Nothing."""


@dataclass
class Uniform(_Fixed):
    """Every arm with the same weight, always: the baseline that most curricula fail to beat."""

    def _weights(self, arms: ArmsView) -> Floats:
        return np.ones(arms.num_arms)


@dataclass
class Stratified(_Fixed):
    """Every task alike, within it every level alike, within that every arm alike: no task wins by its number of arms.

    The same as uniform where all strata are of one size.
    """

    def _weights(self, arms: ArmsView) -> Floats:
        _, task = np.unique(arms.tasks, return_inverse=True)
        _, stratum = np.unique(np.column_stack([arms.tasks, arms.levels]), axis=0, return_inverse=True)
        stratum = stratum.reshape(-1)
        strata_of_task = np.bincount(task[np.unique(stratum, return_index=True)[1]])
        weights: Floats = 1.0 / (strata_of_task[task] * np.bincount(stratum)[stratum])
        return weights


@dataclass
class TargetOnly(_Fixed):
    """Only the hardest of the target arms (those of the highest level), with equal weights: no curriculum at all."""

    def _weights(self, arms: ArmsView) -> Floats:
        hardest: NDArray[np.bool_] = arms.targets & (arms.levels == arms.levels[arms.targets].max())
        return hardest.astype(np.float64)


@dataclass
class StaticMixture(_Fixed):
    """A mixture of your own, always the same: the control of "is it the mixture, or the order?".

    Attributes:
        weights: one per arm, in the order of ``suite.arms.names``, not negative; none: by ``tilt``.
        tilt: without weights, arms are weighted ``exp(tilt * level / hardest level)``: 0 uniform, more of what is hard
            above it, of what is easy below; at 1 the hardest arm has e times the weight of the easiest.

    Raises:
        ValueError: negative, not finite or all zero weights; a tilt that is not finite, or beside weights; at reset,
            another number of arms.
    """

    weights: tuple[float, ...] = ()
    tilt: float = 0.0

    def _check(self) -> None:
        given = np.array(self.weights, dtype=np.float64)
        if len(given) and not (np.isfinite(given).all() and (given >= 0).all() and given.sum() > 0):
            raise ValueError(f"weights must be finite, not negative and not all zero; got {self.weights}")
        if not np.isfinite(self.tilt):
            raise ValueError(f"tilt must be finite; got {self.tilt}")
        if len(given) and self.tilt:
            raise ValueError(f"weights and a tilt are two mixtures: give one of them; got {self.weights}, {self.tilt}")

    def _weights(self, arms: ArmsView) -> Floats:
        if len(self.weights) not in (0, arms.num_arms):
            raise ValueError(f"weights must be one per arm, {arms.num_arms}; got {len(self.weights)}")
        if self.weights:
            return np.array(self.weights, dtype=np.float64)
        levels = np.asarray(arms.levels, dtype=np.float64)
        exponents = self.tilt * (levels / max(1.0, levels.max()))
        tilted: Floats = np.exp(exponents - exponents.max())
        return tilted

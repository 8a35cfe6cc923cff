"""Target deficit: teach what is furthest from mastery among what is within reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, averaged, refuse_outside
from teacher.loop import ArmsView, Floats
from teacher.mixtures import floored, proportional


@dataclass
class TargetDeficit(ArrayTeacher):
    """Weights arms by their distance to mastery, times how far they are within reach.

    With c a running mean of the competence of an arm's training batches (free) and m its mastery threshold::

        deficit_a = max(0, m_a - c_a) / m_a
        reach_a   = max(c_a / m_a, min over the arms b one step easier of c_b / m_b) ^ sharpness
        p_a       = (1 - epsilon) deficit_a reach_a / sum + epsilon / A

    with c / m cut at 1. An arm without an easier neighbour is within reach. Once nothing that counts is short of
    mastery, the targets alike. Auxiliary arms (no targets) count ``auxiliary`` times as much.

    Attributes:
        step: of the running mean, per visit.
        sharpness: how soon an arm comes within reach: 1 in proportion to its easier neighbour, more: later.
        auxiliary: weight of arms that are no targets.
        epsilon: share of uniform exploration.

    Raises:
        ValueError: a value out of range.

    Reference: ours; a rule of thumb that the learned teacher has to beat.
    """

    step: float = 0.3
    sharpness: float = 2.0
    auxiliary: float = 0.5
    epsilon: float = 0.1
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        refuse_outside("step", self.step, 0, 1, "0 never learns")
        refuse_outside("sharpness", self.sharpness, 0, float("inf"), "0 has all arms within reach")
        refuse_outside("epsilon", self.epsilon, 0, 1, "0 leaves arms unexplored")
        if not 0 <= self.auxiliary < float("inf"):
            raise ValueError(f"auxiliary must not be below 0; got {self.auxiliary}")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        self._easier = arms.easier  # (A, D)
        self._weights = np.where(arms.targets, 1.0, self.auxiliary)
        return {"competence": np.zeros(shape), "visits": np.zeros(shape, dtype=np.int64)}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        share = np.minimum(state["competence"] / self._arms.thresholds, 1.0)  # (K, A)
        reach = np.ones(self._shape)
        for column in self._easier.T:  # axes, of which there are few
            reach = np.minimum(reach, np.where(column >= 0, share[:, column], 1.0))
        weights = self._weights * (1.0 - share) * np.maximum(reach, share) ** self.sharpness
        done = (share >= 1.0)[:, self._arms.targets].all(axis=1, keepdims=True)
        return floored(proportional(np.where(done, self._arms.targets, weights)), self.epsilon)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        averaged(state["competence"], seen.feedback.competence, seen, state["visits"], self.step)
        state["visits"][seen.rows, seen.arms] += 1

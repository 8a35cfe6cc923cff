"""Rules on losses and on how long an arm was not seen: loss-proportional, online data mixing, prioritised replay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, averaged, refuse_outside
from teacher.estimators import Kind, estimated
from teacher.loop import ArmsView, Floats
from teacher.mixtures import floored, proportional, softmax


@dataclass
class LossProportional(ArrayTeacher):
    """Weights arms by a running mean of their loss. Arms not seen yet count as the worst that was seen.

    Attributes:
        step: of the running mean, per visit.
        epsilon: share of uniform exploration.

    Raises:
        ValueError: a value out of range.

    Reference: a common heuristic; I. Loshchilov and F. Hutter (2015), arXiv:1511.06343, rank losses instead.
    """

    step: float = 0.3
    epsilon: float = 0.1
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        refuse_outside("step", self.step, 0, 1, "0 never learns")
        refuse_outside("epsilon", self.epsilon, 0, 1, "0 leaves arms unexplored")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {"loss": np.zeros(shape), "visits": np.zeros(shape, dtype=np.int64)}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        worst = state["loss"].max(axis=1, keepdims=True)
        return floored(proportional(np.where(state["visits"] > 0, state["loss"], worst)), self.epsilon)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        averaged(state["loss"], seen.feedback.loss, seen, state["visits"], self.step)
        state["visits"][seen.rows, seen.arms] += 1


@dataclass
class ODM(ArrayTeacher):
    """Online data mixing: EXP3 with the training loss as the reward.

    With L the loss (nats per token) of the arms drawn, f their share of the decision's draws::

        formula: R_a <- 0.9 R_a + 0.1 L_a f_a / p_a  (arms drawn)
        code:    R_a <- R_a + (L_a / 10) f_a / p_a   (as the authors' repository has it: a sum of losses over ten)
        eps_t = min(1 / A, sqrt(ln A / (A t)))
        p = (1 - A eps_t) softmax(eps_{t-1} R) + eps_t

    Attributes:
        variant: ``formula`` (the paper's) or ``code``.
        keep: share of R that is kept in ``formula``.
        feedback: ``sampled`` or ``full`` (``probe="all"``), where estimates need no importance weight.

    Raises:
        ValueError: an unknown variant, or keep outside [0, 1).

    Reference: A. Albalak, L. Pan, C. Raffel and W. Wang (2023), arXiv:2312.02406, algorithm 1.
    """

    variant: Literal["formula", "code"] = "formula"
    keep: float = 0.9
    feedback: Kind = "sampled"
    reads_gain: ClassVar[bool] = False

    def _check(self) -> None:
        if self.variant not in ("formula", "code"):
            raise ValueError(f"variant must be formula or code; got {self.variant!r}")
        if not 0 <= self.keep < 1:
            raise ValueError(f"keep must be in [0, 1); got {self.keep} (1 never learns)")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        return {"rewards": np.zeros((num_envs, arms.num_arms))}

    def _epsilon(self, time: int) -> float:
        num_arms = self._shape[1]
        return 1.0 / num_arms if time < 1 else min(1.0 / num_arms, float(np.sqrt(np.log(num_arms) / (num_arms * time))))

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        now, before = self._epsilon(state["updates"]), self._epsilon(state["updates"] - 1)
        return floored(softmax(before * state["rewards"]), self._shape[1] * now)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        estimate = estimated(seen.feedback.loss, mixture, seen.feedback, self.feedback)
        rows, arms, rewards = seen.rows, seen.arms, state["rewards"]
        if self.variant == "code":
            rewards[rows, arms] += estimate[rows, arms] / 10.0
        else:
            rewards[rows, arms] += (1.0 - self.keep) * (estimate[rows, arms] - rewards[rows, arms])


@dataclass
class PrioritizedReplay(ArrayTeacher):
    """Prioritised level replay: by the rank of a score, and by staleness.

    With rank 1 for the highest score and c - C_a the decisions since arm a was seen::

        p = (1 - staleness) rank^(-1 / temperature) / sum + staleness (c - C_a) / sum

    Arms not seen yet come first; equal scores share the best rank of theirs.

    Attributes:
        score: ``gain`` (|gain|, as PLR's learning potential) or ``loss``.
        temperature: beta; small: the best few only.
        staleness: rho, share of the staleness distribution.
        step: of the running mean of the score, per visit; 1: the last one, as in the paper.
        feedback: ``sampled`` or ``full`` (``probe="all"``); scores need no importance weight.

    Raises:
        ValueError: a value out of range.

    Reference: M. Jiang, E. Grefenstette and T. Rocktäschel (2021), arXiv:2010.03934, section 3.
    """

    score: Literal["gain", "loss"] = "gain"
    temperature: float = 0.3
    staleness: float = 0.3
    step: float = 0.3
    feedback: Kind = "sampled"

    def _check(self) -> None:
        if self.score not in ("gain", "loss"):
            raise ValueError(f"score must be gain or loss; got {self.score!r}")
        refuse_outside("temperature", self.temperature, 0, float("inf"), "ranks need some")
        refuse_outside("staleness", self.staleness, 0, 1, "0 forgets arms for good")
        refuse_outside("step", self.step, 0, 1, "0 never learns")

    @property
    def reads_gain(self) -> bool:
        """Whether it needs a signal."""
        return self.score == "gain"

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {
            "scores": np.zeros(shape),
            "visits": np.zeros(shape, dtype=np.int64),
            "seen_at": np.zeros(shape, dtype=np.int64),
        }

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        scores = np.where(state["visits"] > 0, state["scores"], np.inf)
        ranks = scipy.stats.rankdata(-scores, method="min", axis=1)
        by_rank = proportional(ranks ** (-1.0 / self.temperature))
        stale = proportional(state["updates"] - state["seen_at"].astype(np.float64))
        return (1.0 - self.staleness) * by_rank + self.staleness * stale

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        score = np.abs(seen.reward) if self.score == "gain" else seen.feedback.loss
        averaged(state["scores"], score, seen, state["visits"], self.step)
        state["visits"][seen.rows, seen.arms] += 1
        state["seen_at"][seen.rows, seen.arms] = state["updates"] + 1

"""Rules on success rates: learnability p (1 - p), and two bandits over the advantage that a success rate implies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, averaged, refuse_outside
from teacher.loop import ArmsView, Floats
from teacher.mastery import ease
from teacher.mixtures import floored, proportional, softmax
from teacher.windows import filled, push


def rate(competence: Floats, arms: ArmsView) -> Floats:
    """Success rates ``(K, A)``: competence, of an arm that counts as mastered at less than others over its ``ease``.

    Ours: else an arm that can never be right more often than every second time would be the most learnable for ever.
    """
    out: Floats = np.minimum(competence / ease(arms), 1.0)
    return out


@dataclass
class Learnability(ArrayTeacher):
    """Weights arms by p (1 - p), p a running mean of their competence: neither mastered nor out of reach.

    Arms not seen yet count as p = 1/2, the most learnable. Of an arm that is mastered at less than others p is its
    ``rate``.

    Attributes:
        step: of the running mean, per visit.
        epsilon: share of uniform exploration: an arm at p = 0 has no weight of its own.

    Raises:
        ValueError: a value out of range.

    Reference: A. Rutherford et al. (2024), arXiv:2408.15099, section 4 (SFL: sampling for learnability).
    """

    step: float = 0.3
    epsilon: float = 0.1
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        refuse_outside("step", self.step, 0, 1, "0 never learns")
        refuse_outside("epsilon", self.epsilon, 0, 1, "0 leaves arms unexplored")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {"success": np.full(shape, 0.5), "visits": np.zeros(shape, dtype=np.int64)}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        p = rate(state["success"], self._arms)
        return floored(proportional(np.maximum(p * (1.0 - p), 0.0)), self.epsilon)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        averaged(state["success"], seen.feedback.competence, seen, state["visits"], self.step)
        state["visits"][seen.rows, seen.arms] += 1


def advantage(success: Floats) -> Floats:
    """The mean |advantage| of answers right with probability p, in units of their deviation: 2 sqrt(p (1 - p))."""
    p = np.clip(success, 0.0, 1.0)  # a mean may round to just above 1
    out: Floats = 2.0 * np.sqrt(p * (1.0 - p))
    return out


@dataclass
class SEC(ArrayTeacher):
    """Self-evolving curriculum: softmax over running means of the mean |advantage|.

    For a supervised student the advantage is that of a right-or-wrong answer, r = 2 sqrt(p (1 - p))::

        Q_a <- alpha r_a + (1 - alpha) Q_a;  p = softmax(Q / temperature)

    Attributes:
        alpha: step of the running mean; the authors' 0.5.
        temperature: the authors' 0.2 to 1, by data set.

    Raises:
        ValueError: a value out of range.

    Reference: X. Chen et al. (2025), arXiv:2505.14970, section 3; constants of the authors' commands.
    """

    alpha: float = 0.5
    temperature: float = 0.2
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        refuse_outside("alpha", self.alpha, 0, 1, "0 never learns")
        refuse_outside("temperature", self.temperature, 0, float("inf"), "a softmax needs some")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        return {"values": np.zeros((num_envs, arms.num_arms))}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return softmax(state["values"] / self.temperature)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        rows, arms, values = seen.rows, seen.arms, state["values"]
        found = advantage(rate(seen.feedback.competence, self._arms))
        values[rows, arms] += self.alpha * (found[rows, arms] - values[rows, arms])


@dataclass
class DUMP(ArrayTeacher):
    """DUMP: an upper confidence bound on the mean |advantage| over a window, through a softmax.

    With r = 2 sqrt(p (1 - p)) as in ``SEC``, m_a its mean over the arm's last ``window`` visits, n_a its visits and n
    their sum::

        p = softmax((m_a + sqrt(2 ln(n + 1) / (n_a + 1))) / temperature)

    Attributes:
        window: visits kept per arm.
        temperature: the authors' 0.1.

    Raises:
        ValueError: a value out of range.

    Reference: Z. Wang et al. (2025), arXiv:2504.09710, section 4.
    """

    window: int = 10
    temperature: float = 0.1
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        if self.window < 1:
            raise ValueError(f"window must be at least 1; got {self.window}")
        refuse_outside("temperature", self.temperature, 0, float("inf"), "a softmax needs some")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {
            "means": np.zeros(shape),
            "visits": np.zeros(shape, dtype=np.int64),
            "kept": np.zeros((*shape, self.window)),
        }

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        total = state["visits"].sum(axis=1, keepdims=True)
        bonus = np.sqrt(2.0 * np.log(total + 1) / (state["visits"] + 1))
        return softmax((state["means"] + bonus) / self.temperature)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        rows, arms, visits = seen.rows, seen.arms, state["visits"]
        push(state["kept"], visits, rows, arms, advantage(rate(seen.feedback.competence, self._arms))[rows, arms])
        visits[rows, arms] += 1
        used = filled(visits[rows, arms], self.window)
        kept = np.where(used, state["kept"][rows, arms], 0.0)
        state["means"][rows, arms] = kept.sum(axis=1) / used.sum(axis=1)

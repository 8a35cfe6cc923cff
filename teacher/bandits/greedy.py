"""Bandits over running means: epsilon-greedy and Boltzmann."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, averaged, refuse_outside
from teacher.estimators import Kind
from teacher.loop import ArmsView, Floats
from teacher.mixtures import floored, greedy, softmax


def _values(arms: ArmsView, num_envs: int) -> State:
    shape = (num_envs, arms.num_arms)
    return {"values": np.zeros(shape), "visits": np.zeros(shape, dtype=np.int64)}


def _move(state: State, seen: Seen, step: float | None) -> None:
    if step is None:  # the mean of all rewards
        visits = state["visits"][seen.rows, seen.arms]
        change = seen.reward[seen.rows, seen.arms] - state["values"][seen.rows, seen.arms]
        state["values"][seen.rows, seen.arms] += change / (visits + 1)
    else:
        averaged(state["values"], seen.reward, seen, state["visits"], step)
    state["visits"] += seen.observed


@dataclass
class EpsilonGreedy(ArrayTeacher):
    """Epsilon-greedy: 1 - epsilon on the arm of the highest mean reward, epsilon spread over all.

    With a constant epsilon its regret is linear in T (epsilon times the mean gap, at least); with ``decay`` c,
    epsilon_t = min(epsilon, c A / t), it grows with ln T for c large enough (theorem 3).

    Attributes:
        epsilon: exploration.
        step: of the running mean, so that it forgets; None: the mean of all rewards.
        decay: c of a decreasing epsilon; None: constant.
        feedback: ``sampled`` or ``full`` (``probe="all"``); means need no importance weight in either.
        scale: gains are scaled by ``QuantileScaler``; False: taken as they are.

    Raises:
        ValueError: a value out of range.

    Reference: P. Auer, N. Cesa-Bianchi, P. Fischer (2002), Machine Learning 47, figure 3 (their c / d^2 is c here).
    """

    epsilon: float = 0.1
    step: float | None = 0.1
    decay: float | None = None
    feedback: Kind = "sampled"
    scale: bool = True

    def _check(self) -> None:
        refuse_outside("epsilon", self.epsilon, 0, 1, "0 leaves arms unexplored")
        if self.step is not None:
            refuse_outside("step", self.step, 0, 1, "0 never learns")
        if self.decay is not None:
            refuse_outside("decay", self.decay, 0, float("inf"), "0 leaves arms unexplored")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        return _values(arms, num_envs)

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        epsilon = self.epsilon
        if self.decay is not None:
            epsilon = min(epsilon, self.decay * self._shape[1] / (state["updates"] + 1))
        return floored(greedy(state["values"]), epsilon)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        _move(state, seen, self.step)


@dataclass
class Boltzmann(ArrayTeacher):
    """Boltzmann exploration: softmax of the running mean rewards over a temperature.

    With a constant temperature no sublinear regret is promised (N. Cesa-Bianchi et al. 2017, arXiv:1705.10257).

    Attributes:
        temperature: in units of the (scaled) reward.
        step: of the running mean, so that it forgets; None: the mean of all rewards.
        feedback: ``sampled`` or ``full`` (``probe="all"``); means need no importance weight in either.
        scale: gains are scaled by ``QuantileScaler``; False: taken as they are.

    Raises:
        ValueError: a value out of range.

    Reference: R. Sutton and A. Barto, Reinforcement Learning, 2nd ed. (2018), section 2.8.
    """

    temperature: float = 0.2
    step: float | None = 0.1
    feedback: Kind = "sampled"
    scale: bool = True

    def _check(self) -> None:
        refuse_outside("temperature", self.temperature, 0, float("inf"), "use EpsilonGreedy for a greedy choice")
        if self.step is not None:
            refuse_outside("step", self.step, 0, 1, "0 never learns")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        return _values(arms, num_envs)

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return softmax(state["values"] / self.temperature)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        _move(state, seen, self.step)

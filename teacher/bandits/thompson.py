"""Thompson sampling, Gaussian and Beta, with discounted posteriors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from teacher.arrays import ArrayTeacher, Seen, State, refuse_outside
from teacher.bandits.exp3 import unit_rewards
from teacher.estimators import Kind
from teacher.loop import ArmsView, Floats
from teacher.mixtures import greedy


def share_of_wins(draw: Callable[[int], Floats], draws: int) -> Floats:
    """How often each arm has the largest of its drawn values, over ``draws`` draws: a mixture ``(K, A)``.

    One draw is the textbook's choice of one arm. Several spread a decision over arms as the posterior does, and so
    let its updates interleave.
    """
    total = greedy(draw(0))
    for turn in range(1, draws):
        total += greedy(draw(turn))
    total /= draws
    return total


@dataclass
class GaussianThompson(ArrayTeacher):
    """Thompson sampling with Gaussian posteriors; rewards in [-1, 1] (scaled).

    With n_a and s_a the discounted count and sum of arm a's rewards::

        theta_a ~ N(s_a / (n_a + 1), sigma^2 / (n_a + 1));  the arm of the largest theta

    Attributes:
        sigma: deviation of a reward.
        discount: of counts and sums, per decision; 1 never forgets.
        draws: samples of theta per decision; the mixture is how often each arm won. 1: one arm, the textbook's.
        feedback: ``sampled`` or ``full`` (``probe="all"``); means need no importance weight in either.
        scale: gains are scaled by ``QuantileScaler``; False: taken as they are.

    Raises:
        ValueError: a value out of range.

    Reference: S. Agrawal and N. Goyal (2013), arXiv:1209.3353, algorithm 2 (sigma = 1, no discount); discount: V. Raj
    and S. Kalyani (2017), arXiv:1707.09727.
    """

    sigma: float = 0.5
    discount: float = 0.98
    draws: int = 10
    feedback: Kind = "sampled"
    scale: bool = True

    def _check(self) -> None:
        refuse_outside("sigma", self.sigma, 0, float("inf"), "0 never explores")
        refuse_outside("discount", self.discount, 0, 1)
        if self.draws < 1:
            raise ValueError(f"draws must be at least 1; got {self.draws}")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {"sums": np.zeros(shape), "counts": np.zeros(shape)}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        counts = state["counts"] + 1.0
        mean, deviation = state["sums"] / counts, self.sigma / np.sqrt(counts)
        num_arms = self._shape[1]
        return share_of_wins(lambda turn: mean + deviation * special.ndtri(self._uniforms(num_arms, turn)), self.draws)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        state["sums"] *= self.discount
        state["counts"] *= self.discount
        state["sums"] += seen.reward
        state["counts"] += seen.observed


@dataclass
class BetaThompson(ArrayTeacher):
    """Thompson sampling with Beta posteriors; a reward r in [0, 1] counts as r of a success and 1 - r of a failure.

    With a_a and b_a the discounted sums of these::

        theta_a ~ Beta(1 + a_a, 1 + b_a);  the arm of the largest theta

    Attributes:
        discount: of successes and failures, per decision; 1 never forgets.
        draws: samples of theta per decision; the mixture is how often each arm won. 1: one arm, the textbook's.
        feedback: ``sampled`` or ``full`` (``probe="all"``); means need no importance weight in either.
        scale: gains are scaled to [0, 1] by ``QuantileScaler``; False: they must lie there already.

    Raises:
        ValueError: a value out of range.

    Reference: S. Agrawal and N. Goyal (2013), arXiv:1209.3353, algorithm 1 (binary rewards, no discount); discount: V.
    Raj and S. Kalyani (2017), arXiv:1707.09727, algorithm 1.
    """

    discount: float = 0.98
    draws: int = 10
    feedback: Kind = "sampled"
    scale: bool = True
    unit_rewards: ClassVar[bool] = True

    def _check(self) -> None:
        refuse_outside("discount", self.discount, 0, 1)
        if self.draws < 1:
            raise ValueError(f"draws must be at least 1; got {self.draws}")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {"successes": np.zeros(shape), "failures": np.zeros(shape)}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        a, b, num_arms = 1.0 + state["successes"], 1.0 + state["failures"], self._shape[1]
        return share_of_wins(lambda turn: special.betaincinv(a, b, self._uniforms(num_arms, turn)), self.draws)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        reward = unit_rewards(seen, self.scale)
        state["successes"] *= self.discount
        state["failures"] *= self.discount
        state["successes"] += reward
        state["failures"] += np.where(seen.observed, 1.0 - reward, 0.0)

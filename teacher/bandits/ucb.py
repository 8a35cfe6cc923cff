"""Optimistic bandits: UCB1, discounted UCB and sliding-window UCB. All on the arm of the highest upper bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, refuse_outside
from teacher.bandits.exp3 import unit_rewards
from teacher.loop import ArmsView, Floats
from teacher.mixtures import greedy
from teacher.windows import turns


def upper_bounds(sums: Floats, counts: Floats, width: Floats) -> Floats:
    """Means and their widths, sums / counts + width / sqrt(counts), infinite for arms without a count: ``(K, A)``."""
    seen = counts > 0
    safe = np.where(seen, counts, 1.0)
    return np.where(seen, sums / safe + width / np.sqrt(safe), np.inf)


@dataclass
class UCB1(ArrayTeacher):
    """UCB1: mean reward + sqrt(2 ln t / n_a), rewards in [0, 1], n_a decisions in which arm a was seen, t their sum.

    Arms not seen yet come first (evenly, where several are). Regret on stochastic rewards: at most
    8 sum_a ln T / Delta_a + (1 + pi^2 / 3) sum_a Delta_a (theorem 1). It never forgets: for arms whose worth does not
    change.

    Attributes:
        scale: gains are scaled to [0, 1] by ``QuantileScaler``; False: they must lie there already.

    Reference: P. Auer, N. Cesa-Bianchi, P. Fischer (2002), Machine Learning 47, figure 1.
    """

    scale: bool = True
    unit_rewards: ClassVar[bool] = True
    feedback: ClassVar[Literal["sampled"]] = "sampled"

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {"sums": np.zeros(shape), "counts": np.zeros(shape)}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        total = np.maximum(state["counts"].sum(axis=1, keepdims=True), 1.0)
        return greedy(upper_bounds(state["sums"], state["counts"], np.sqrt(2.0 * np.log(total))))

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        state["sums"] += unit_rewards(seen, self.scale)
        state["counts"] += seen.observed


@dataclass
class DiscountedUCB(ArrayTeacher):
    """D-UCB: UCB over discounted sums, so that it follows arms whose worth changes.

    With N_a and n = sum N_a discounted by ``discount`` per decision, rewards in [0, 1]::

        index_a = discounted mean_a + 2 sqrt(xi ln n / N_a)

    Attributes:
        discount: gamma, in (0, 1]; 1 - 1 / (4 sqrt(T / switches)) where these are known.
        xi: width; the bound (theorem 1) needs more than 1/2.
        scale: gains are scaled to [0, 1] by ``QuantileScaler``; False: they must lie there already.

    Raises:
        ValueError: discount or xi out of range.

    Reference: A. Garivier and E. Moulines (2011), ALT, arXiv:0805.3415, section 3.
    """

    discount: float = 0.98
    xi: float = 0.6
    scale: bool = True
    unit_rewards: ClassVar[bool] = True
    feedback: ClassVar[Literal["sampled"]] = "sampled"

    def _check(self) -> None:
        refuse_outside("discount", self.discount, 0, 1)
        refuse_outside("xi", self.xi, 0, float("inf"), "0 never explores")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {"sums": np.zeros(shape), "counts": np.zeros(shape)}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        total = np.maximum(state["counts"].sum(axis=1, keepdims=True), 1.0)
        return greedy(upper_bounds(state["sums"], state["counts"], 2.0 * np.sqrt(self.xi * np.log(total))))

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        rewards = unit_rewards(seen, self.scale)
        state["sums"] *= self.discount
        state["counts"] *= self.discount
        state["sums"] += rewards
        state["counts"] += seen.observed


@dataclass
class SlidingWindowUCB(ArrayTeacher):
    """SW-UCB: UCB over the last ``window`` observations.

    With the sums over the window, rewards in [0, 1]::

        index_a = mean_a + sqrt(xi ln min(t, window) / N_a)

    The window counts observations (an arm seen in a decision), which with one arm per decision are decisions.

    Attributes:
        window: tau; 2 sqrt(T ln T / switches) where these are known.
        xi: width; the bound (theorem 2) needs more than 1/2.
        scale: gains are scaled to [0, 1] by ``QuantileScaler``; False: they must lie there already.

    Raises:
        ValueError: window below 1, or xi not above 0.

    Reference: A. Garivier and E. Moulines (2011), ALT, arXiv:0805.3415, section 4.
    """

    window: int = 100
    xi: float = 0.6
    scale: bool = True
    unit_rewards: ClassVar[bool] = True
    feedback: ClassVar[Literal["sampled"]] = "sampled"

    def _check(self) -> None:
        if self.window < 1:
            raise ValueError(f"window must be at least 1; got {self.window}")
        refuse_outside("xi", self.xi, 0, float("inf"), "0 never explores")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {
            "sums": np.zeros(shape),
            "counts": np.zeros(shape),
            "arms": np.full((num_envs, self.window), -1),  # rings of the last observations
            "rewards": np.zeros((num_envs, self.window)),
            "number": np.zeros(num_envs, dtype=np.int64),  # observations so far
        }

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        within = np.clip(state["number"], 1, self.window)[:, None]
        return greedy(upper_bounds(state["sums"], state["counts"], np.sqrt(self.xi * np.log(within))))

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        rewards = unit_rewards(seen, self.scale)
        fresh, turn = turns(seen.rows, self._shape[0])
        last = turn >= np.repeat(fresh, fresh) - self.window  # of more than a window at once only the last stay
        rows, arms = seen.rows[last], seen.arms[last]
        slots = (state["number"][rows] + turn[last]) % self.window
        self._add(state, rows, state["arms"][rows, slots], -state["rewards"][rows, slots], -1.0)
        state["arms"][rows, slots] = arms
        state["rewards"][rows, slots] = rewards[rows, arms]
        self._add(state, rows, arms, state["rewards"][rows, slots], 1.0)
        state["number"] += fresh

    def _add(
        self, state: State, rows: NDArray[np.int64], arms: NDArray[np.int64], rewards: Floats, count: float
    ) -> None:
        held = arms >= 0
        np.add.at(state["sums"], (rows[held], arms[held]), rewards[held])
        np.add.at(state["counts"], (rows[held], arms[held]), count)

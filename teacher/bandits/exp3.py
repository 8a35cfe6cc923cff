"""Adversarial bandits by exponential weights: EXP3, EXP3.S and EXP3-IX, in the log domain, for K students at once.

A decision may draw several arms from the mixture; ``teacher.estimators`` has the unbiased estimates that these use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, refuse_outside
from teacher.estimators import Kind, estimated
from teacher.loop import ArmsView, Floats
from teacher.mixtures import floored, softmax


def unit_rewards(seen: Seen, scaled: bool) -> Floats:
    """Rewards in [0, 1] of the observed arms, zero elsewhere: ``(K, A)``.

    Raises:
        ValueError: gains outside [0, 1] that are not scaled.
    """
    if scaled:
        return np.where(seen.observed, (seen.reward + 1.0) / 2.0, 0.0)
    given = seen.reward[seen.rows, seen.arms]
    if (given < 0).any() or (given > 1).any():
        raise ValueError(f"with scale=False gains must be in [0, 1]; got {given.min()} to {given.max()}")
    return seen.reward


def unit_losses(seen: Seen, scaled: bool) -> Floats:
    """1 - reward, in [0, 1], of the observed arms, zero elsewhere: ``(K, A)``."""
    return np.where(seen.observed, 1.0 - unit_rewards(seen, scaled), 0.0)


@dataclass
class Exp3(ArrayTeacher):
    """EXP3: exponential weights over importance-weighted estimates.

    Fixed gamma (Auer et al. 2002, figure 1), reward r in [0, 1]::

        p = (1 - gamma) softmax(log w) + gamma / A
        log w_a += (gamma / A) r_a f_a / p_a

    Anytime (gamma None; Bubeck and Cesa-Bianchi 2012, figure 3.1), losses 1 - r, no forced exploration::

        p = softmax(-eta_t L),  eta_t = sqrt(ln A / (A t)),  L_a += (1 - r_a) f_a / p_a

    Regret: fixed, at most (e - 1) gamma G_max + A ln A / gamma (theorem 3.1); anytime, at most 2 sqrt(T A ln A)
    (theorem 3.1 there). f_a is the share of the decision's draws that arm a got.

    Attributes:
        gamma: exploration; None: anytime.
        feedback: ``sampled`` or ``full`` (``probe="all"``), where estimates need no importance weight.
        scale: gains are scaled to [0, 1] by ``QuantileScaler``; False: they must lie there already.

    Raises:
        ValueError: gamma outside (0, 1].

    Reference: P. Auer, N. Cesa-Bianchi, Y. Freund, R. Schapire, The Nonstochastic Multiarmed Bandit Problem (2002),
    SIAM J. Comput. 32(1), figure 1; anytime: S. Bubeck and N. Cesa-Bianchi (2012), arXiv:1204.5721, figure 3.1.
    """

    gamma: float | None = None
    feedback: Kind = "sampled"
    scale: bool = True
    unit_rewards: ClassVar[bool] = True

    def _check(self) -> None:
        if self.gamma is not None:
            refuse_outside("gamma", self.gamma, 0, 1, "0 never updates a weight")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        return {"sums": np.zeros((num_envs, arms.num_arms))}  # log w, or -L where anytime

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        if self.gamma is not None:
            return floored(softmax(state["sums"]), self.gamma)
        num_arms = self._shape[1]
        return softmax(np.sqrt(np.log(num_arms) / (num_arms * (state["updates"] + 1))) * state["sums"])

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        if self.gamma is None:
            losses = unit_losses(seen, self.scale)
            state["sums"] -= estimated(losses, mixture, seen.feedback, self.feedback)
        else:
            rewards = unit_rewards(seen, self.scale)
            step = self.gamma / self._shape[1]
            state["sums"] += step * estimated(rewards, mixture, seen.feedback, self.feedback)


@dataclass
class Exp3S(ArrayTeacher):
    """EXP3.S: EXP3 that forgets, so that it can follow arms whose worth changes.

    With reward r in [-1, 1]::

        p = (1 - epsilon) softmax(w) + epsilon / A
        x_a = w_a + eta (r_a f_a + beta) / p_a
        w_a = log[(1 - alpha) exp(x_a) + alpha / (A - 1) sum_{b != a} exp(x_b)]

    Regret against any sequence of arms with S - 1 switches, rewards in [0, 1], eta = gamma / A, epsilon = gamma and a
    constant alpha: at most A (S ln(A / alpha) + e alpha T) / gamma + (e - 1) gamma T (Auer et al., theorem 8.1; their
    weights flow by e alpha / A of the sum, these by alpha / (A - 1) of the others, which costs no more).

    Attributes:
        eta: step size; 1e-2 follows a switch well, the paper's replications use 1e-3.
        epsilon: exploration.
        beta: bias towards arms that were not seen.
        alpha: share of weight that flows to the other arms; None: 1/t with t = 2 at the first update, as Graves et al.
        feedback: ``sampled`` or ``full`` (``probe="all"``), where estimates need no importance weight.
        scale: gains are scaled by ``QuantileScaler``; False: they are clipped to [-1, 1].

    Raises:
        ValueError: eta not above 0, epsilon outside (0, 1], alpha outside (0, 0.5], or beta below 0.

    Reference: A. Graves et al. (2017), arXiv:1704.03003, section 3.1, eqs. 4-5; P. Auer et al. (2002), SIAM J. Comput.
    32(1), section 8 (whose regret bound needs a constant alpha).
    """

    eta: float = 1e-2
    epsilon: float = 0.05
    beta: float = 0.0
    alpha: float | None = None
    feedback: Kind = "sampled"
    scale: bool = True

    def _check(self) -> None:
        refuse_outside("eta", self.eta, 0, float("inf"), "0 never updates a weight")
        refuse_outside("epsilon", self.epsilon, 0, 1, "0 leaves arms unexplored")
        if self.alpha is not None and not 0 < self.alpha <= 0.5:
            raise ValueError(f"alpha must be in (0, 0.5]; got {self.alpha} (above, two arms would swap their weights)")
        if not 0 <= self.beta < float("inf"):
            raise ValueError(f"beta must not be below 0; got {self.beta}")

    @classmethod
    def paper(cls) -> Exp3S:
        """With the constants of the paper's replications, per pull: eta 1e-3, epsilon 0.05, beta 0, alpha 1/t."""
        return cls(eta=1e-3, epsilon=0.05, beta=0.0, alpha=None)

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        return {"weights": np.zeros((num_envs, arms.num_arms))}  # log domain

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return floored(softmax(state["weights"]), self.epsilon)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        num_arms = self._shape[1]
        reward = seen.reward if self.scale else np.clip(seen.reward, -1.0, 1.0)
        moved = state["weights"] + self.eta * estimated(reward, mixture, seen.feedback, self.feedback)
        if self.beta > 0:
            # As in ``estimated``: a wrapper may have given an arm no chance at all.
            moved += self.eta * self.beta / (1.0 if self.feedback == "full" else np.maximum(mixture, 1e-12))
        moved -= moved.max(axis=1, keepdims=True)  # softmax is blind to a shift; weights never overflow
        if num_arms > 1:
            alpha = 1.0 / (state["updates"] + 2) if self.alpha is None else self.alpha
            flow = alpha / (num_arms - 1)
            exp = np.exp(moved)
            moved = np.log((1.0 - alpha - flow) * exp + flow * exp.sum(axis=1, keepdims=True))
        state["weights"] = moved


@dataclass
class Exp3IX(ArrayTeacher):
    """EXP3-IX: implicit exploration, a small bias in the estimates that makes the regret low with high probability.

    With losses 1 - r in [0, 1] and eta = 2 gamma::

        p = softmax(-eta L),  L_a += (1 - r_a) f_a / (p_a + gamma)

    Anytime (gamma None): eta_t = 2 gamma_t = sqrt(ln A / (A t)). Regret with probability 1 - delta: fixed, eta =
    2 gamma = sqrt(2 ln A / (A T)), at most 2 sqrt(2 A T ln A) + (sqrt(2 A T / ln A) + 1) ln(2 / delta); anytime, at
    most 4 sqrt(A T ln A) + (2 sqrt(A T / ln A) + 1) ln(2 / delta) (theorem 1).

    Attributes:
        gamma: implicit exploration; None: anytime.
        scale: gains are scaled to [0, 1] by ``QuantileScaler``; False: they must lie there already.

    Raises:
        ValueError: gamma outside (0, 1].

    Reference: G. Neu, Explore no more (2015), arXiv:1506.03271, section 3.1, theorem 1.
    """

    gamma: float | None = None
    scale: bool = True
    unit_rewards: ClassVar[bool] = True
    feedback: Kind = "sampled"

    def _check(self) -> None:
        if self.gamma is not None:
            refuse_outside("gamma", self.gamma, 0, 1, "0 never updates a weight")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        return {"losses": np.zeros((num_envs, arms.num_arms))}

    def _gamma(self, updates: int) -> float:
        if self.gamma is not None:
            return self.gamma
        num_arms = self._shape[1]
        return float(np.sqrt(np.log(num_arms) / (num_arms * (updates + 1)))) / 2.0

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return softmax(-2.0 * self._gamma(state["updates"]) * state["losses"])

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        bias = self._gamma(state["updates"])
        losses = unit_losses(seen, self.scale)
        state["losses"] += estimated(losses, mixture, seen.feedback, self.feedback, bias)

"""Adversarial bandits: EXP3 and EXP3.S, in the log domain, for K students at once.

A decision may draw several arms from the mixture. With f_a the share of the decision's sequences that arm a got, the
importance-weighted reward r~_a = r_a f_a / p_a is unbiased, since E[f_a] = p_a; with one arm held it is r / p.
With ``feedback="full"`` every arm is measured and r~_a = r_a.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.loop import ArmsView, Feedback, Floats, refuse_before_reset
from teacher.scaling import QuantileScaler


def _mixture(log_weights: Floats, floor: Floats | float) -> Floats:
    """(1 - floor) softmax(log_weights) + floor / A, rows ``(K, A)``."""
    exp: Floats = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    exp *= (1.0 - floor) / exp.sum(axis=1, keepdims=True)
    exp += floor / log_weights.shape[1]
    return exp


def _estimated(reward: Floats, mixture: Floats, feedback: Feedback, kind: str) -> Floats:
    """Unbiased estimate of every arm's reward ``(K, A)``; zero where not observed."""
    if kind == "full":
        return np.where(feedback.count > 0, reward, 0.0)
    share = feedback.count / np.maximum(feedback.count.sum(axis=1, keepdims=True), 1)
    estimate: Floats = reward * share / np.where(share > 0, mixture, 1.0)
    return estimate


def _refuse(name: str, value: float, low: float, high: float, why: str = "") -> None:
    if not low < value <= high:
        raise ValueError(f"{name} must be in ({low:g}, {high:g}]; got {value}{why}")


def _start(arms: ArmsView, num_envs: int) -> Floats:
    if not arms.num_arms or num_envs < 1:
        raise ValueError(f"a teacher needs at least one arm and one row; got {arms.num_arms} arms, {num_envs} rows")
    return np.zeros((num_envs, arms.num_arms))


@dataclass
class Exp3:
    """EXP3: exponential weights with importance-weighted rewards and uniform exploration.

    Fixed gamma (Auer et al. 2002, figure 1), reward r in [0, 1]::

        p = (1 - gamma) softmax(log w) + gamma / A
        log w_a += (gamma / A) r_a f_a / p_a

    Anytime (gamma None): log w = eta_t S with S the summed estimates, eta_t = sqrt(ln A / (A t)), and exploration
    gamma_t = min(1, A eta_t), which keeps every step eta_t r~ within 1.

    Attributes:
        gamma: exploration; None: anytime.
        feedback: ``sampled`` or ``full`` (``probe="all"``), where estimates need no importance weight.
        scale: gains are scaled to [0, 1] by ``QuantileScaler``; False: they must lie there already.

    Raises:
        ValueError: gamma outside (0, 1].

    Reference: P. Auer, N. Cesa-Bianchi, Y. Freund, R. Schapire, The Nonstochastic Multiarmed Bandit Problem (2002),
    SIAM J. Comput. 32(1), figure 1; anytime rate: S. Bubeck and N. Cesa-Bianchi (2012), arXiv:1204.5721, theorem 3.1.
    """

    gamma: float | None = None
    feedback: Literal["sampled", "full"] = "sampled"
    scale: bool = True

    def __post_init__(self) -> None:
        if self.gamma is not None:
            _refuse("gamma", self.gamma, 0, 1, " (0 never updates a weight)" if self.gamma == 0 else "")
        self._sums: Floats | None = None  # (K, A): log w, or S where anytime
        self._scaler: QuantileScaler | None = None

    def reset(self, arms: ArmsView, num_envs: int, seed: int) -> None:
        """Starts K lifetimes with equal weights."""
        self._sums = _start(arms, num_envs)
        self._scaler = QuantileScaler(num_envs, seed) if self.scale else None
        self._scaled = np.zeros_like(self._sums)
        self._updates = 0

    def _rates(self, num_arms: int) -> tuple[float, float]:
        """Factor on the sums, and exploration."""
        if self.gamma is not None:
            return 1.0, self.gamma
        eta = np.sqrt(np.log(num_arms) / (num_arms * (self._updates + 1)))
        return float(eta), float(min(1.0, num_arms * eta))

    def act(self, obs: NDArray[np.float32]) -> Floats:
        """The mixture ``(K, A)``."""
        refuse_before_reset("act", self._sums)
        assert self._sums is not None
        factor, exploration = self._rates(self._sums.shape[1])
        return _mixture(factor * self._sums, exploration)

    def update(self, obs: NDArray[np.float32], mixture: Floats, feedback: Feedback) -> None:
        """Adds the estimated rewards.

        Raises:
            RuntimeError: before reset.
            ValueError: feedback of the wrong shape or not finite; gains outside [0, 1] with ``scale=False``.
        """
        refuse_before_reset("update", self._sums)
        assert self._sums is not None
        seen = feedback.checked(self._sums.shape).count > 0
        if self._scaler is not None:
            reward = np.where(seen, (self._scaler(feedback.gain, seen) + 1.0) / 2.0, 0.0)
        else:
            reward = np.where(seen, feedback.gain, 0.0)
            if (reward < 0).any() or (reward > 1).any():
                raise ValueError(f"with scale=False gains must be in [0, 1]; got {reward.min()} to {reward.max()}")
        self._scaled = reward
        step = 1.0 if self.gamma is None else self.gamma / self._sums.shape[1]
        self._sums += step * _estimated(reward, mixture, feedback, self.feedback)
        self._updates += 1

    def diagnostics(self) -> dict[str, Floats]:
        """``scaled_gain`` (K, A), in [0, 1]."""
        return {"scaled_gain": self._scaled.copy()}

    def state_dict(self) -> dict[str, Any]:
        """Sums, count of updates and the scaler's reservoir."""
        refuse_before_reset("state_dict", self._sums)
        assert self._sums is not None
        scaler = {} if self._scaler is None else {"scaler": self._scaler.state_dict()}
        return {"sums": self._sums.copy(), "updates": self._updates, **scaler}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken."""
        self._sums, self._updates = state["sums"].copy(), state["updates"]
        if self._scaler is not None:
            self._scaler.load_state_dict(state["scaler"])


@dataclass
class Exp3S:
    """EXP3.S: EXP3 that forgets, so that it can follow arms whose worth changes.

    With reward r in [-1, 1]::

        p = (1 - epsilon) softmax(w) + epsilon / A
        x_a = w_a + eta (r_a f_a + beta) / p_a
        w_a = log[(1 - alpha) exp(x_a) + alpha / (A - 1) sum_{b != a} exp(x_b)]

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
    feedback: Literal["sampled", "full"] = "sampled"
    scale: bool = True

    def __post_init__(self) -> None:
        _refuse("eta", self.eta, 0, float("inf"), " (0 never updates a weight)" if self.eta == 0 else "")
        _refuse("epsilon", self.epsilon, 0, 1, " (0 leaves arms unexplored)" if self.epsilon == 0 else "")
        if self.alpha is not None:
            _refuse("alpha", self.alpha, 0, 0.5, " (above, two arms would swap their weights)")
        if not 0 <= self.beta < float("inf"):
            raise ValueError(f"beta must not be below 0; got {self.beta}")
        self._weights: Floats | None = None  # (K, A), log domain
        self._scaler: QuantileScaler | None = None

    @classmethod
    def paper(cls) -> Exp3S:
        """With the constants of the paper's replications, per pull: eta 1e-3, epsilon 0.05, beta 0, alpha 1/t."""
        return cls(eta=1e-3, epsilon=0.05, beta=0.0, alpha=None)

    def reset(self, arms: ArmsView, num_envs: int, seed: int) -> None:
        """Starts K lifetimes with equal weights."""
        self._weights = _start(arms, num_envs)
        self._scaler = QuantileScaler(num_envs, seed) if self.scale else None
        self._scaled = np.zeros_like(self._weights)
        self._updates = 0

    def act(self, obs: NDArray[np.float32]) -> Floats:
        """The mixture ``(K, A)``."""
        refuse_before_reset("act", self._weights)
        assert self._weights is not None
        return _mixture(self._weights, self.epsilon)

    def update(self, obs: NDArray[np.float32], mixture: Floats, feedback: Feedback) -> None:
        """Moves the weights and lets some of their mass flow between the arms.

        Raises:
            RuntimeError: before reset.
            ValueError: feedback of the wrong shape or not finite.
        """
        refuse_before_reset("update", self._weights)
        assert self._weights is not None
        num_arms = self._weights.shape[1]
        seen = feedback.checked(self._weights.shape).count > 0
        if self._scaler is not None:
            self._scaled = self._scaler(feedback.gain, seen)
        else:
            self._scaled = np.where(seen, np.clip(feedback.gain, -1.0, 1.0), 0.0)
        self._updates += 1
        moved = self._weights + self.eta * _estimated(self._scaled, mixture, feedback, self.feedback)
        if self.beta > 0:
            moved += self.eta * self.beta / (1.0 if self.feedback == "full" else mixture)
        moved -= moved.max(axis=1, keepdims=True)  # softmax is blind to a shift; weights never overflow
        if num_arms > 1:
            alpha = 1.0 / (self._updates + 1) if self.alpha is None else self.alpha
            flow = alpha / (num_arms - 1)
            exp = np.exp(moved)
            moved = np.log((1.0 - alpha - flow) * exp + flow * exp.sum(axis=1, keepdims=True))
        self._weights = moved

    def diagnostics(self) -> dict[str, Floats]:
        """``scaled_gain`` (K, A), in [-1, 1]."""
        return {"scaled_gain": self._scaled.copy()}

    def state_dict(self) -> dict[str, Any]:
        """Weights, count of updates and the scaler's reservoir."""
        refuse_before_reset("state_dict", self._weights)
        assert self._weights is not None
        scaler = {} if self._scaler is None else {"scaler": self._scaler.state_dict()}
        return {"weights": self._weights.copy(), "updates": self._updates, **scaler}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken."""
        self._weights, self._updates = state["weights"].copy(), state["updates"]
        if self._scaler is not None:
            self._scaler.load_state_dict(state["scaler"])

"""EXP4: a bandit over expert teachers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import refuse_no_mixture, refuse_outside
from teacher.estimators import Kind, estimated
from teacher.loop import ArmsView, Feedback, Floats, Teacher, num_weights, refuse_before_reset
from teacher.mixtures import floored, softmax
from teacher.scaling import QuantileScaler

_APART = 1_000_003  # between the seeds of experts, so that two of a kind draw different numbers


class Exp4:
    """EXP4: mixes the mixtures of N expert teachers, in proportion to what each would have earned.

    With xi_i expert i's mixture and reward r in [0, 1]::

        p = (1 - gamma) sum_i softmax(w)_i xi_i + gamma / A
        w_i += (gamma / A) sum_a xi_ia r_a f_a / p_a

    Every expert learns from the decision's feedback and from the mixture that was taught, the mixed one. Regret against
    the best expert (uniform among them): at most (e - 1) gamma G_max + A ln N / gamma (theorem 7.1).

    Args:
        experts: the teachers; each must read no gains, or take the same feedback.
        gamma: exploration.
        feedback: ``sampled`` or ``full`` (``probe="all"``), where estimates need no importance weight.
        scale: gains are scaled to [0, 1] by ``QuantileScaler``; False: they must lie there already.

    Raises:
        ValueError: gamma outside (0, 1], no expert, or one that assumes other feedback.

    Reference: P. Auer, N. Cesa-Bianchi, Y. Freund, R. Schapire (2002), SIAM J. Comput. 32(1), section 7.
    """

    def __init__(
        self, experts: Sequence[Teacher], gamma: float = 0.1, feedback: Kind = "sampled", scale: bool = True
    ) -> None:
        refuse_outside("gamma", gamma, 0, 1, "0 never updates a weight")
        wrong = [type(e).__name__ for e in experts if e.feedback not in ("any", feedback)]
        if not experts or wrong:
            said = f"{wrong[0]} assumes other feedback" if wrong else "none"
            raise ValueError(f"experts must be at least one teacher that takes {feedback} feedback; got {said}")
        self.experts, self.gamma, self.scale = tuple(experts), gamma, scale
        self.unit_rewards = True
        self.feedback: Literal["sampled", "full"] = feedback
        self._weights: Floats | None = None  # (K, N), log domain

    @property
    def num_weights(self) -> int:
        """Those of all experts' networks."""
        return sum(map(num_weights, self.experts))

    def reset(self, arms: ArmsView, num_envs: int, seed: int) -> None:
        """Starts K lifetimes with equal weights."""
        for number, expert in enumerate(self.experts):
            expert.reset(arms, num_envs, seed + number * _APART)
        self._weights = np.zeros((num_envs, len(self.experts)))
        self._given: Floats | None = None
        self._scaler = QuantileScaler(num_envs, seed) if self.scale else None
        self._shape = (num_envs, arms.num_arms)
        self._scaled, self._clipped = np.zeros(self._shape), np.zeros(num_envs)

    def _advice(self, obs: NDArray[np.float32]) -> Floats:
        return np.stack([expert.act(obs) for expert in self.experts], axis=1)  # (K, N, A)

    def act(self, obs: NDArray[np.float32]) -> Floats:
        """The mixture ``(K, A)``."""
        refuse_before_reset("act", self._weights)
        assert self._weights is not None
        self._given = self._advice(obs)
        mixed = np.einsum("kn,kna->ka", softmax(self._weights), self._given)
        return floored(mixed / mixed.sum(axis=1, keepdims=True), self.gamma)

    def update(self, obs: NDArray[np.float32], mixture: Floats, feedback: Feedback) -> None:
        """Credits the experts with what their advice earned, and lets each of them learn.

        Raises:
            RuntimeError: before reset.
            ValueError: feedback of the wrong shape or not finite; gains outside [0, 1] with ``scale=False``.
        """
        refuse_before_reset("update", self._weights)
        assert self._weights is not None
        seen = feedback.checked(self._shape).count > 0
        gain = np.where(seen, feedback.gain, 0.0)
        if self._scaler is not None:
            self._scaled = self._scaler(feedback.gain, seen)
            self._clipped = (seen & (np.abs(self._scaled) >= 1)).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
            gain = np.where(seen, (self._scaled + 1.0) / 2.0, 0.0)
        elif (gain < 0).any() or (gain > 1).any():
            raise ValueError(f"with scale=False gains must be in [0, 1]; got {gain.min()} to {gain.max()}")
        refuse_no_mixture(mixture, self._shape)
        rewards = estimated(gain, mixture, feedback, self.feedback)
        # The advice that was taken: not asked again, a person's override of an expert may have come between.
        advice, self._given = self._advice(obs) if self._given is None else self._given, None
        earned = np.einsum("kna,ka->kn", advice, rewards)
        self._weights = self._weights + self.gamma / self._shape[1] * earned
        for expert in self.experts:
            expert.update(obs, mixture, feedback)

    def diagnostics(self) -> dict[str, Floats]:
        """``scaled_gain`` (K, A) in [-1, 1], ``clip_rate`` and ``expert_0``, .. (K,), each expert's weight."""
        refuse_before_reset("diagnostics", self._weights)
        assert self._weights is not None
        weights = softmax(self._weights)
        scaled = {} if self._scaler is None else {"scaled_gain": self._scaled.copy(), "clip_rate": self._clipped.copy()}
        return {**scaled, **{f"expert_{n}": weights[:, n].copy() for n in range(len(self.experts))}}

    def state_dict(self) -> dict[str, Any]:
        """Weights, the experts' states and the scaler's reservoir."""
        refuse_before_reset("state_dict", self._weights)
        assert self._weights is not None
        experts = {str(n): expert.state_dict() for n, expert in enumerate(self.experts)}
        scaler = {} if self._scaler is None else {"scaler": self._scaler.state_dict()}
        return {"weights": self._weights.copy(), "experts": experts, **scaler}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken."""
        self._weights = state["weights"].copy()
        for n, expert in enumerate(self.experts):
            expert.load_state_dict(state["experts"][str(n)])
        if self._scaler is not None:
            self._scaler.load_state_dict(state["scaler"])

"""Tsallis-INF: one bandit that is optimal both against an adversary and on stochastic rewards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State
from teacher.bandits.exp3 import unit_losses
from teacher.estimators import Kind, drawn_share, estimated
from teacher.loop import ArmsView, Floats


def half_tsallis(losses: Floats, eta: float) -> Floats:
    """The mixture p_a = 4 / (eta (L_a - x))^2 with x such that rows sum to one: ``(K, A)``.

    Newton's method on x, from x = min L - 2 / eta, where the sum is at least one: convex and increasing, so the steps
    go down to the root and never past it. A row that has converged is left alone, so rows do not depend on each other.
    """
    shifted = losses - losses.min(axis=1, keepdims=True)
    x = np.full((len(losses), 1), -2.0 / eta)
    done = np.zeros((len(losses), 1), dtype=bool)
    for _ in range(100):
        root = 2.0 / (eta * (shifted - x))  # sqrt of p
        p: Floats = root**2
        excess = p.sum(axis=1, keepdims=True) - 1.0
        done |= np.abs(excess) < 1e-13
        if done.all():
            break
        x = np.where(done, x, x - excess / (eta * (p * root).sum(axis=1, keepdims=True)))
    p /= p.sum(axis=1, keepdims=True)
    return p


@dataclass
class TsallisInf(ArrayTeacher):
    """Tsallis-INF: follow the regularised leader with the 1/2-Tsallis entropy.

    With losses 1 - r in [0, 1] and L their summed estimates::

        p = argmin_p <p, L> - (4 / eta_t) sum_a (sqrt(p_a) - p_a / 2)  =  4 / (eta_t (L_a - x))^2

    ``iw``: importance-weighted estimates, eta_t = 2 / sqrt(t); regret at most 4 sqrt(A T) + 1. ``rv``: reduced
    variance, estimate (loss - B) f / p + B with B = 1/2 where p >= eta_t^2, else 0, eta_t = 4 / sqrt(t); regret at most
    2 sqrt(A T) + 10 A ln T + 16 (theorem 1). On stochastic rewards both grow with ln T.

    Attributes:
        estimator: ``iw`` or ``rv``.
        feedback: ``sampled`` or ``full`` (``probe="all"``), where estimates need no importance weight.
        scale: gains are scaled to [0, 1] by ``QuantileScaler``; False: they must lie there already.

    Raises:
        ValueError: an unknown estimator.

    Reference: J. Zimmert and Y. Seldin (2021), JMLR 22(28), arXiv:1807.07623, algorithm 1 and section 3.
    """

    estimator: Literal["iw", "rv"] = "iw"
    feedback: Kind = "sampled"
    scale: bool = True
    unit_rewards: ClassVar[bool] = True

    def _check(self) -> None:
        if self.estimator not in ("iw", "rv"):
            raise ValueError(f"estimator must be iw or rv; got {self.estimator!r}")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        return {"losses": np.zeros((num_envs, arms.num_arms))}

    def _eta(self, updates: int) -> float:
        return (2.0 if self.estimator == "iw" else 4.0) / float(np.sqrt(updates + 1))

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return half_tsallis(state["losses"], self._eta(state["updates"]))

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        losses = unit_losses(seen, self.scale)
        if self.estimator == "iw" or self.feedback == "full":
            state["losses"] += estimated(losses, mixture, seen.feedback, self.feedback)
            return
        base = 0.5 * (mixture >= self._eta(state["updates"]) ** 2)
        share = drawn_share(seen.feedback)
        state["losses"] += (losses - base) * share / np.where(share > 0, np.maximum(mixture, 1e-12), 1.0) + base

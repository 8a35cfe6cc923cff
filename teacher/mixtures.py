"""From values of arms ``(K, A)`` to mixtures ``(K, A)`` whose rows sum to one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def softmax(values: Floats) -> Floats:
    """exp(v) / sum exp(v), shifted by the maximum so that nothing overflows."""
    weights: Floats = np.exp(values - values.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def floored(mixture: Floats, share: float | Floats, among: NDArray[np.bool_] | None = None) -> Floats:
    """(1 - share) mixture + share / A: no arm gets less than share / A.

    Args:
        mixture: ``(K, A)``.
        share: for all, or ``(K, 1)``.
        among: ``(K, A)``, the arms that share it, at least one in a row; None: all.
    """
    out: Floats = (1.0 - share) * mixture
    out += share / mixture.shape[1] if among is None else share * among / among.sum(axis=1, keepdims=True)
    return out


def greedy(values: Floats) -> Floats:
    """All on the arm of the largest value; where several tie, evenly on these, so that no arm's number matters."""
    best = values == values.max(axis=1, keepdims=True)
    share: Floats = best / best.sum(axis=1, keepdims=True)
    return share


def proportional(weights: Floats) -> Floats:
    """Weights that are not negative over their sum; uniform where all are zero."""
    total = weights.sum(axis=1, keepdims=True)
    share: Floats = np.where(total > 0, weights / np.where(total > 0, total, 1.0), 1.0 / weights.shape[1])
    return share

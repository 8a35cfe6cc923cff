"""Unbiased estimates of every arm's reward, in each feedback mode.

- **bandit**: the decision held one arm, a. The estimate is r_a / p_a for it, zero for the others.
- **semi-bandit**: the decision drew several arms from the mixture and each was observed. With f_a the share of the
  decision's draws that fell on arm a, E[f_a] = p_a, so r_a f_a / p_a is unbiased; with one arm it is the bandit's.
  An arm without a chance (p_a = 0, by a wrapper or a person) cannot be estimated: its estimate stays zero.
- **full**: every arm was measured (``probe="all"``, charged). The estimate is the reward itself: a weight 1 / p would
  correct twice.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from teacher.loop import Feedback

Floats = NDArray[np.float64]
Kind = Literal["sampled", "full"]
"""What an estimator assumes: ``sampled`` (bandit or semi-bandit) or ``full``."""


def drawn_share(feedback: Feedback) -> Floats:
    """f, the share of the decision's draws that fell on each arm: ``(K, A)``, rows sum to one (or are zero)."""
    if feedback.share is not None:
        return feedback.share
    total = feedback.count.sum(axis=1, keepdims=True)
    share: Floats = feedback.count / np.maximum(total, 1)
    return share


def estimated(values: Floats, mixture: Floats, feedback: Feedback, kind: Kind, bias: float = 0.0) -> Floats:
    """Estimates of ``values`` for every arm ``(K, A)``; zero where not observed.

    Args:
        values: rewards or losses of the observed arms, ``(K, A)``.
        mixture: p, what the arms were drawn from, ``(K, A)``.
        feedback: whose counts say what was observed.
        kind: ``sampled`` or ``full``.
        bias: added to p (the implicit exploration of EXP3-IX); 0: unbiased.
    """
    values = np.where(feedback.count > 0, values, 0.0)
    if kind == "full":
        return values
    rows, arms = np.nonzero(feedback.count)
    share = drawn_share(feedback)[rows, arms]
    # Nothing is drawn at a chance of 1e-12; feedback of an arm that was not drawn from the mixture overflows nothing.
    chance = np.maximum(mixture[rows, arms] + bias, 1e-12)
    estimate = np.zeros(feedback.count.shape)
    estimate[rows, arms] = values[rows, arms] * share / chance
    return estimate

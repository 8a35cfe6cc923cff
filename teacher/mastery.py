"""A sequential test of mastery with a stated error rate: not one lucky number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from teacher.loop import ArmsView, Feedback, Floats

Bools = NDArray[np.bool_]
State = dict[str, Any]

_HIGHEST = 0.999  # a success rate of 1 would make a single failure final


def ease(arms: ArmsView) -> Floats:
    """What each arm counts as mastered at, as a share of the most that is wanted of any, ``(A,)``."""
    shares: Floats = arms.thresholds / arms.thresholds.max()
    return shares


class MasteryTest:
    """Tests, arm by arm, whether competence has reached its threshold p1 rather than p0 = p1 - margin or less.

    The evidence of n sequences of mean competence m is the log-likelihood ratio::

        log E += n m log(p1 / p0) + n (1 - m) log((1 - p1) / (1 - p0))

    While an arm's sequences score at most p0 on average, E is a supermartingale from 1 (by convexity also for scores
    between 0 and 1, and however competence moves below p0), so it ever exceeds 1 / alpha with probability at most alpha
    (Ville). Where log E falls below 0 a new test begins; the j-th test of an arm must exceed 1 / alpha_j with alpha_j =
    6 error / (pi j)^2, and these add up to ``error``, however often one looks.

    What this does not cover: competence that was above p0 when the test began and has fallen since; a competence that
    is a function of the mean loss (text, forecasts) instead of a mean of scores; training samples that come again, on
    which accuracy is flattering.

    Args:
        error: chance that an arm that was never better than p0 ever passes.
        margin: how far below its threshold that is.
        threshold: p1 of the arms that most is wanted of, of others in proportion (``ease``); None: each arm's own.

    Raises:
        ValueError: a value out of range; at ``start``, a margin that leaves no p0 above 0.

    Reference: A. Wald (1945), Ann. Math. Statist. 16(2) (sequential probability ratio); J. Ville (1939); S. Shin, A.
    Ramdas and A. Rinaldo (2022), arXiv:2203.03532 (e-values for sequential change detection).
    """

    def __init__(self, error: float, margin: float, threshold: float | None = None):
        if not 0 < error < 1:
            raise ValueError(f"error must be in (0, 1); got {error} (0 never passes)")
        if not 0 < margin < 1:
            raise ValueError(f"margin must be in (0, 1); got {margin} (0 leaves nothing to tell apart)")
        if threshold is not None and not margin < threshold <= 1:
            raise ValueError(f"threshold must be in (margin, 1] = ({margin}, 1]; got {threshold}")
        self.error, self.margin, self.threshold = error, margin, threshold

    def start(self, arms: ArmsView, num_envs: int) -> State:
        """The state before any evidence: ``evidence`` (log E), ``tests`` and ``passed``, each ``(K, A)``."""
        wanted = arms.thresholds if self.threshold is None else self.threshold * ease(arms)
        p1 = np.minimum(wanted, _HIGHEST)
        p0 = p1 - self.margin
        if (p0 <= 0).any():
            raise ValueError(f"margin {self.margin} leaves no competence below a threshold of {p1.min():g}: lower it")
        self._success, self._failure = np.log(p1 / p0), np.log((1 - p1) / (1 - p0))  # (A,) each
        shape = (num_envs, arms.num_arms)
        ones = np.ones(shape, dtype=np.int64)
        return {"evidence": np.zeros(shape), "tests": ones, "passed": np.zeros(shape, dtype=bool)}

    def judge(self, state: State, judged: Bools, feedback: Feedback) -> None:
        """Takes in the evidence of the arms ``judged`` ``(K, A)``, in place."""
        count = np.where(judged, feedback.count, 0)
        mean = np.where(judged, feedback.competence, 0.0)
        state["evidence"] += count * (mean * self._success + (1.0 - mean) * self._failure)
        needed = np.log((np.pi * state["tests"]) ** 2 / (6.0 * self.error))
        state["passed"] |= judged & (state["evidence"] >= needed)
        hopeless = judged & (state["evidence"] < 0)
        state["tests"] += hopeless
        state["evidence"][hopeless] = 0.0

"""A mastery gate that is a statistical test, not one lucky number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, refuse_outside
from teacher.loop import ArmsView, Floats
from teacher.schedules.gated import Levels

_HIGHEST = 0.999  # a success rate of 1 would make a single failure final


@dataclass
class MasteryGate(ArrayTeacher):
    """Stages as ``Combined``'s, each passed by a sequential test with a stated error rate.

    For each arm of the newest level, H0: its competence is at most p0 = p1 - margin, with p1 its mastery threshold. The
    evidence of n sequences of mean competence m is the log-likelihood ratio of p1 against p0::

        log E += n m log(p1 / p0) + n (1 - m) log((1 - p1) / (1 - p0))

    Under H0 E is a supermartingale from 1 (also for scores between 0 and 1, and however the student's competence moves
    below p0), so it ever exceeds 1 / alpha with probability at most alpha (Ville). Where log E falls below 0 a new test
    begins; the j-th test of an arm must exceed 1 / alpha_j with alpha_j = 6 error / (pi j)^2, and these add up to
    ``error``. The stage is passed when every arm of the level has passed. So a level with an arm at or below p0 is
    passed with probability at most ``error``, however often it is looked at.

    Attributes:
        error: chance that a level is ever passed too early.
        margin: how far below the threshold a competence is "too early" for sure.
        newest: share on the newest level beside its even share, 1/2 as ``Combined``.
        threshold: p1; None: each arm's mastery threshold.

    Raises:
        ValueError: a value out of range, or a margin that leaves no p0 above 0.

    Reference: A. Wald (1945), Ann. Math. Statist. 16(2) (sequential probability ratio); J. Ville (1939); S. Shin, A.
    Ramdas and A. Rinaldo (2022), arXiv:2203.03532 (e-values for sequential change detection).
    """

    error: float = 0.05
    margin: float = 0.03
    newest: float = 0.5
    threshold: float | None = None
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        if not 0 < self.error < 1:
            raise ValueError(f"error must be in (0, 1); got {self.error} (0 never passes)")
        if not 0 < self.margin < 1:
            raise ValueError(f"margin must be in (0, 1); got {self.margin} (0 leaves nothing to tell apart)")
        refuse_outside("newest", self.newest, 0, 1)
        if self.threshold is not None and not self.margin < self.threshold <= 1:
            raise ValueError(f"threshold must be in (margin, 1] = ({self.margin}, 1]; got {self.threshold}")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        self._levels = Levels(arms)
        wanted = arms.thresholds if self.threshold is None else np.full(arms.num_arms, self.threshold)
        p1 = np.minimum(wanted, _HIGHEST)
        p0 = p1 - self.margin
        if (p0 <= 0).any():
            raise ValueError(f"margin {self.margin} leaves no competence below a threshold of {p1.min():g}: lower it")
        self._success, self._failure = np.log(p1 / p0), np.log((1 - p1) / (1 - p0))  # (A,) each
        shape = (num_envs, arms.num_arms)
        return {
            "stage": np.zeros(num_envs, dtype=np.int64),
            "evidence": np.zeros(shape),  # log E
            "tests": np.ones(shape, dtype=np.int64),
            "passed": np.zeros(shape, dtype=bool),
        }

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return self._levels.mixture(state["stage"], self.newest)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        judged = self._levels.newest(state["stage"]) & seen.observed
        count = np.where(judged, seen.feedback.count, 0)
        mean = np.where(judged, seen.feedback.competence, 0.0)
        state["evidence"] += count * (mean * self._success + (1.0 - mean) * self._failure)
        needed = np.log((np.pi * state["tests"]) ** 2 / (6.0 * self.error))
        state["passed"] |= judged & (state["evidence"] >= needed)
        hopeless = judged & (state["evidence"] < 0)
        state["tests"] += hopeless
        state["evidence"][hopeless] = 0.0
        newest = self._levels.newest(state["stage"])
        through = (state["passed"] | ~newest).all(axis=1) & newest.any(axis=1)
        state["stage"] = state["stage"] + through

    def _shown(self, state: State) -> dict[str, Floats]:
        return {"stage": state["stage"].astype(np.float64), "evidence": state["evidence"].copy()}

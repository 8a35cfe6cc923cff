"""How well a student keeps what is not rehearsed, measured for free from the batches that it trains on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from teacher.loop import ArmsView, Feedback, Floats
from teacher.mixtures import floored

FORGETS = 0.14
"""The mean fall from which on a student forgets."""
_AWAY = 2  # decisions from an arm's last visit to this one, so that it was left out at least once
_LEARNED = 0.5  # competence at the last visit, from which on there is something to lose
_SURE = 2.5  # standard errors (at most) by which it must be above that
_ENOUGH = 32  # sequences from which on a visit tells something
_PRIOR = 20  # returns without a fall that are believed beforehand
_NEAR = 0.9  # share of the threshold from which on a target is near mastery
RULE = f"{_AWAY} {_LEARNED} {_SURE} {_ENOUGH} {_PRIOR}"
"""What a mean fall is measured by: figures of another rule are not comparable."""


class Retention:
    r"""Whether students forget what they do not rehearse: the mean fall of arms that come back after an absence.

    At a visit of an arm that was left out for at least one decision, the fall is f = c_before - c_now: negative where
    it got better meanwhile. It counts where both visits were of at least 32 sequences and something had been learned
    for sure, c_before - 2.5 sqrt(1 / (4 sequences)) >= 1/2: taken where c_before happened to be high, falls would be
    positive by chance. Over the n returns so far::

        mean fall = sum f / (n + 20)

    From 0.14 on a student counts as one that forgets, and for good: who rehearses lets nothing fall that could show it.
    It is given some of everything (``spread``), and all targets alike as soon as none showed less than 0.9 of its
    threshold at its last visit: who is taught what has just fallen lets fall what is not taught, on and on.

    In 696 lifetimes of an LSTM the mean fall never got above 0.12, in 38 of a TCN or a Transformer always to 0.15:
    those that 0.14 was set on (``benchmarks.studies.retention``). Where all arms are drawn whatever the mixture is
    (``weighting="loss"``) none is ever away, and no student forgets. The arrays live in the teacher's own state.
    """

    def start(self, num_envs: int, num_arms: int) -> dict[str, NDArray[Any]]:
        """The state of K new lifetimes, ``forgets`` (K,) among it."""
        shape = (num_envs, num_arms)
        return {
            "left_at": np.zeros(shape),  # competence at the last visit
            "left_count": np.zeros(shape, dtype=np.int64),  # sequences of it
            "away": np.zeros(shape, dtype=np.int64),  # decisions since
            "fallen": np.zeros(num_envs),
            "returns": np.zeros(num_envs, dtype=np.int64),
            "forgets": np.zeros(num_envs, dtype=bool),
        }

    def take(self, state: dict[str, Any], feedback: Feedback) -> None:
        """Changes the state by what a decision showed."""
        visited = (feedback.count > 0) & (feedback.share is None or feedback.share > 0)  # drawn, not probed
        state["away"] += 1
        sure = state["left_at"] - _SURE * np.sqrt(0.25 / np.maximum(state["left_count"], 1)) >= _LEARNED
        enough = np.minimum(state["left_count"], feedback.count) >= _ENOUGH
        back = visited & (state["away"] >= _AWAY) & enough & sure
        fall = np.where(back, state["left_at"] - np.where(back, feedback.competence, 0.0), 0.0)
        state["fallen"] += fall.sum(axis=1)
        state["returns"] += back.sum(axis=1)
        state["left_at"][visited] = feedback.competence[visited]
        state["left_count"][visited] = feedback.count[visited]
        state["away"][visited] = 0
        state["forgets"] |= self.mean_fall(state) >= FORGETS

    def spread(
        self,
        state: dict[str, Any],
        mixture: Floats,
        share: float,
        arms: ArmsView,
        among: NDArray[np.bool_] | None = None,
    ) -> Floats:
        """The mixture ``(K, A)``: with ``share`` over all arms for students that forget, as it is for others.

        Near mastery the rest, too, is not the teacher's: it goes to all targets alike.

        Args:
            state: of K lifetimes.
            mixture: the teacher's own.
            share: of the mixture that is spread over all arms.
            arms: whose targets and thresholds count.
            among: ``(K, A)``, False for padding; None: there is none.
        """
        forgets = state["forgets"][:, None]
        real = np.ones_like(mixture, dtype=bool) if among is None else among
        targets = real & arms.targets
        shown = (state["left_count"] >= _ENOUGH) & (state["left_at"] >= _NEAR * arms.thresholds)
        near = forgets & targets.any(axis=1, keepdims=True) & (shown | ~targets).all(axis=1, keepdims=True)
        rest = np.where(near, targets / np.maximum(targets.sum(axis=1, keepdims=True), 1), mixture)
        return floored(rest, np.where(forgets, share, 0.0), real)

    def mean_fall(self, state: dict[str, Any]) -> Floats:
        """``(K,)``, in units of competence."""
        mean: Floats = state["fallen"] / (state["returns"] + _PRIOR)
        return mean

    def shown(self, state: dict[str, Any]) -> dict[str, Floats]:
        """For the trace: ``mean_fall`` (K,), and ``forgets`` (K,), 1 from when the student counts as one that does."""
        return {"mean_fall": self.mean_fall(state), "forgets": state["forgets"].astype(np.float64)}

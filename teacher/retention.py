"""How well a student keeps what is not rehearsed, measured for free from the batches that it trains on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from teacher.loop import Feedback, Floats

_AWAY = 2  # decisions since an arm's last visit, from which on coming back to it tells something
_LEARNED = 0.5  # competence at the last visit, from which on there is something to lose
_PRIOR = 20.0  # returns without a loss that are believed beforehand
_FORGETS = 0.14  # mean loss from which on a student forgets


class Retention:
    r"""Whether students forget what they do not rehearse: the mean loss on arms that come back after an absence.

    At a visit of arm a that was away for at least two decisions, and whose competence was at least 1/2 at the visit
    before, the loss is l = c_before - c_now: negative where it got better meanwhile, so that noise averages out. Over
    the n returns so far::

        forgetting = sum l / (n + 20)

    A student forgets from 0.14 on, and for good: who rehearses loses nothing that could show it. In 676 lifetimes of an
    LSTM it never got above 0.12, in 38 of a TCN or a Transformer always to 0.16 (``benchmarks.studies.retention``). The
    arrays live in the teacher's own state.
    """

    def start(self, num_envs: int, num_arms: int) -> dict[str, NDArray[Any]]:
        """The state of K new lifetimes, ``forgets`` (K,) among it."""
        shape = (num_envs, num_arms)
        return {
            "left_at": np.zeros(shape),  # competence at the last visit
            "away": np.zeros(shape, dtype=np.int64),  # decisions since
            "lost": np.zeros(num_envs),
            "returns": np.zeros(num_envs, dtype=np.int64),
            "forgets": np.zeros(num_envs, dtype=bool),
        }

    def take(self, state: dict[str, Any], feedback: Feedback) -> None:
        """Changes the state by what a decision showed."""
        visited = feedback.count > 0
        state["away"] += 1
        back = visited & (state["away"] >= _AWAY) & (state["left_at"] >= _LEARNED)
        loss = np.where(back, state["left_at"] - np.where(back, feedback.competence, 0.0), 0.0)
        state["lost"] += loss.sum(axis=1)
        state["returns"] += back.sum(axis=1)
        state["left_at"][visited] = feedback.competence[visited]
        state["away"][visited] = 0
        state["forgets"] |= self.forgetting(state) >= _FORGETS

    def forgetting(self, state: dict[str, Any]) -> Floats:
        """The mean loss ``(K,)``, in units of competence."""
        mean: Floats = state["lost"] / (state["returns"] + _PRIOR)
        return mean

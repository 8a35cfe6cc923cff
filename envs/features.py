"""The observation: features of every arm, free of probes, shared by the real and the simulated environment.

Each arm has one row of numbers, the global ones repeated in it, so a policy that shares its network over arms works for
any number of arms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.batch import Floats, Ints
from envs.suite import Arms

_FAST, _SLOW = 0.3, 0.05  # weights of a new value in the two averages, per decision in which the arm was seen
_STALE = 20.0  # decisions after which an unseen arm's staleness is 1 - 1/e


def feature_names(arms: Arms) -> tuple[str, ...]:
    """The names of the F features, in order. Losses are in units of log V (uniform guessing is 1)."""
    return (
        "competence_fast",
        "competence_slow",
        "competence_trend",
        "loss_fast",
        "loss_slow",
        "loss_trend",
        "staleness",
        "visit_share",
        "visited",
        "is_target",
        *(f"coordinate_{axis}" for axis in arms.axes),
        "budget_used",
        "target_competence",
        "arms_visited",
    )


class ArmFeatures:
    """Running features of A arms for K learners.

    Args:
        arms: the arms.
        num_envs: K.
        vocab_size: V, the unit of the loss features is log V.
    """

    def __init__(self, arms: Arms, num_envs: int, vocab_size: int):
        self._arms, self._unit = arms, float(np.log(max(2, vocab_size)))
        self._shape = (num_envs, arms.num_arms)
        self.names = feature_names(arms)
        low = [-1.0 if name.endswith("trend") else 0.0 for name in self.names]
        high = [2.0 if name in ("loss_fast", "loss_slow", "loss_trend") else 1.0 for name in self.names]
        low[self.names.index("loss_trend")] = -2.0
        self.low = np.tile(np.array(low, dtype=np.float32), (arms.num_arms, 1))  # (A, F)
        self.high = np.tile(np.array(high, dtype=np.float32), (arms.num_arms, 1))
        self.reset()

    def reset(self) -> None:
        """Forgets all."""
        # Four averages: competence fast and slow, loss fast and slow. Unseen: competence 0, loss of uniform guessing.
        self._averages = np.zeros((4, *self._shape))
        self._averages[2:] = 1.0
        self._visits = np.zeros(self._shape, dtype=np.int64)  # sequences
        self._unseen_for = np.zeros(self._shape)  # decisions since the last visit, or since the start

    def update(self, competence: Floats, loss: Floats, count: Ints) -> None:
        """Takes in one decision: each ``(K, A)``; arms with count zero were not seen."""
        seen = count > 0
        values = np.stack(
            [competence, competence, np.minimum(loss / self._unit, 2.0), np.minimum(loss / self._unit, 2.0)]
        )
        first = seen & (self._visits == 0)
        step = np.where(first, 1.0, np.array([_FAST, _SLOW, _FAST, _SLOW])[:, None, None])  # (4, K, A)
        self._averages += np.where(seen, step * (values - self._averages), 0.0)
        self._visits += count
        self._unseen_for = np.where(seen, 0.0, self._unseen_for + 1.0)

    def observe(self, budget_used: float) -> NDArray[np.float32]:
        """The observation ``(K, A, F)``, finite and within ``low`` and ``high``."""
        competence_fast, competence_slow, loss_fast, loss_slow = self._averages
        visited = self._visits > 0
        total = np.maximum(self._visits.sum(axis=1, keepdims=True), 1)
        per_arm = [
            competence_fast,
            competence_slow,
            competence_fast - competence_slow,
            loss_fast,
            loss_slow,
            loss_slow - loss_fast,
            1.0 - np.exp(-self._unseen_for / _STALE),
            self._visits / total,
            visited,
            np.broadcast_to(self._arms.targets, self._shape),
            *(np.broadcast_to(column, self._shape) for column in self._arms.coordinates.T),
        ]
        # Contiguous, so that one row is summed in the same order as one of many.
        of_targets = np.ascontiguousarray(competence_fast[:, self._arms.targets])
        target_competence = of_targets.mean(axis=1, keepdims=True)
        overall = [np.full((1, 1), budget_used), target_competence, visited.mean(axis=1, keepdims=True)]
        columns = per_arm + [np.broadcast_to(column, self._shape) for column in overall]
        stacked = np.stack(columns, axis=-1).astype(np.float32)  # (K, A, F)
        return np.clip(stacked, self.low, self.high)

    def state_dict(self) -> dict[str, Any]:
        """A copy of the running state."""
        return {"averages": self._averages.copy(), "visits": self._visits.copy(), "unseen_for": self._unseen_for.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores ``state_dict``."""
        self._averages = state["averages"].copy()
        self._visits = state["visits"].copy()
        self._unseen_for = state["unseen_for"].copy()

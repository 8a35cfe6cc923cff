"""The observation: features of every arm, free of probes, shared by the real and the simulated environment.

Each arm has one row of numbers, the global ones repeated in it, so a policy that shares its network over arms works for
any number of arms; those that do not depend on the suite (``ARM_FEATURES``) come first, then one coordinate per axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from envs.batch import Bools, Floats, Ints
from envs.neighbours import Neighbours

if TYPE_CHECKING:
    from envs.arms import Arms

# Time is measured in budgets, so that features look alike whether a lifetime has a hundred decisions or thousands.
_FAST, _SLOW = 0.01, 0.05  # time constants of the two averages of an arm, and of its recent share (slow)
_STALE = 0.05  # an unseen arm's staleness is 1 - 1/e after this time
LEAST = 0.003  # what logarithms are cut at
_TWO = ("loss_fast", "loss_slow", "loss_trend")  # losses reach twice that of uniform guessing


ARM_FEATURES = (
    "exists",  # 1; padding in batches of several suites is 0 throughout
    "is_target",
    "difficulty",  # the arm's level over the highest
    "competence_fast",
    "competence_slow",
    "competence_trend",  # fast - slow
    "loss_fast",  # in units of log V: uniform guessing is 1
    "loss_slow",
    "loss_trend",  # slow - fast
    "shortfall",  # 1 - competence_fast / threshold, cut at 0
    "easier_attained",  # 1 - shortfall, mean over the arms one step easier; 1 where there is none
    "harder_attained",  # .. one step harder; 0 where there is none
    "has_harder",
    "log_shortfall",  # logarithms, cut and scaled: 0.003 is 0, 1 is 1
    "log_error",  # .. of 1 - competence_fast
    "log_loss",  # .. of loss_fast / 2
    "log_reach",  # .. of the least attained among the arms one step easier, or of this arm where that is more
    "staleness",  # 1 - exp(-time unseen / 0.05), in budgets
    "visit_share",  # of all sequences so far
    "recent_share",  # slow average of the share of a decision's sequences
    "visited",
    "budget_used",
    "target_competence",  # mean over the targets
    "targets_mastered",  # share of the targets without shortfall
    "arms_visited",  # share of the arms
)
"""Names of the features that every suite has."""


def feature_names(axes: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the F features, in order, for arms with these axes."""
    return (*ARM_FEATURES, *(f"coordinate_{axis}" for axis in axes))


@dataclass(frozen=True, eq=False)
class Layout:
    """What is known of arms beforehand, for K rows whose arms may differ; each leading K may be 1 (the same arms).

    Attributes:
        exists: bool ``(K, A)``; False: padding.
        targets: bool ``(K, A)``; False where padded.
        thresholds: ``(K, A)``, the competence from which an arm counts as mastered; above 0.
        coordinates: ``(K, A, D)`` in [0, 1].
        difficulty: ``(K, A)`` in [0, 1], the arm's level over the highest level.
        easier: int ``(K, A, E)``, numbers of the arms one step easier than each; -1: none.
    """

    exists: Bools
    targets: Bools
    thresholds: Floats
    coordinates: Floats
    difficulty: Floats
    easier: Ints

    @classmethod
    def of(cls, arms: Arms) -> Layout:
        """The layout of one suite's arms, K = 1."""
        difficulty = arms.levels / max(1, int(arms.levels.max(initial=0)))
        exists = np.ones((1, arms.num_arms), dtype=bool)
        return cls(
            exists,
            arms.targets[None],
            arms.thresholds[None],
            arms.coordinates[None],
            difficulty[None],
            arms.easier[None],
        )


class ArmFeatures:
    """Running features of A arms for K learners.

    Args:
        layout: what is known of the arms.
        num_envs: K.
        loss_unit: the loss of uniform guessing in nats, log V: losses are in this unit.
        axes: names of the D axes.
    """

    def __init__(self, layout: Layout, num_envs: int, loss_unit: float, axes: tuple[str, ...]):
        self._layout, self._unit = layout, loss_unit
        num_arms = layout.exists.shape[1]
        self._shape = (num_envs, num_arms)
        self.names = feature_names(axes)
        self._neighbours = Neighbours(layout.easier, num_envs)
        self._fixed()
        low = [-1.0 if name.endswith("trend") else 0.0 for name in self.names]
        high = [2.0 if name in _TWO else 1.0 for name in self.names]
        low[self.names.index("loss_trend")] = -2.0
        self.low = np.tile(np.array(low, dtype=np.float32), (num_arms, 1))  # (A, F)
        self.high = np.tile(np.array(high, dtype=np.float32), (num_arms, 1))
        self._low, self._high = (bound[0][:, None, None] for bound in (self.low, self.high))
        # Four averages: competence fast and slow, loss fast and slow.
        self._averages = np.zeros((4, *self._shape))
        self._visits = np.zeros(self._shape, dtype=np.int64)  # sequences
        self._recent = np.zeros(self._shape)  # slow average of the share of sequences
        self._unseen_for = np.zeros(self._shape)  # time since the last visit, or since the start
        self.reset()

    def lay_out(self, layout: Layout, rows: Bools) -> None:
        """Other arms ``(K, A)`` in some rows, of which all is forgotten."""
        self._layout = layout
        self._neighbours.lay_out(layout.easier, rows)
        self._fixed()
        self.reset(rows)

    def _fixed(self) -> None:
        """What does not change in a lifetime."""
        layout = self._layout
        self._num_targets = np.broadcast_to(layout.targets.sum(axis=1, keepdims=True), (self._shape[0], 1))
        self._num_arms = layout.exists.sum(axis=1, keepdims=True)

    def reset(self, rows: Bools | slice = slice(None)) -> None:
        """Forgets all of some rows. Unseen: competence 0, loss of uniform guessing."""
        self._averages[:2, rows] = 0.0
        self._averages[2:, rows] = 1.0
        self._visits[rows] = 0
        self._recent[rows] = 0.0
        self._unseen_for[rows] = 0.0

    def update(self, competence: Floats, loss: Floats, count: Ints, duration: float | Floats) -> None:
        """Takes in one decision: each ``(K, A)``; arms with count zero were not seen.

        An average takes in a new value with weight 1 - exp(-t / constant), t the time since the arm's last one: what
        was seen long ago counts for little.

        Args:
            competence: in [0, 1].
            loss: in nats per token.
            count: sequences.
            duration: share of the budget that the decision took, of all rows or of each ``(K,)``.
        """
        took = np.asarray(duration, dtype=np.float64).reshape(-1, 1)
        seen = count > 0
        first = seen & (self._visits == 0)
        since = self._unseen_for + took
        fast, slow = (np.where(first, 1.0, -np.expm1(-since / constant)) for constant in (_FAST, _SLOW))
        scaled = np.minimum(loss / self._unit, 2.0)
        for average, value, step in zip(
            self._averages, (competence, competence, scaled, scaled), (fast, slow, fast, slow), strict=True
        ):
            np.copyto(average, average + step * (value - average), where=seen)
        self._visits += count
        share = count / np.maximum(count.sum(axis=1, keepdims=True), 1)
        self._recent += -np.expm1(-took / _SLOW) * (share - self._recent)
        self._unseen_for = np.where(seen, 0.0, since)

    def observe(self, budget_used: float | Floats, rows: Bools | slice = slice(None)) -> NDArray[np.float32]:
        """The observation ``(K, A, F)``, finite and within ``low`` and ``high``; padding is all zeros.

        Args:
            budget_used: share of the budget that is spent, of all rows or of each ``(K,)``.
            rows: of which rows, as ``(rows, A, F)``; ``budget_used`` is of these.
        """
        layout = self._layout
        exists, targets, thresholds, difficulty, coordinates = (
            _of_rows(values, rows)
            for values in (layout.exists, layout.targets, layout.thresholds, layout.difficulty, layout.coordinates)
        )
        competence_fast, competence_slow, loss_fast, loss_slow = self._averages[:, rows]
        visits = self._visits[rows]
        visited = visits > 0
        total = np.maximum(visits.sum(axis=1, keepdims=True), 1)
        attained = np.minimum(competence_fast / thresholds, 1.0)
        shortfall = 1.0 - attained
        easier, harder, least = self._neighbours.attained(attained, rows)
        reach = np.maximum(least, attained)
        num_targets = self._num_targets[rows]
        shape = competence_fast.shape
        values = {
            "exists": exists,
            "is_target": targets,
            "difficulty": difficulty,
            "competence_fast": competence_fast,
            "competence_slow": competence_slow,
            "competence_trend": competence_fast - competence_slow,
            "loss_fast": loss_fast,
            "loss_slow": loss_slow,
            "loss_trend": loss_slow - loss_fast,
            "shortfall": shortfall,
            "easier_attained": np.where(self._neighbours.num_easier[rows] > 0, easier, 1.0),
            "harder_attained": harder,
            "has_harder": self._neighbours.num_harder[rows] > 0,
            "log_shortfall": _logarithm(shortfall),
            "log_error": _logarithm(1.0 - competence_fast),
            "log_loss": _logarithm(0.5 * loss_fast),
            "log_reach": _logarithm(reach),
            "staleness": 1.0 - np.exp(-self._unseen_for[rows] / _STALE),
            "visit_share": visits / total,
            "recent_share": self._recent[rows],
            "visited": visited,
            "budget_used": np.broadcast_to(np.asarray(budget_used, dtype=np.float64).reshape(-1, 1), shape),
            "target_competence": _mean_of(competence_fast, targets, num_targets),
            "targets_mastered": _mean_of(attained >= 1.0, targets, num_targets),
            "arms_visited": visited.sum(axis=1, keepdims=True) / _of_rows(self._num_arms, rows),
        }
        by_feature = np.empty((len(self.names), *shape), dtype=np.float32)  # written row by row: as fast as copying
        for i, name in enumerate(ARM_FEATURES):
            by_feature[i] = values[name]
        by_feature[len(ARM_FEATURES) :] = np.moveaxis(coordinates, -1, 0)
        np.clip(by_feature, self._low, self._high, out=by_feature)
        by_feature *= exists
        return np.ascontiguousarray(np.moveaxis(by_feature, 0, -1))

    def state_dict(self) -> dict[str, Any]:
        """A copy of the running state."""
        return {name: getattr(self, f"_{name}").copy() for name in ("averages", "visits", "recent", "unseen_for")}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores ``state_dict``."""
        for name in ("averages", "visits", "recent", "unseen_for"):
            setattr(self, f"_{name}", state[name].copy())


def _logarithm(values: Floats) -> Floats:
    """Of shares, cut at ``LEAST``, from 0 to 1: small ones differ as much as large ones do."""
    scaled: Floats = 1.0 - np.log(np.maximum(values, LEAST)) / np.log(LEAST)
    return scaled


def _of_rows(values: NDArray[Any], rows: Bools | slice) -> NDArray[Any]:
    """Some rows of what each row has of its own, or of what all have in common."""
    return values if len(values) == 1 else values[rows]


def _mean_of(values: NDArray[Any], targets: Bools, num_targets: Ints) -> Floats:
    """The mean over the targets of each row: ``(K, 1)``. The same sum, in the same order, for one row as for many."""
    total: Floats = np.where(targets, values, 0.0).sum(axis=1, keepdims=True)
    return total / np.maximum(num_targets, 1)

"""The TEST ladder: every arm, and arms beyond the taught range, on fixed held-out samples; and mastery by it.

The teacher never sees it, and it is not charged.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.settings import Schedule
from envs import Batch, DivergedError, Split, Student, Suite, stack
from envs.batch import Floats

_SEED = 0  # the TEST samples are the same for every lifetime, whatever its seed


class Ladder:
    """Evaluates a student of one learner, and says when it has mastered the suite.

    Mastery: every target arm's competence is at its threshold at two consecutive evaluations; the first counts.

    Args:
        suite: the arms.
        size: sequences per target arm (at least 512 for a result to be quoted).
        other_size: sequences per auxiliary arm and per arm beyond the taught range.
    """

    def __init__(self, suite: Suite, size: int = 512, other_size: int = 128):
        self.suite = suite
        self.rows: list[dict[str, Any]] = []
        self.mastered_at: dict[str, Any] | None = None
        judged = [*suite.arms.targets.tolist(), *[False] * suite.num_beyond]
        sizes = [size if target else other_size for target in judged]
        self._batches: list[Batch] = [stack([suite.batch(arm, 0, _SEED, Split.TEST, n)]) for arm, n in enumerate(sizes)]
        self._candidate: dict[str, Any] | None = None

    @property
    def tokens(self) -> int:
        """Tokens of one evaluation: its forwards, in forward-equivalents."""
        return sum(batch.tokens.size for batch in self._batches)

    def evaluate(self, student: Student, costs: dict[str, int]) -> Floats:
        """Adds a row per arm; returns the competence of the taught arms ``(A,)``.

        Args:
            student: one learner.
            costs: ``updates, tokens, forward_equivalents`` so far.

        Raises:
            DivergedError: a loss is not finite.
        """
        scores = np.zeros((3, len(self._batches)))
        for arm, batch in enumerate(self._batches):
            got = student.evaluate(batch)
            scores[:, arm] = got.loss.mean(), got.token_accuracy.mean(), got.sequence_accuracy.mean()
        if not np.isfinite(scores[0]).all():
            arm = int(np.argmin(np.isfinite(scores[0])))
            raise DivergedError(
                f"loss on TEST became {scores[0, arm]} after {costs['updates']} updates, arm {arm} "
                f"({self.suite.arm_name(arm)}): lower the learning rate or clip gradients harder"
            )
        taught = self.suite.num_arms
        competence = np.empty(len(self._batches))
        competence[:taught] = self.suite.competence(*scores[:, :taught])
        for arm in range(taught, len(self._batches)):
            competence[arm] = self.suite.task_of(arm)[0].competence(*scores[:, arm])
        for arm in range(len(self._batches)):
            loss, token_accuracy, sequence_accuracy = map(float, scores[:, arm])
            self.rows.append(
                {
                    **costs,
                    "arm": arm,
                    "arm_name": self.suite.arm_name(arm),
                    "level": self.suite.level_name(arm),
                    "taught": arm < taught,
                    "target": arm < taught and bool(self.suite.arms.targets[arm]),
                    "loss": loss,
                    "token_accuracy": token_accuracy,
                    "sequence_accuracy": sequence_accuracy,
                    "competence": float(competence[arm]),
                }
            )
        self._judge(competence[:taught], costs)
        return competence[:taught]

    def _judge(self, competence: Floats, costs: dict[str, int]) -> None:
        passed = (competence >= self.suite.thresholds)[self.suite.arms.targets].all()
        if passed and self._candidate is not None and self.mastered_at is None:
            self.mastered_at = self._candidate
        self._candidate = (self._candidate or dict(costs)) if passed else None

    def state_dict(self) -> dict[str, Any]:
        """Rows and judgement so far."""
        return {"rows": list(self.rows), "mastered_at": self.mastered_at, "candidate": self._candidate}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where ``state_dict`` was taken."""
        self.rows = list(state["rows"])
        self.mastered_at, self._candidate = state["mastered_at"], state["candidate"]


def forgetting(rows: list[dict[str, Any]]) -> float:
    """How far the target arms lie below their best so far, mean over arms and evaluations: 0, nothing was forgotten."""
    targets = [row for row in rows if row["target"]]
    if not targets:
        return 0.0
    num_arms = len({row["arm"] for row in targets})
    competence = np.array([row["competence"] for row in targets]).reshape(-1, num_arms)  # (evaluations, arms)
    return float((np.maximum.accumulate(competence, axis=0) - competence).mean())


def area_under_curve(rows: list[dict[str, Any]], budget: int) -> float:
    """Mean over the budget (in updates) of the targets' mean competence: trapezoids, the last value held to the end.

    The curve starts at competence 0: an untrained student.
    """
    curve: dict[int, list[float]] = {}
    for row in rows:
        if row["target"]:
            curve.setdefault(row["updates"], []).append(row["competence"])
    updates = np.array([0, *curve, budget])
    means = [float(np.mean(values)) for values in curve.values()]
    return float(np.trapezoid([0.0, *means, means[-1]], updates) / budget)


def ladder_share(suite: Suite, schedule: Schedule) -> float:
    """Forward-equivalents of an evaluation over those of the training between two, arms drawn uniformly."""
    lengths = [suite.batch(arm, 0, _SEED, Split.TRAIN, 1).tokens.shape[1] for arm in range(suite.num_arms)]
    training = 3 * schedule.evaluate_every * schedule.batch_size * float(np.mean(lengths))
    return Ladder(suite).tokens / training

"""One decision of K learners: what happened in it, and the tools with which signals measure more.

Every forward that a tool takes is charged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.batch import Batch, Floats, Ints, Scores, stack
from envs.learner import DivergedError, Student
from envs.suite import Split, Suite


@dataclass(frozen=True, slots=True, eq=False)
class ArmScores:
    """Mean scores per arm, each float64 ``(K, A)``; zero where ``count`` (sequences) is zero."""

    loss: Floats
    token_accuracy: Floats
    sequence_accuracy: Floats
    count: Ints

    @classmethod
    def zeros(cls, num_learners: int, num_arms: int) -> ArmScores:
        """Nothing measured."""
        shape = (num_learners, num_arms)
        return cls(np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.int64))

    def add(self, rows: Ints, arms: Ints, scores: Scores) -> None:
        """Adds sequences, as sums: ``rows`` and ``arms`` broadcast to the scores. ``means`` ends the summing."""
        rows, arms = np.broadcast_to(rows, scores.loss.shape), np.broadcast_to(arms, scores.loss.shape)
        for total, new in (
            (self.loss, scores.loss),
            (self.token_accuracy, scores.token_accuracy),
            (self.sequence_accuracy, scores.sequence_accuracy),
            (self.count, 1),
        ):
            np.add.at(total, (rows, arms), new)

    def means(self) -> ArmScores:
        """From sums to means."""
        n = np.maximum(self.count, 1)
        return ArmScores(self.loss / n, self.token_accuracy / n, self.sequence_accuracy / n, self.count)


class Decision:
    """One decision of K learners: who drew which arms, what training scored, and the tools to measure more.

    Args:
        suite: the arms.
        student: the learners.
        seeds: ``(K,)``, the seed of each learner's data streams.
        number: count of decisions before this one.
        drawn: bool ``(K, A)``, the arms that this decision trains on.
        last_competence: ``(K, A)``, competence at each arm's last visit; 0 before the first.
        probe_size: sequences per probe of an arm.
        last_loss: ``(K, A)``, mean loss at each arm's last visit; NaN before the first; None: no arm was visited yet.
    """

    def __init__(
        self,
        suite: Suite,
        student: Student,
        seeds: Sequence[int],
        number: int,
        drawn: NDArray[np.bool_],
        last_competence: Floats,
        probe_size: int,
        last_loss: Floats | None = None,
    ):
        self.suite, self.student, self.seeds, self.number = suite, student, seeds, number
        self.drawn, self.last_competence, self.probe_size = drawn, last_competence, probe_size
        self.last_loss = np.full(drawn.shape, np.nan) if last_loss is None else last_loss
        num_learners = len(drawn)
        self.probed_tokens = np.zeros(num_learners, dtype=np.int64)
        self._rows = np.arange(num_learners)[:, None]
        self._steps: list[tuple[Batch, Scores]] = []

    def record(self, batch: Batch, scores: Scores) -> None:
        """Takes in one training step on a ``(K, B, T)`` batch. Kept as cheap as can be: ``close`` does the sums."""
        self._steps.append((batch, scores))

    def close(self) -> None:
        """Sums up the training steps, once all are recorded.

        Raises:
            DivergedError: a loss or a gradient norm is not finite.
        """
        self.num_updates = len(self._steps)
        # Updates may differ in B (token budgets), so they are laid side by side, not stacked.
        arms = np.concatenate([_arms(batch) for batch, _ in self._steps], axis=1)  # (K, sum of B)
        names = ("loss", "token_accuracy", "sequence_accuracy")
        loss, token, sequence = (np.concatenate([getattr(s, n) for _, s in self._steps], axis=1) for n in names)
        scores = Scores(loss, token, sequence)
        norms = [s.gradient_norm for _, s in self._steps if s.gradient_norm is not None]
        # A gradient that is not finite spoils the weights before any loss shows it.
        if not np.isfinite(scores.loss).all() or not np.isfinite(norms).all():
            self._refuse()
        sums = ArmScores.zeros(*self.drawn.shape)
        sums.add(self._rows, arms, scores)
        self.training = sums.means()
        self.tokens = np.array([batch.token_counts() for batch, _ in self._steps], dtype=np.float64)  # (updates, K)
        self.trained_tokens: Ints = self.tokens.sum(axis=0).astype(np.int64)
        unknown = np.zeros(len(self.drawn))
        self.update_norms = np.array([s.measures.get("update_norm", unknown) for _, s in self._steps])  # (updates, K)
        # Added up one by one: numpy's own sum over updates rounds differently for one learner and for several.
        total: Floats = np.zeros(len(self.drawn))
        for norm in norms:
            total = total + norm**2
        self.mean_squared_norm = total / max(1, len(norms))

    def _refuse(self) -> None:
        """Raises ``DivergedError`` for the first loss or gradient norm that is not finite."""
        for update, (batch, scores) in enumerate(self._steps):
            norm = scores.gradient_norm
            for what, values in (("loss", scores.loss), ("gradient norm", None if norm is None else norm[:, None])):
                if values is not None and not np.isfinite(values).all():
                    k, b = (int(i) for i in np.argwhere(~np.isfinite(values))[0])
                    arm = int(_arms(batch)[k, b])
                    raise DivergedError(
                        f"{what} became {values[k, b]} at decision {self.number}, update {update} of it, arm {arm} "
                        f"({self.suite.arm_name(arm)}), learner {k} (seed {self.seeds[k]}): lower the learning rate or "
                        "clip gradients harder"
                    )

    def probe(self, arms: NDArray[np.bool_], fresh: int = 0) -> ArmScores:
        """Measures arms ``(K, A)`` on held-out PROBE batches, charged; the same batches for the same ``fresh``."""
        sums = ArmScores.zeros(*arms.shape)
        for batch, live in self.probes(arms, fresh):
            scores = self.student.evaluate(batch)
            kept = Scores(scores.loss[live], scores.token_accuracy[live], scores.sequence_accuracy[live])
            sums.add(self._rows[live], _arms(batch)[live], kept)
        return sums.means()

    def probes(self, arms: NDArray[np.bool_], fresh: int = 0) -> Iterator[tuple[Batch, NDArray[np.bool_]]]:
        """The PROBE batches ``(K, B, T)`` of arms ``(K, A)``, one arm of each learner at a time, one forward charged.

        Learners with fewer arms repeat their last one, since shapes must agree: which learners are ``live`` ``(K,)``
        comes with each batch; the others are neither charged nor to be counted.
        """
        queue = [list(np.flatnonzero(row)) for row in arms]
        for turn in range(max(map(len, queue), default=0)):
            chosen = [q[min(turn, len(q) - 1)] if q else 0 for q in queue]
            live = np.array([turn < len(q) for q in queue])
            batch = stack(
                [
                    self.suite.batch(int(a), 2 * self.number + fresh, seed, Split.PROBE, self.probe_size)
                    for a, seed in zip(chosen, self.seeds, strict=True)
                ]
            )
            self.probed_tokens += batch.token_counts() * live
            yield batch, live

    def measure(self, name: str, signal: str) -> Floats:
        """Mean over the decision's updates of what ``train`` reported under ``Scores.measures[name]``: ``(K,)``.

        Raises:
            ValueError: the student does not report it.
        """
        total: Floats = np.zeros(len(self.drawn))
        for _, scores in self._steps:
            if name not in scores.measures:
                raise ValueError(
                    f"signal {signal} needs a student whose train() reports {name!r} in Scores.measures "
                    "(modules in student.Variational do; --lstm.uncertain); "
                    f"got {type(self.student).__name__} with {sorted(scores.measures)}"
                )
            total = total + scores.measures[name]
        return total / len(self._steps)

    def loss_change_on_first_batches(self) -> Floats:
        """Loss before minus loss now, per arm, on the batch in which the arm came up first: ``(K, A)``, charged."""
        change, count = np.zeros(self.drawn.shape), np.zeros(self.drawn.shape)
        first = [self._first_batches(k) for k in range(len(self.drawn))]
        for turn in range(max(map(len, first))):
            picked = [own[min(turn, len(own) - 1)] for own in first]
            now = self.student.evaluate(
                stack([self._steps[update][0].learner(k) for k, (update, _) in enumerate(picked)])
            )
            for k, (update, new) in enumerate(picked):
                if turn < len(first[k]):
                    batch, before = self._steps[update]
                    arms = _arms(batch)[k, new]
                    np.add.at(change[k], arms, before.loss[k, new] - now.loss[k, new])
                    np.add.at(count[k], arms, 1)
                    self.probed_tokens[k] += batch.token_counts()[k]
        return change / np.maximum(count, 1)

    def _first_batches(self, k: int) -> list[tuple[int, NDArray[np.bool_]]]:
        """The updates in which an arm of learner k came up first, with its sequences ``(B,)`` in them."""
        unseen, found = self.drawn[k].copy(), []
        for update, (batch, _) in enumerate(self._steps):
            arms = _arms(batch)[k]
            new = unseen[arms]
            if new.any():
                found.append((update, new))
                unseen[arms] = False
        return found


def _arms(batch: Batch) -> Ints:
    assert batch.arms is not None  # the environment's batches always bear their arms
    return batch.arms

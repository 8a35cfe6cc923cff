"""Learning-progress signals: what a student gained from a decision.

A signal is a generator function over a ``Decision``: it measures, yields while the student trains, measures again and
returns the gain of each arm, ``(K, A)``. Every forward it takes is charged. Gains are in nats per target token
(competence for ``accuracy_gain``); positive is better. So the division by the length of the trained batch, which Graves
et al. make in their reward scaling, is already in PG and SPG; TPG, MPG and GPG are not divided by it here.

Reference: A. Graves et al., Automated Curriculum Learning for Neural Networks (2017), arXiv:1704.03003, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
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
    ):
        self.suite, self.student, self.seeds, self.number = suite, student, seeds, number
        self.drawn, self.last_competence, self.probe_size = drawn, last_competence, probe_size
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
        arms = np.stack([_arms(batch) for batch, _ in self._steps])  # (updates, K, B)
        names = ("loss", "token_accuracy", "sequence_accuracy")
        scores = Scores(*(np.stack([getattr(s, name) for _, s in self._steps]) for name in names))
        norms = [s.gradient_norm for _, s in self._steps if s.gradient_norm is not None]
        self._refuse("loss", scores.loss, arms)
        if norms:  # a gradient that is not finite spoils the weights before any loss shows it
            self._refuse("gradient norm", np.stack(norms)[:, :, None], arms)
        sums = ArmScores.zeros(*self.drawn.shape)
        sums.add(self._rows, arms, scores)
        self.training = sums.means()
        self.trained_tokens: Ints = np.sum([batch.token_counts() for batch, _ in self._steps], axis=0)
        # Added up one by one: numpy's own sum over updates rounds differently for one learner and for several.
        total: Floats = np.zeros(len(self.drawn))
        for norm in norms:
            total = total + norm**2
        self.mean_squared_norm = total / max(1, len(norms))

    def _refuse(self, what: str, values: Floats, arms: Ints) -> None:
        """Raises ``DivergedError`` for the first of ``(updates, K, B or 1)`` values that is not finite."""
        bad = ~np.isfinite(values)
        if bad.any():
            update, k, b = (int(i) for i in np.argwhere(bad)[0])
            arm = int(arms[update, k, b])
            raise DivergedError(
                f"{what} became {values[update, k, b]} at decision {self.number}, update {update} of it, arm {arm} "
                f"({self.suite.arm_name(arm)}), learner {k} (seed {self.seeds[k]}): lower the learning rate or clip "
                "gradients harder"
            )

    def probe(self, arms: NDArray[np.bool_], fresh: int = 0) -> ArmScores:
        """Measures arms ``(K, A)`` on held-out PROBE batches, charged; the same batches for the same ``fresh``."""
        sums = ArmScores.zeros(*arms.shape)
        queue = [list(np.flatnonzero(row)) for row in arms]
        for turn in range(max(map(len, queue), default=0)):
            # Learners with fewer arms repeat their last one: their shapes must agree; it is neither charged nor
            # counted.
            chosen = [q[min(turn, len(q) - 1)] if q else 0 for q in queue]
            live = np.array([turn < len(q) for q in queue])
            batch = stack(
                [
                    self.suite.batch(int(a), 2 * self.number + fresh, seed, Split.PROBE, self.probe_size)
                    for a, seed in zip(chosen, self.seeds, strict=True)
                ]
            )
            scores = self.student.evaluate(batch)
            kept = Scores(scores.loss[live], scores.token_accuracy[live], scores.sequence_accuracy[live])
            sums.add(self._rows[live], np.array(chosen)[live, None], kept)
            self.probed_tokens += batch.token_counts() * live
        return sums.means()

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


Signal = Callable[[Decision], Generator[None, None, Floats]]


def prediction_gain(decision: Decision) -> Generator[None, None, Floats]:
    """PG = L(x, theta) - L(x, theta') on the trained batch itself (Graves et al. 2017, eq. 6). Cost: one forward.

    The loss before comes free with the training step.
    """
    yield
    return decision.loss_change_on_first_batches()


def self_prediction_gain(decision: Decision) -> Generator[None, None, Floats]:
    """SPG: as PG, on a fresh batch of the same arm (eq. 8): fitting the batch itself earns nothing. Two forwards."""
    before = decision.probe(decision.drawn).loss
    yield
    return before - decision.probe(decision.drawn).loss


def _elsewhere(decision: Decision, candidates: NDArray[np.bool_]) -> Generator[None, None, Floats]:
    """Gain on one arm drawn uniformly from candidates ``(A,)``, credited to the one arm that was trained."""
    choices = np.flatnonzero(candidates)
    asked = np.zeros_like(decision.drawn)
    for k, seed in enumerate(decision.seeds):
        rng = np.random.default_rng([seed, _ELSEWHERE_STREAM, decision.number])
        asked[k, rng.choice(choices)] = True
    before = decision.probe(asked).loss
    yield
    change = (before - decision.probe(asked).loss).sum(axis=1)  # (K,)
    return np.where(decision.drawn, change[:, None], 0.0)


def target_prediction_gain(decision: Decision) -> Generator[None, None, Floats]:
    """TPG: loss change on a random target arm (eq. 9), credited to the trained arm. Cost: two forwards."""
    return _elsewhere(decision, decision.suite.arms.targets)


def mean_prediction_gain(decision: Decision) -> Generator[None, None, Floats]:
    """MPG: loss change on a random arm (eq. 10), credited to the trained arm. Cost: two forwards."""
    return _elsewhere(decision, np.ones(decision.suite.num_arms, dtype=bool))


def gradient_prediction_gain(decision: Decision) -> Generator[None, None, Floats]:
    """GPG = ||grad L||^2 (eq. 7), mean over the decision's updates, credited to the trained arm. Cost: none."""
    yield
    return np.where(decision.drawn, decision.mean_squared_norm[:, None], 0.0)


def accuracy_gain(decision: Decision) -> Generator[None, None, Floats]:
    """Competence in this decision's training batches minus that of the arm's last visit (0 before). Cost: none.

    Reference: T. Matiisen et al. (2017), arXiv:1707.00183, section 3 (reward x_t - x_t').
    """
    yield
    now = decision.training
    competence = decision.suite.competence(now.loss, now.token_accuracy, now.sequence_accuracy)
    return np.where(decision.drawn, competence - decision.last_competence, 0.0)


_ELSEWHERE_STREAM = 102  # keeps these draws apart from the data streams (splits 0-2) and the arm draws (101)

SIGNALS: dict[str, Signal] = {
    "accuracy_gain": accuracy_gain,
    "PG": prediction_gain,
    "SPG": self_prediction_gain,
    "TPG": target_prediction_gain,
    "MPG": mean_prediction_gain,
    "GPG": gradient_prediction_gain,
}
NEEDS_ONE_ARM = frozenset({"TPG", "MPG", "GPG"})
"""Signals that credit one arm: a decision must hold one (``redraw="decision"``)."""

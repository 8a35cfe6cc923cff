"""Signals of prediction: what a decision changed in losses and accuracies.

A signal is a generator function over a ``Decision``: it measures, yields while the student trains, measures again and
returns the gain of each arm, ``(K, A)``. Every forward it takes is charged. Gains are in nats per target token
(competence for ``accuracy_gain``); positive is better. So the division by the length of the trained batch, which Graves
et al. make in their reward scaling, is already in PG and SPG; TPG, MPG and GPG are not divided by it here.

Reference: A. Graves et al., Automated Curriculum Learning for Neural Networks (2017), arXiv:1704.03003, section 3.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from envs.batch import Floats
from envs.progress.decision import Decision


def prediction_gain(decision: Decision) -> Generator[None, None, Floats]:
    """PG = L(x, theta) - L(x, theta') on the trained batch itself (Graves et al. 2017, eq. 6). Cost: one forward.

    The loss before comes free with the training step, so it is taken in training mode: with dropout it lies above the
    loss after even where nothing is learned. Use SPG for such students.
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


def accuracy_gain(decision: Decision) -> Generator[None, None, Floats]:
    """Competence in this decision's training batches minus that of the arm's last visit (0 before). Cost: none.

    Reference: T. Matiisen et al. (2017), arXiv:1707.00183, section 3 (reward x_t - x_t').
    """
    yield
    now = decision.training
    competence = decision.suite.competence(now.loss, now.token_accuracy, now.sequence_accuracy)
    return np.where(decision.drawn, competence - decision.last_competence, 0.0)


def loss_decay_rate(decision: Decision) -> Generator[None, None, Floats]:
    """Log of the arm's loss at its last visit over its loss now (0 at the first visit). Cost: none.

    The relative fall of the training loss, so that an arm of large loss is not preferred for its scale. In units of
    one (an e-fold); losses below 1e-6 count as 1e-6.
    """
    yield
    now, before = np.maximum(decision.training.loss, _LEAST_LOSS), np.maximum(decision.last_loss, _LEAST_LOSS)
    return np.where(decision.drawn & np.isfinite(before), np.log(before / now), 0.0)


_LEAST_LOSS = 1e-6
_ELSEWHERE_STREAM = 102  # keeps these draws apart from the data streams (splits 0-2) and the arm draws (101)

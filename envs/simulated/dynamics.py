"""How a simulated student learns: from a decision's share of training on each arm to progress, accuracy and loss."""

from __future__ import annotations

import numpy as np

from envs.batch import Bools, Floats
from envs.simulated.lifetimes import Lifetimes

_LOSS_NOISE = 0.4  # relative deviation of one sequence's loss: it averages over tokens, as an exact match does not
_ALL = slice(None)
_MOST_HELD, _CROWDING = 1.3, 10.0  # progress of an arm, and forgetting per budget, of a student that is full


def advance(rng: np.random.Generator, of: Lifetimes, progress: Floats, share: Floats, decision: Floats) -> Floats:
    r"""Progress ``(K, A)`` after a decision in which arm a had ``share`` ``(K, A)`` of the updates.

    With x the progress (1: mastered), q_b = min(1, c_b / m_b) the attained competence, T transfer, Z harm::

        gate_a  = g + (1 - g) (prod over prerequisites b of q_b) ^ kappa
        e_a     = (sum_b T_ab share_b) ^ rho
        x_a    += speed_t gate_a e_a / time_a - x_a sum_b Z_ab share_b / time_b
        x_a    *= exp(-f (1 - min(1, e_a)) - h exp(-sum_b T_ab share_b / r))

    with rho the returns on a share, h, r the swift forgetting and the rehearsal that slows it; and where
    sum_a min(1, x_a) exceeds the capacity, no x_a stays above 1.3 and f is larger by 10 / H.

    Args:
        rng: for noise and set-backs.
        of: the lifetimes' properties.
        progress: ``(K, A)``.
        share: ``(K, A)``, rows sum to one.
        decision: ``(K, 1)``, decisions taken before this one.
    """
    used = decision / of.decisions[:, None]
    attained = np.minimum(competence(of, progress) / of.thresholds, 1.0)
    parents = of.structure.parents
    first = np.arange(len(progress))[:, None] * progress.shape[1]
    met = np.ones_like(progress)
    for which in range(parents.shape[-1]):
        parent = parents[..., which]
        met *= np.where(parent >= 0, attained.take(first + np.maximum(parent, 0)), 1.0)
    gate = of.gate_floor + (1.0 - of.gate_floor) * met**of.gate_power
    given = (of.transfer @ share[:, :, None])[..., 0]
    effort = given**of.returns
    noise = rng.standard_normal((len(progress), 1)) * of.rate_noise
    warm = 1.0 - np.exp(-(used + 1e-3) / np.maximum(of.warm_up, 1e-6))
    speed = np.exp(noise) * warm * (1.0 + (of.final_speed - 1.0) * used)
    taken = (of.harm @ (share / of.time)[:, :, None])[..., 0]
    moved = progress + speed * gate * effort / of.time - progress * np.minimum(taken, 1.0)
    held = np.where(of.structure.exists, np.minimum(moved, 1.0), 0.0)  # padding holds nothing
    full = held.sum(axis=1, keepdims=True) > of.capacity
    moved = np.where(full, np.minimum(moved, _MOST_HELD), moved)
    faded = (of.forgetting + np.where(full, _CROWDING / of.decisions[:, None], 0.0)) * (1.0 - np.minimum(effort, 1.0))
    if of.swift.any():
        faded = faded + of.swift * np.exp(-given / of.rehearsal)
    moved *= np.exp(-faded)
    drifts = (used < of.drift_at) & (used + 1.0 / of.decisions[:, None] >= of.drift_at)
    moved = np.where(drifts, moved * of.drift, moved)
    setback = rng.random((len(progress), 1)) < of.spikes
    return np.where(setback, 0.6 * moved, moved)


def at_hand(rng: np.random.Generator, of: Lifetimes, progress: Floats) -> Floats:
    """The progress that shows for the moment, ``(K, A)``: training is restless, an arm falls back and recovers."""
    share: Floats = np.exp(-of.restlessness * np.abs(rng.standard_normal(progress.shape)))
    return progress * share


def learned(of: Lifetimes, progress: Floats, rows: Bools | slice = _ALL) -> Floats:
    """S = 1 - exp(-steepness x^curve), the share learned ``(K, A)``; of some rows, as ``progress`` is."""
    share: Floats = -np.expm1(-of.steepness[rows] * np.maximum(progress, 0.0) ** of.curve[rows])
    return share


def token_accuracy(of: Lifetimes, progress: Floats, rows: Bools | slice = _ALL) -> Floats:
    """From guessing to the ceiling: ``(K, A)``; of some rows, as ``progress`` is."""
    guessing: Floats = of.guessing[rows]
    return guessing + (of.ceiling[rows] - guessing) * learned(of, progress, rows)


def competence(of: Lifetimes, progress: Floats, rows: Bools | slice = _ALL) -> Floats:
    """Token accuracy to the power of the answer's length, on clean labels: ``(K, A)``; of some rows likewise."""
    right: Floats = token_accuracy(of, progress, rows) ** of.length[rows]
    return right


def observed(
    rng: np.random.Generator, of: Lifetimes, progress: Floats, share: Floats, decision: Floats
) -> tuple[Floats, Floats]:
    r"""Competence and loss (in units of log V) that training shows, ``(K, A)``: noisy, and against the labels given.

    With l_0 the loss of an untrained student, m the share of token accuracy that is still missing, u the share of the
    budget used, c the part of the loss that all arms have in common, and n the share of wrong labels::

        loss = l_0 ((1 - n) ((1 - c) m^power + c exp(-u / common_time)) + n)

    Args:
        rng: for noise.
        of: the lifetimes' properties.
        progress: ``(K, A)``.
        share: ``(K, A)``, of the decision's sequences.
        decision: ``(K, 1)``, decisions taken before this one.
    """
    clean = 1.0 - of.label_noise
    accuracy = token_accuracy(of, progress)
    right = (accuracy * clean) ** of.length
    samples = np.maximum(of.samples * share, 1.0)
    noise = rng.standard_normal((2, *progress.shape))
    shown = np.clip(right + noise[0] * np.sqrt(right * (1.0 - right) / samples), 0.0, 1.0)
    missing = 1.0 - (accuracy - of.guessing) / (1.0 - of.guessing)
    common = np.exp(-decision / of.decisions[:, None] / of.common_time)
    left = (1.0 - of.common_loss) * missing**of.loss_power + of.common_loss * common
    loss = of.loss_start * ((1.0 - of.label_noise) * left + of.label_noise)
    return shown, np.maximum(loss * (1.0 + _LOSS_NOISE * noise[1] / np.sqrt(samples)), 0.0)

"""Bandit problems with known means, and teachers playing them: what regret is measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs import Arms
from teacher import Feedback, Teacher

Floats = NDArray[np.float64]


def bandit_arms(num_arms: int) -> Arms:
    """Arms of which nothing is known."""
    names = tuple(f"arm {a}" for a in range(num_arms))
    zeros, none = np.zeros(num_arms, dtype=np.int64), np.zeros((num_arms, 0))
    return Arms(names, (), none, zeros == 0, zeros, zeros, none.astype(np.int64), np.ones(num_arms))


@dataclass(frozen=True)
class Setting:
    """Rewards in [0, 1] of A arms over T steps, Bernoulli.

    Attributes:
        name: stochastic, adversarial or switching.
        means: ``(T, A)``.
        adaptive: whether an adversary looks at the mixture and gives nothing to an arm with a chance above a half.
        switches: steps at which the best arm changes; the comparison is then with the best arm of each stretch.
    """

    name: str
    means: Floats
    adaptive: bool = False
    switches: int = 0


def stochastic(steps: int, num_arms: int = 10) -> Setting:
    """One arm of mean 0.9 among arms of mean 0.4."""
    means = np.full((steps, num_arms), 0.4)
    means[:, num_arms // 2] = 0.9
    return Setting("stochastic", means)


def adversarial(steps: int, num_arms: int = 10) -> Setting:
    """One arm of mean 0.7 among arms of mean 0.3, but whoever is predictable gets nothing.

    The adversary sees the mixture, not the draw: an arm with a chance above a half is worth 0 in that step. Bandits
    that put a decision on one arm earn nothing, and regret grows with T; the bounds of EXP3 and its kin hold (they
    are on the pseudo-regret, against an arm fixed beforehand, and allow adversaries that know the past).
    """
    means = np.full((steps, num_arms), 0.3)
    means[:, num_arms // 2] = 0.7
    return Setting("adversarial", means, adaptive=True)


def switching(steps: int, num_arms: int = 5, stretches: int = 3, high: float = 0.9, low: float = 0.1) -> Setting:
    """One good arm among bad ones; which one it is changes at equal stretches."""
    means = np.full((steps, num_arms), low)
    for stretch in range(stretches):
        start, end = stretch * steps // stretches, (stretch + 1) * steps // stretches
        means[start:end, (2 * stretch) % num_arms if num_arms > 2 else stretch % 2] = high
    return Setting("switching", means, switches=stretches - 1)


def switching_pair(steps: int) -> Setting:
    """Two arms of means 1 and 0 that change places once: where the bound of D-UCB first says something."""
    return switching(steps, 2, 2, 1.0, 0.0)


@dataclass(frozen=True)
class Played:
    """What came of it: regret ``(rows, T)``, cumulative, and ``wrong`` ``(rows, A)``, plays while not the best."""

    regret: Floats
    wrong: NDArray[np.int64]


def play(made: Teacher, setting: Setting, rows: int, seed: int = 0) -> Played:
    """Lets a teacher play a setting: K = ``rows`` repetitions at once, one arm per step.

    Regret is by means, not by luck (pseudo-regret): against the best arm of each stretch where there are switches, else
    against the arm whose means, as the adversary left them, add up to most over all rows.
    """
    steps, num_arms = setting.means.shape
    made.reset(bandit_arms(num_arms), rows, seed)
    rng = np.random.default_rng([seed, 17])
    obs = np.zeros((rows, num_arms, 1), dtype=np.float32)
    index = np.arange(rows)
    earned, offered = np.empty((rows, steps)), np.empty((rows, steps, num_arms))
    wrong = np.zeros((rows, num_arms), dtype=np.int64)
    for step in range(steps):
        mixture = made.act(obs)
        edges = mixture.cumsum(axis=1)
        arms = np.minimum((rng.random((rows, 1)) * edges[:, -1:] >= edges).sum(axis=1), num_arms - 1)
        means = np.broadcast_to(setting.means[step], mixture.shape)
        if setting.adaptive:
            means = np.where(mixture > 0.5, 0.0, means)
        reward = (rng.random(rows) < means[index, arms]).astype(np.float64)
        gain, count = np.zeros((rows, num_arms)), np.zeros((rows, num_arms), dtype=np.int64)
        gain[index, arms], count[index, arms] = reward, 1
        made.update(obs, mixture, Feedback(gain, 1.0 - gain, gain, count))
        earned[:, step], offered[:, step] = means[index, arms], means
        worse = means[index, arms] < means.max(axis=1)
        wrong[index[worse], arms[worse]] += 1
    if setting.switches:
        best = offered.max(axis=2)
    else:
        best = offered[:, :, offered.sum(axis=(0, 1)).argmax()]
    return Played((best - earned).cumsum(axis=1), wrong)

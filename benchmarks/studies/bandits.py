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
    """Rewards in [0, 1] of A arms over T steps.

    Attributes:
        name: stochastic, adversarial or switching.
        means: ``(T, A)``; rewards are Bernoulli of these where ``drawn``, else these themselves.
        drawn: whether rewards are drawn anew for every row.
        switches: steps at which the best arm changes.
    """

    name: str
    means: Floats
    drawn: bool
    switches: int = 0

    @property
    def best(self) -> Floats:
        """What is compared with, ``(T,)``: the best arm of each stretch (switching), or the best in hindsight."""
        if self.switches:
            found: Floats = self.means.max(axis=1)
            return found
        arm: Floats = self.means[:, self.means.sum(axis=0).argmax()]
        return arm


def stochastic(steps: int, num_arms: int = 10) -> Setting:
    """One arm of mean 0.9 among arms of mean 0.4."""
    means = np.full((steps, num_arms), 0.4)
    means[:, num_arms // 2] = 0.9
    return Setting("stochastic", means, drawn=True)


def adversarial(steps: int, num_arms: int = 10, pulse: int = 50) -> Setting:
    """A fixed sequence of zeros and ones: one arm is good throughout, the others take turns at being better, briefly.

    Whoever runs after the last pulse is late: it ends before it is learned.
    """
    chance = np.full((steps, num_arms), 0.3)
    turn = 1 + (np.arange(steps) // pulse) % (num_arms - 1)
    chance[np.arange(steps), turn] = 0.9
    chance[:, 0] = 0.6
    rewards = np.random.default_rng([4, steps, num_arms]).random(chance.shape) < chance
    return Setting("adversarial", rewards.astype(np.float64), drawn=False)


def switching(steps: int, num_arms: int = 5, stretches: int = 3) -> Setting:
    """Means 0.9 and 0.1; the best arm changes at equal stretches."""
    means = np.full((steps, num_arms), 0.1)
    for stretch in range(stretches):
        low, high = stretch * steps // stretches, (stretch + 1) * steps // stretches
        means[low:high, (2 * stretch) % num_arms] = 0.9
    return Setting("switching", means, drawn=True, switches=stretches - 1)


@dataclass(frozen=True)
class Played:
    """What came of it: regret ``(rows, T)``, cumulative, and ``wrong`` ``(rows, A)``, plays while not the best."""

    regret: Floats
    wrong: NDArray[np.int64]


def play(made: Teacher, setting: Setting, rows: int, seed: int = 0) -> Played:
    """Lets a teacher play a setting: K = ``rows`` repetitions at once, one arm per step."""
    steps, num_arms = setting.means.shape
    made.reset(bandit_arms(num_arms), rows, seed)
    rng = np.random.default_rng([seed, 17])
    obs = np.zeros((rows, num_arms, 1), dtype=np.float32)
    best, index = setting.best, np.arange(rows)
    instant, wrong = np.empty((rows, steps)), np.zeros((rows, num_arms), dtype=np.int64)
    for step in range(steps):
        mixture = made.act(obs)
        edges = mixture.cumsum(axis=1)
        arms = np.minimum((rng.random((rows, 1)) * edges[:, -1:] >= edges).sum(axis=1), num_arms - 1)
        means = setting.means[step]
        reward = (rng.random(rows) < means[arms]).astype(np.float64) if setting.drawn else means[arms]
        gain, count = np.zeros((rows, num_arms)), np.zeros((rows, num_arms), dtype=np.int64)
        gain[index, arms], count[index, arms] = reward, 1
        made.update(obs, mixture, Feedback(gain, 1.0 - gain, gain, count))
        instant[:, step] = best[step] - means[arms]  # pseudo-regret: by means, not by luck
        worse = means[arms] < best[step]
        wrong[index[worse], arms[worse]] += 1
    return Played(instant.cumsum(axis=1), wrong)

"""Regret bounds with the constants of their theorems, each for a teacher tuned as its theorem says."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.studies.bandits import Setting


def _size(setting: Setting) -> tuple[int, int, float]:
    steps, num_arms = setting.means.shape
    return steps, num_arms, math.log(num_arms)


def exp3_anytime(setting: Setting) -> float:
    """Bubeck and Cesa-Bianchi (2012), theorem 3.1: 2 sqrt(T A ln A)."""
    steps, num_arms, log_arms = _size(setting)
    return 2.0 * math.sqrt(steps * num_arms * log_arms)


def exp3_fixed(setting: Setting) -> float:
    """Auer et al. (2002), corollary 3.2 with g = T: 2 sqrt(e - 1) sqrt(T A ln A)."""
    steps, num_arms, log_arms = _size(setting)
    return 2.0 * math.sqrt(math.e - 1.0) * math.sqrt(steps * num_arms * log_arms)


def exp3s(setting: Setting) -> float:
    """Auer et al. (2002), corollary 8.3: 2 sqrt(e - 1) sqrt(A T (S ln(A T) + e)), S stretches."""
    steps, num_arms, _ = _size(setting)
    stretches = setting.switches + 1
    return 2 * math.sqrt(math.e - 1) * math.sqrt(num_arms * steps * (stretches * math.log(num_arms * steps) + math.e))


def exp3_ix(setting: Setting, delta: float = 0.05) -> float:
    """Neu (2015), theorem 1, anytime, with probability 1 - delta."""
    steps, num_arms, log_arms = _size(setting)
    tail = (2.0 * math.sqrt(num_arms * steps / log_arms) + 1.0) * math.log(2.0 / delta)
    return 4.0 * math.sqrt(num_arms * steps * log_arms) + tail


def exp4(setting: Setting) -> float:
    """Auer et al. (2002), theorem 7.1 with A + 1 experts and the best gamma: 2 sqrt(e - 1) sqrt(T A ln N)."""
    steps, num_arms, _ = _size(setting)
    return 2.0 * math.sqrt(math.e - 1.0) * math.sqrt(steps * num_arms * math.log(num_arms + 1))


def ucb1(setting: Setting) -> float:
    """Auer, Cesa-Bianchi and Fischer (2002), theorem 1."""
    steps, _, _ = _size(setting)
    gaps = setting.means[0].max() - setting.means[0]
    gaps = gaps[gaps > 0]
    return float(8.0 * (math.log(steps) / gaps).sum() + (1.0 + math.pi**2 / 3.0) * gaps.sum())


def _ceil_ratio(value: float) -> float:
    return math.ceil(value) / value


def d_ucb(setting: Setting, xi: float = 0.6) -> float:
    """Garivier and Moulines (2011), theorem 1: plays of an arm while it is not the best."""
    steps, num_arms, _ = _size(setting)
    gamma = discount(setting)
    gap = setting.means.max() - setting.means.min()
    tail, log_tail = gamma ** (1.0 / (1.0 - gamma)), -math.log(1.0 - gamma)
    doublings = math.ceil(log_tail / math.log(1.0 + 4.0 * math.sqrt(1.0 - 1.0 / (2.0 * xi))))
    b = 16.0 * xi / (tail * gap**2) * _ceil_ratio(steps * (1.0 - gamma)) + 2.0 * doublings / (log_tail * (1.0 - tail))
    effective = (1.0 - gamma**num_arms) / (1.0 - gamma)
    c = (gamma - 1.0) / (math.log(1.0 - gamma) * math.log(gamma))
    c *= math.log((1.0 - gamma) * xi * math.log(effective))
    return float(b * steps * (1.0 - gamma) * log_tail + c * setting.switches / (1.0 - gamma) * log_tail)


def sw_ucb(setting: Setting, xi: float = 0.6) -> float:
    """Garivier and Moulines (2011), theorem 2: plays of an arm while it is not the best."""
    steps, _, _ = _size(setting)
    window = window_of(setting)
    gap = setting.means.max() - setting.means.min()
    doublings = math.ceil(math.log(window) / math.log(1.0 + 4.0 * math.sqrt(1.0 - 1.0 / (2.0 * xi))))
    c = 4.0 * xi / gap**2 * _ceil_ratio(steps / window) + 2.0 / math.log(window) * doublings
    return float(c * steps * math.log(window) / window + window * setting.switches + math.log(window) ** 2)


def discount(setting: Setting) -> float:
    """The discount of theorem 1 for a known number of switches: 1 - sqrt(switches / T) / 4."""
    return 1.0 - 0.25 * math.sqrt(setting.switches / len(setting.means))


def window_of(setting: Setting) -> int:
    """The window of theorem 2 for a known number of switches: 2 sqrt(T ln T / switches)."""
    steps = len(setting.means)
    return int(2.0 * math.sqrt(steps * math.log(steps) / setting.switches))


def tsallis(setting: Setting) -> float:
    """Zimmert and Seldin (2021), theorem 1, importance weights: 4 sqrt(A T) + 1."""
    steps, num_arms, _ = _size(setting)
    return 4.0 * math.sqrt(num_arms * steps) + 1.0


def tsallis_rv(setting: Setting) -> float:
    """Zimmert and Seldin (2021), theorem 1, reduced variance: 2 sqrt(A T) + 10 A ln T + 16."""
    steps, num_arms, _ = _size(setting)
    return 2.0 * math.sqrt(num_arms * steps) + 10.0 * num_arms * math.log(steps) + 16.0


def epsilon_greedy(setting: Setting, c: float = 5.25, d: float = 0.5) -> float:
    """Auer, Cesa-Bianchi and Fischer (2002), theorem 3, its chance of each worse arm summed over the steps.

    Args:
        setting: stochastic, with gaps of at least ``d``.
        c: above 5, so that the sum grows with ln T.
        d: lower bound on the gaps.
    """
    steps, num_arms, _ = _size(setting)
    gaps = setting.means[0].max() - setting.means[0]
    exploring = c * num_arms / d**2  # until then epsilon is 1, and every arm has the same chance
    n = np.arange(1, steps + 1)
    ratio = np.maximum(n - 1, 1) * d**2 * math.exp(0.5) / (c * num_arms)
    later = c / (d**2 * n) + 2.0 * c / d**2 * np.log(np.maximum(ratio, 1.0)) * ratio ** (-c / (5.0 * d**2))
    later += 4.0 * math.e / d**2 * ratio ** (-c / 2.0)
    chance = np.where(n <= exploring, 1.0 / num_arms, np.minimum(1.0, later))
    return float(chance.sum() * gaps.sum())

import math

import numpy as np
import pytest
from teacher_support import exponential, follows, learn, observation, one_arm, seen, started

from teacher import Exp3, Exp3S

OBS = observation(1, 3)


def test_exp3_by_hand():
    """Auer et al. (2002), figure 1, gamma = 0.3, three arms, arm 1 drawn with reward 0.9, then arm 0 with 0.5."""
    teacher = started(Exp3(gamma=0.3, scale=False))
    p = teacher.act(OBS)
    np.testing.assert_allclose(p, 1 / 3)
    teacher.update(OBS, p, one_arm(1, 3, 0.9))
    w = np.array([1, np.exp(0.3 * (0.9 / (1 / 3)) / 3), 1])
    p = 0.7 * w / w.sum() + 0.1
    np.testing.assert_allclose(teacher.act(OBS)[0], p)
    teacher.update(OBS, teacher.act(OBS), one_arm(0, 3, 0.5))
    w[0] *= np.exp(0.3 * (0.5 / p[0]) / 3)
    np.testing.assert_allclose(teacher.act(OBS)[0], 0.7 * w / w.sum() + 0.1)


def test_anytime_exp3_by_hand():
    """Losses, as in the theorem: after 99 losses of 0.1 on arm 2, estimated at p = 1/3."""
    teacher = started(Exp3(scale=False))
    for _ in range(99):
        teacher.update(OBS, np.full((1, 3), 1 / 3), one_arm(2, 3, 0.9))
    eta = np.sqrt(np.log(3) / (3 * 100))
    weights = np.exp(-eta * np.array([0, 0, 99 * 0.3]))
    np.testing.assert_allclose(teacher.act(OBS)[0], weights / weights.sum())


@pytest.mark.parametrize("make", [Exp3, lambda: Exp3(gamma=0.01), lambda: Exp3S(eta=10.0, epsilon=1e-4)])
def test_thousands_of_rare_rewards_overflow_nothing(make):  # a million of them: test_soak.py
    teacher = started(make(), num_envs=2)
    obs = np.zeros((2, 3, 1), dtype=np.float32)
    rng = np.random.default_rng(0)
    for step in range(1_500):
        p = teacher.act(obs)
        assert np.isfinite(p).all() and abs(p.sum() - 2) < 1e-9
        arm, gain = int(rng.integers(3)), float(rng.normal() * 10 ** float(rng.integers(-8, 8)))
        teacher.update(obs, p, one_arm(arm, 3, gain, num_envs=2))
        if step == 0:
            assert (p > 0).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Exp3(gamma=0.0), r"gamma must be in \(0, 1\]; got 0.0 \(0 never updates a weight\)"),
        (lambda: Exp3(gamma=1.5), r"gamma must be in \(0, 1\]; got 1.5"),
    ],
)
def test_parameters_that_break_the_algorithm_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_unscaled_exp3_refuses_gains_outside_the_unit_interval():
    teacher = started(Exp3(scale=False))
    with pytest.raises(ValueError, match=r"gains must be in \[0, 1\]; got 3.0 to 3.0"):
        teacher.update(OBS, teacher.act(OBS), one_arm(0, 3, 3.0))


class Exp3Oracle:
    """Auer et al. (2002), figure 1 on the mean of the decision's pulls; gamma None: losses, eta_t of the theorem."""

    def __init__(self, num_arms, gamma=None, full=False):
        self.gamma, self.full, self.score, self.t = gamma, full, [0.0] * num_arms, 1

    def mixture(self):
        num_arms = len(self.score)
        if self.gamma is None:
            eta = math.sqrt(math.log(num_arms) / (num_arms * self.t))
            return exponential([-eta * s for s in self.score])
        return [(1 - self.gamma) * p + self.gamma / num_arms for p in exponential(self.score)]

    def learn(self, mixture, count, gain, loss, competence):
        self.t += 1
        for a, r in enumerate(gain):
            if r is None:
                continue
            weight = 1.0 if self.full else count[a] / sum(count) / mixture[a]
            if self.gamma is None:
                self.score[a] += (1.0 - r) * weight
            else:
                self.score[a] += self.gamma / len(gain) * r * weight


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("gamma", [None, 0.2, 1.0])
def test_exp3_equals_the_papers_loop_with_several_arms_per_decision(gamma, full):
    taught = Exp3(gamma=gamma, feedback="full" if full else "sampled", scale=False)
    follows(taught, [Exp3Oracle(4, gamma, full) for _ in range(3)], full=full)


@pytest.mark.parametrize("gamma", [0.1, 0.5, 1.0])
def test_exp3_equals_rivers_step_by_step(gamma):
    """river.bandit.Exp3 keeps plain weights (they overflow after some 26,000 pulls) and takes one pull at a time."""
    from river.bandit import Exp3 as River

    rng = np.random.default_rng(0)
    theirs, ours = River(gamma=gamma, seed=0), started(Exp3(gamma=gamma, scale=False))
    for _ in range(300):
        theirs.pull([0, 1, 2])
        p = ours.act(OBS)
        np.testing.assert_allclose(p[0], [theirs._probabilities[a] for a in range(3)], rtol=1e-9)
        arm, reward = int(rng.integers(3)), float(rng.random())
        theirs.update(arm, reward)
        ours.update(OBS, p, one_arm(arm, 3, reward))


def test_a_missing_importance_weight_fails_the_comparison_with_river(monkeypatch):
    monkeypatch.setattr("teacher.bandits.exp3.estimated", lambda values, mixture, feedback, kind: values)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        test_exp3_equals_rivers_step_by_step(0.5)


def test_a_wrong_sign_fails_the_comparison_with_river(monkeypatch):
    from teacher.estimators import estimated

    monkeypatch.setattr("teacher.bandits.exp3.estimated", lambda *arguments: -estimated(*arguments))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        test_exp3_equals_rivers_step_by_step(0.5)


@pytest.mark.parametrize("make", [lambda: Exp3(gamma=0.2, feedback="full"), lambda: Exp3(feedback="full")])
@pytest.mark.parametrize("shift", [0.25, -0.25])
def test_with_full_feedback_a_constant_on_all_rewards_changes_nothing(make, shift):
    plain, moved = make(), make()
    for taught in (plain, moved):
        taught.scale = False
        started(taught, 4, 2)
    rng = np.random.default_rng(0)
    for _ in range(30):
        gain = rng.uniform(0.3, 0.7, (2, 4))
        learn(plain, seen(np.ones((2, 4)), gain=gain))
        learn(moved, seen(np.ones((2, 4)), gain=gain + shift))
    obs = np.zeros((2, 4, 1), dtype=np.float32)
    np.testing.assert_allclose(plain.act(obs), moved.act(obs), rtol=1e-9)
    assert np.abs(plain.act(obs) - 0.25).max() > 1e-3

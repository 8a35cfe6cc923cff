import math

import numpy as np
import pytest
from teacher_support import act, follows, learn, one_arm, seen, started

from teacher import Boltzmann, EpsilonGreedy


class Oracle:
    """Running means by hand: of all rewards, or moved by ``step`` after a first value."""

    def __init__(self, num_arms, step, choose):
        self.means, self.visits, self.step, self.choose, self.t = [0.0] * num_arms, [0] * num_arms, step, choose, 1

    def mixture(self):
        return self.choose(self.means, self.t)

    def learn(self, mixture, count, gain, loss, competence):
        self.t += 1
        for a, r in enumerate(gain):
            if r is None:
                continue
            self.visits[a] += 1
            share = 1 / self.visits[a] if self.step is None or self.visits[a] == 1 else self.step
            self.means[a] += share * (r - self.means[a])


def epsilon_greedy(epsilon, decay=None):
    """1 - epsilon on the best, ties shared; epsilon over all. decay c: min(epsilon, c A / t)."""

    def choose(means, t):
        num_arms = len(means)
        rate = epsilon if decay is None else min(epsilon, decay * num_arms / t)
        best = [m == max(means) for m in means]
        return [(1 - rate) * b / sum(best) + rate / num_arms for b in best]

    return choose


def boltzmann(temperature):
    def choose(means, t):
        weights = [math.exp((m - max(means)) / temperature) for m in means]
        return [w / sum(weights) for w in weights]

    return choose


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("step", [None, 0.3])
@pytest.mark.parametrize("decay", [None, 0.7])
def test_epsilon_greedy_equals_the_loop(step, decay, full):
    taught = EpsilonGreedy(epsilon=0.2, step=step, decay=decay, feedback="full" if full else "sampled", scale=False)
    follows(taught, [Oracle(4, step, epsilon_greedy(0.2, decay)) for _ in range(3)], full=full, unit=False)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("step", [None, 0.3])
def test_boltzmann_equals_the_loop(step, full):
    taught = Boltzmann(temperature=0.3, step=step, feedback="full" if full else "sampled", scale=False)
    follows(taught, [Oracle(4, step, boltzmann(0.3)) for _ in range(3)], full=full, unit=False)


def test_the_decay_by_hand():
    """c = 1, three arms: epsilon_t = min(0.5, 3 / t), with t = 1 in the first decision."""
    taught = started(EpsilonGreedy(epsilon=0.5, decay=1.0, scale=False))
    rates = []
    for _ in range(12):
        rates.append(3 * learn(taught, one_arm(1, 3, 1.0))[0, 0])
    np.testing.assert_allclose(rates[1:], [min(0.5, 3 / t) for t in range(2, 13)])


def test_epsilon_greedy_takes_what_river_takes_and_has_its_means():
    """river with epsilon = 0 takes the first of several best arms; ours shares the mixture over all of them.

    Its decay is exponential, not Auer's c A / t: the constant rate alone is comparable.
    """
    from river import bandit, stats

    rng = np.random.default_rng(0)
    theirs = bandit.EpsilonGreedy(epsilon=0.0, reward_obj=stats.EWMean(0.3), seed=0)
    ours = started(EpsilonGreedy(epsilon=0.1, step=0.3, scale=False), 4)
    for step in range(200):
        arm, reward = (step if step < 4 else int(rng.integers(4))), float(rng.normal())
        theirs.update(arm, reward)
        learn(ours, one_arm(arm, 4, reward))
        if step >= 3:
            means = [theirs._rewards[a].get() for a in range(4)]
            np.testing.assert_allclose(ours.state_dict()["values"][0], means, atol=1e-12)
            chance = act(ours, 1, 4)[0, theirs.pull([0, 1, 2, 3])]
            assert chance == pytest.approx(0.9 + 0.1 / 4)


def test_means_of_all_rewards_equal_mabwisers():
    from mabwiser.mab import MAB, LearningPolicy

    rng = np.random.default_rng(1)
    theirs = MAB([0, 1, 2], LearningPolicy.EpsilonGreedy(epsilon=0.0))
    ours = started(EpsilonGreedy(epsilon=0.1, step=None, scale=False))
    for step in range(100):
        arm, reward = int(rng.integers(3)), float(rng.normal())
        (theirs.partial_fit if step else theirs.fit)([arm], [reward])
        learn(ours, one_arm(arm, 3, reward))
        expected = theirs.predict_expectations()
        np.testing.assert_allclose(ours.state_dict()["values"][0], [expected[a] for a in range(3)], atol=1e-12)


@pytest.mark.parametrize("temperature", [0.2, 1.0])
def test_boltzmann_equals_mabwisers_softmax(temperature):
    """Its predict_expectations draws from a Dirichlet around the probabilities; compared are these themselves."""
    from mabwiser.mab import MAB, LearningPolicy

    rng = np.random.default_rng(2)
    theirs = MAB([0, 1, 2, 3], LearningPolicy.Softmax(tau=temperature))
    ours = started(Boltzmann(temperature=temperature, step=None, scale=False), 4)
    for step in range(100):
        arm, reward = int(rng.integers(4)), float(rng.normal())
        (theirs.partial_fit if step else theirs.fit)([arm], [reward])
        learn(ours, one_arm(arm, 4, reward))
        expected = theirs._imp.arm_to_expectation
        np.testing.assert_allclose(act(ours, 1, 4)[0], [expected[a] for a in range(4)], rtol=1e-9)


def test_with_full_feedback_a_constant_on_all_rewards_changes_nothing():
    plain, moved = (started(Boltzmann(feedback="full", scale=False), 4) for _ in range(2))
    rng = np.random.default_rng(0)
    for _ in range(30):
        gain = rng.normal(size=4)
        learn(plain, seen([1, 1, 1, 1], gain=gain))
        learn(moved, seen([1, 1, 1, 1], gain=gain + 5.0))
    np.testing.assert_allclose(act(plain, 1, 4), act(moved, 1, 4), rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EpsilonGreedy(epsilon=0.0), r"epsilon must be in \(0, 1\]; got 0.0 \(0 leaves arms unexplored\)"),
        (lambda: EpsilonGreedy(epsilon=1.5), r"epsilon must be in \(0, 1\]; got 1.5"),
        (lambda: EpsilonGreedy(step=0.0), r"step must be in \(0, 1\]; got 0.0 \(0 never learns\)"),
        (lambda: EpsilonGreedy(decay=0.0), r"decay must be in \(0, inf\); got 0.0 \(0 leaves arms unexplored\)"),
        (lambda: Boltzmann(temperature=0.0), r"temperature must be in \(0, inf\); got 0.0 \(use EpsilonGreedy"),
        (lambda: Boltzmann(temperature=float("inf")), r"temperature must be in \(0, inf\); got inf"),
        (lambda: Boltzmann(step=2.0), r"step must be in \(0, 1\]; got 2.0"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

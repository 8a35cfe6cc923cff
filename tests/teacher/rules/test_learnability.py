import math
from collections import deque

import numpy as np
import pytest
from teacher_support import act, chain, follows, learn, seen, started

from teacher import DUMP, SEC, Learnability
from teacher.rules.learnability import advantage


class LearnabilityOracle:
    """Rutherford et al. (2024): weight p (1 - p) over the running mean competence; unseen arms count as 1/2."""

    def __init__(self, num_arms, step, epsilon):
        self.p, self.seen, self.step, self.epsilon = [0.5] * num_arms, set(), step, epsilon

    def mixture(self):
        weights = [p * (1 - p) for p in self.p]
        return [(1 - self.epsilon) * w / sum(weights) + self.epsilon / len(weights) for w in weights]

    def learn(self, mixture, count, gain, loss, competence):
        for a, c in enumerate(competence):
            if c is not None:
                self.p[a] += (self.step if a in self.seen else 1.0) * (c - self.p[a])
                self.seen.add(a)


class SECOracle:
    """Chen et al. (2025): Q <- alpha r + (1 - alpha) Q with r = 2 sqrt(p (1 - p)); softmax over a temperature."""

    def __init__(self, num_arms, alpha, temperature):
        self.q, self.alpha, self.temperature = [0.0] * num_arms, alpha, temperature

    def mixture(self):
        weights = [math.exp(q / self.temperature) for q in self.q]
        return [w / sum(weights) for w in weights]

    def learn(self, mixture, count, gain, loss, competence):
        for a, p in enumerate(competence):
            if p is not None:
                self.q[a] = self.alpha * 2 * math.sqrt(p * (1 - p)) + (1 - self.alpha) * self.q[a]


class DUMPOracle:
    """Wang et al. (2025), section 4: mean |advantage| over a window + sqrt(2 ln(n + 1) / (n_a + 1)), softmax."""

    def __init__(self, num_arms, window, temperature):
        self.kept = [deque(maxlen=window) for _ in range(num_arms)]
        self.visits, self.temperature = [0] * num_arms, temperature

    def mixture(self):
        n = sum(self.visits)
        bounds = [
            (sum(k) / len(k) if k else 0.0) + math.sqrt(2 * math.log(n + 1) / (visits + 1))
            for k, visits in zip(self.kept, self.visits, strict=True)
        ]
        weights = [math.exp((b - max(bounds)) / self.temperature) for b in bounds]
        return [w / sum(weights) for w in weights]

    def learn(self, mixture, count, gain, loss, competence):
        for a, p in enumerate(competence):
            if p is not None:
                self.kept[a].append(2 * math.sqrt(p * (1 - p)))
                self.visits[a] += 1


@pytest.mark.parametrize(
    ("taught", "oracle"),
    [
        (Learnability(step=0.4, epsilon=0.2), lambda: LearnabilityOracle(4, 0.4, 0.2)),
        (SEC(alpha=0.3, temperature=0.4), lambda: SECOracle(4, 0.3, 0.4)),
        (DUMP(window=3, temperature=0.2), lambda: DUMPOracle(4, 3, 0.2)),
    ],
    ids=["learnability", "sec", "dump"],
)
def test_equals_the_papers_loop(taught, oracle):
    follows(taught, [oracle() for _ in range(3)], decisions=60)


def test_learnability_by_hand():
    """p = (0.9, 0.2) and an unseen arm: 0.09, 0.16, 0.25 of 0.5."""
    taught = started(Learnability())
    learn(taught, seen([1, 1, 0], competence=[0.9, 0.2, 1.0]))
    np.testing.assert_allclose(act(taught, 1, 3), [0.9 * np.array([[0.18, 0.32, 0.5]]) + 0.1 / 3][0])


def test_an_arm_that_is_mastered_at_half_as_much_is_learned_by_then():
    """Both at 0.45: p = (0.9, 0.45), and the first at 0.6: p = 1. Mastered at as much, they are weighted alike."""
    uneven = started(Learnability(), chain(2, thresholds=[0.45, 0.9]))
    learn(uneven, seen([1, 1], competence=[0.45, 0.45]))
    np.testing.assert_allclose(act(uneven, 1, 2), 0.9 * np.array([[0.09, 0.2475]]) / 0.3375 + 0.05)
    uneven = started(Learnability(), chain(2, thresholds=[0.45, 0.9]))
    learn(uneven, seen([1, 1], competence=[0.6, 0.45]))
    np.testing.assert_allclose(act(uneven, 1, 2), [[0.05, 0.95]])
    even = started(Learnability(), chain(2, thresholds=[0.45, 0.45]))
    learn(even, seen([1, 1], competence=[0.45, 0.45]))
    np.testing.assert_allclose(act(even, 1, 2), [[0.5, 0.5]])


@pytest.mark.parametrize("make", [Learnability, SEC, DUMP])
def test_what_is_nearly_mastered_at_less_comes_after_what_is_half_way(make):
    """Both at 0.45, the first of 0.5 and the second of 1; where both need 1 they are alike."""
    for thresholds, first in (([0.5, 1.0], False), ([1.0, 1.0], True)):
        taught = started(make(), chain(2, thresholds=thresholds))
        for _ in range(5):
            learn(taught, seen([1, 1], competence=[0.45, 0.45]))
        ((one, other),) = act(taught, 1, 2)
        assert (one == pytest.approx(other)) == first and one <= other + 1e-12


def test_learnability_is_uniform_where_nothing_can_be_learned():
    taught = started(Learnability())
    learn(taught, seen([1, 1, 1], competence=[0.0, 1.0, 1.0]))
    np.testing.assert_allclose(act(taught, 1, 3), [[1 / 3] * 3])


def test_the_advantage_is_the_mean_size_of_a_standardised_answer():
    """By definition: an answer right with chance p, standardised by mean p and deviation sqrt(p (1 - p))."""
    for p in (0.1, 0.5, 0.83):
        deviation = np.sqrt(p * (1 - p))
        mean_size = p * abs(1 - p) / deviation + (1 - p) * abs(0 - p) / deviation
        assert advantage(np.array(p)) == pytest.approx(mean_size)
    assert advantage(np.array([0.0, 1.0])).tolist() == [0, 0]


def test_sec_by_hand():
    """alpha 1/2, temperature 0.2: an arm at p = 1/2 has Q = 1/2, others 0: e^2.5 to 1 to 1."""
    taught = started(SEC())
    learn(taught, seen([1, 0, 0], competence=0.5))
    e = math.exp(2.5)
    np.testing.assert_allclose(act(taught, 1, 3), [[e / (e + 2), 1 / (e + 2), 1 / (e + 2)]])


def test_dump_counts_all_visits_and_averages_the_last():
    taught = started(DUMP(window=2, temperature=1.0), 2)
    for p in (0.5, 0.0, 1.0):  # advantages 1, 0, 0: the 1 falls out of the window
        learn(taught, seen([1, 0], competence=p))
    bonus = [math.sqrt(2 * math.log(4) / 4), math.sqrt(2 * math.log(4) / 1)]
    weights = np.exp(bonus)
    np.testing.assert_allclose(act(taught, 1, 2), [weights / weights.sum()])


@pytest.mark.parametrize("make", [Learnability, SEC, DUMP])
def test_what_is_half_learned_comes_before_what_is_mastered_or_out_of_reach(make):
    taught = started(make())
    for _ in range(40):
        learn(taught, seen([1, 1, 1], competence=[0.99, 0.5, 0.01]))
    p = act(taught, 1, 3)[0]
    assert p[1] > 0.6 and p[0] == pytest.approx(p[2], rel=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Learnability(step=0.0), r"step must be in \(0, 1\]; got 0.0 \(0 never learns\)"),
        (lambda: Learnability(epsilon=0.0), r"epsilon must be in \(0, 1\]; got 0.0 \(0 leaves arms unexplored\)"),
        (lambda: SEC(alpha=1.5), r"alpha must be in \(0, 1\]; got 1.5"),
        (lambda: SEC(temperature=0.0), r"temperature must be in \(0, inf\); got 0.0 \(a softmax needs some\)"),
        (lambda: DUMP(window=0), "window must be at least 1; got 0"),
        (lambda: DUMP(temperature=-1.0), r"temperature must be in \(0, inf\); got -1.0"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

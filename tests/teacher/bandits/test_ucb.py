import math
from collections import deque

import numpy as np
import pytest
from teacher_support import act, follows, learn, one_arm, seen, started

from teacher import UCB1, DiscountedUCB, SlidingWindowUCB
from teacher.bandits.ucb import upper_bounds


def evenly_on_the_best(indices):
    best = [a for a, index in enumerate(indices) if index == max(indices)]
    return [1 / len(best) if a in best else 0.0 for a in range(len(indices))]


class Oracle:
    """Auer, Cesa-Bianchi and Fischer (2002), figure 1, from the list of everything seen."""

    def __init__(self, num_arms):
        self.rewards = [[] for _ in range(num_arms)]

    def mixture(self):
        t = sum(map(len, self.rewards))
        return evenly_on_the_best(
            [sum(r) / len(r) + math.sqrt(2 * math.log(t) / len(r)) if r else math.inf for r in self.rewards]
        )

    def learn(self, mixture, count, gain, loss, competence):
        for a, r in enumerate(gain):
            self.rewards[a] += [] if r is None else [r]


class DiscountedOracle(Oracle):
    """Garivier and Moulines (2011), section 3, every discount written as a power of its age; B = 1."""

    def __init__(self, num_arms, discount, xi):
        self.seen, self.t, self.num_arms, self.discount, self.xi = [], 0, num_arms, discount, xi

    def mixture(self):
        weight = [[self.discount ** (self.t - s) for s, arm, _ in self.seen if arm == a] for a in range(self.num_arms)]
        reward = [[r for _, arm, r in self.seen if arm == a] for a in range(self.num_arms)]
        n = [sum(w) for w in weight]
        width = math.log(max(sum(n), 1))
        return evenly_on_the_best(
            [
                sum(w * r for w, r in zip(weight[a], reward[a], strict=True)) / n[a]
                + 2 * math.sqrt(self.xi * width / n[a])
                if weight[a]
                else math.inf
                for a in range(self.num_arms)
            ]
        )

    def learn(self, mixture, count, gain, loss, competence):
        self.t += 1
        self.seen += [(self.t, a, r) for a, r in enumerate(gain) if r is not None]


class WindowOracle(Oracle):
    """Garivier and Moulines (2011), section 4, over a deque of the last observations; B = 1."""

    def __init__(self, num_arms, window, xi):
        self.kept, self.number, self.num_arms, self.xi = deque(maxlen=window), 0, num_arms, xi

    def mixture(self):
        rewards = [[r for arm, r in self.kept if arm == a] for a in range(self.num_arms)]
        width = math.log(max(1, min(self.number, self.kept.maxlen)))
        return evenly_on_the_best(
            [sum(r) / len(r) + math.sqrt(self.xi * width / len(r)) if r else math.inf for r in rewards]
        )

    def learn(self, mixture, count, gain, loss, competence):
        for a, r in enumerate(gain):
            if r is not None:
                self.kept.append((a, r))
                self.number += 1


@pytest.mark.parametrize(
    ("taught", "oracle"),
    [
        (UCB1(scale=False), lambda: Oracle(4)),
        (DiscountedUCB(discount=0.9, xi=0.7, scale=False), lambda: DiscountedOracle(4, 0.9, 0.7)),
        (SlidingWindowUCB(window=7, xi=0.7, scale=False), lambda: WindowOracle(4, 7, 0.7)),
    ],
    ids=["ucb1", "discounted", "sliding window"],
)
def test_equals_the_papers_loop(taught, oracle):
    follows(taught, [oracle() for _ in range(3)], decisions=80)


def test_several_arms_per_decision_each_count():
    """Three arms seen in one decision, then two: t = 5, n = (2, 1, 2)."""
    taught = started(UCB1(scale=False))
    learn(taught, seen([1, 1, 1], gain=[0.9, 0.8, 0.1]))
    learn(taught, seen([1, 0, 1], gain=[0.5, 0.0, 0.1]))
    indices = [0.7 + math.sqrt(math.log(5)), 0.8 + math.sqrt(2 * math.log(5)), 0.1 + math.sqrt(math.log(5))]
    assert act(taught, 1, 3)[0].argmax() == np.argmax(indices) == 1


@pytest.mark.parametrize("window", [1, 2, 3])
def test_a_decision_of_more_arms_than_the_window_keeps_the_last(window):
    taught, oracle = started(SlidingWindowUCB(window=window, scale=False), 4), WindowOracle(4, window, 0.6)
    for gain in ([0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.7, 0.6], [0.5, 0.5, 0.1, 0.2]):
        learn(taught, seen([1, 1, 1, 1], gain=gain))
        oracle.learn(None, None, gain, None, None)
        np.testing.assert_allclose(act(taught, 1, 4)[0], oracle.mixture())


@pytest.mark.parametrize("make", [UCB1, DiscountedUCB, SlidingWindowUCB])
def test_arms_not_seen_come_first_and_evenly(make):
    taught = started(make(scale=False), 4)
    assert act(taught, 1, 4).tolist() == [[0.25] * 4]
    learn(taught, one_arm(2, 4, 1.0))
    np.testing.assert_allclose(act(taught, 1, 4), [[1 / 3, 1 / 3, 0, 1 / 3]])


def test_upper_bounds_by_hand():
    bounds = upper_bounds(np.array([[1.0, 0.0, 3.0]]), np.array([[4.0, 0.0, 9.0]]), np.array([[6.0]]))
    np.testing.assert_allclose(bounds, [[0.25 + 3, np.inf, 1 / 3 + 2]])


def test_ucb1_equals_mabwisers_indices_step_by_step():
    """mabwiser's UCB1 has sqrt(2 ln t / n) times alpha: alpha = 1 is the paper's; an unseen arm is 0 there."""
    from mabwiser.mab import MAB, LearningPolicy

    rng = np.random.default_rng(0)
    theirs, ours = MAB([0, 1, 2, 3], LearningPolicy.UCB1(alpha=1)), started(UCB1(scale=False), 4)
    for step in range(200):
        arm, reward = (step if step < 4 else int(rng.integers(4))), float(rng.random())
        (theirs.partial_fit if step else theirs.fit)([arm], [reward])
        learn(ours, one_arm(arm, 4, reward))
        if step >= 3:  # all arms were seen
            state = ours.state_dict()
            total = state["counts"].sum(axis=1, keepdims=True)
            indices = upper_bounds(state["sums"], state["counts"], np.sqrt(2 * np.log(total)))
            expected = theirs.predict_expectations()
            np.testing.assert_allclose(indices[0], [expected[a] for a in range(4)], rtol=1e-12)
            assert act(ours, 1, 4)[0].argmax() == theirs.predict()


def test_ucb1_pulls_what_river_pulls():
    """river's UCB with delta = 1; where several indices tie it picks one of those that ours shares the mixture over."""
    from river import bandit

    rng = np.random.default_rng(1)
    theirs, ours = bandit.UCB(delta=1, seed=0), started(UCB1(scale=False), 4)
    for _ in range(300):
        arm = theirs.pull([0, 1, 2, 3])
        assert act(ours, 1, 4)[0, arm] > 0
        if ours.state_dict()["counts"].all():
            assert act(ours, 1, 4)[0, arm] == 1
        reward = float(rng.random() * (arm + 1) / 4)
        theirs.update(arm, reward)
        learn(ours, one_arm(arm, 4, reward))


def test_two_of_them_leave_an_arm_that_got_worse_and_ucb1_holds_on_to_it():
    """Arm 0 gives 0.9 for 600 decisions, then 0.2; arm 1 always 0.5: its share of the next 300."""

    def share(taught):
        started(taught, 2)
        taken = []
        for step in range(900):
            arm = int(act(taught, 1, 2)[0].argmax())
            taken.append(arm)
            learn(taught, one_arm(arm, 2, 0.5 if arm else 0.9 if step < 600 else 0.2))
        return np.mean(taken[600:])

    assert share(UCB1(scale=False)) < 0.3
    assert share(DiscountedUCB(discount=0.97, scale=False)) > 0.5
    assert share(SlidingWindowUCB(window=60, scale=False)) > 0.5


def test_refused_gains_leave_the_window_as_it_was():
    taught = started(SlidingWindowUCB(window=2, scale=False))
    learn(taught, seen([1, 1, 0], gain=0.5))
    before = taught.state_dict()
    with pytest.raises(ValueError, match=r"gains must be in \[0, 1\]; got 2.0 to 2.0"):
        learn(taught, one_arm(0, 3, 2.0))
    for name, value in taught.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("make", [UCB1, DiscountedUCB])
def test_gains_outside_the_unit_interval_are_refused(make):
    with pytest.raises(ValueError, match=r"with scale=False gains must be in \[0, 1\]; got -0.5 to -0.5"):
        learn(started(make(scale=False)), one_arm(0, 3, -0.5))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DiscountedUCB(discount=0.0), r"discount must be in \(0, 1\]; got 0.0"),
        (lambda: DiscountedUCB(discount=1.5), r"discount must be in \(0, 1\]; got 1.5"),
        (lambda: DiscountedUCB(xi=0.0), r"xi must be in \(0, inf\); got 0.0 \(0 never explores\)"),
        (lambda: DiscountedUCB(xi=float("inf")), r"xi must be in \(0, inf\); got inf"),
        (lambda: SlidingWindowUCB(window=0), "window must be at least 1; got 0"),
        (lambda: SlidingWindowUCB(xi=-1.0), r"xi must be in \(0, inf\); got -1.0"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

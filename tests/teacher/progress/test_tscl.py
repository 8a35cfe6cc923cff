"""The four of TSCL, against the paper's algorithms 2 to 5 in plain loops (and scipy's regression)."""

import itertools
from collections import deque

import numpy as np
import pytest
from scipy import stats
from teacher_support import act, follows, learn, one_arm, random_feedback, seen, started

from teacher import TSCLNaive, TSCLOnline, TSCLSampling, TSCLWindow


def choose(worths, policy, epsilon, temperature):
    if policy == "boltzmann":
        weights = [np.exp((w - max(worths)) / temperature) for w in worths]
        return [w / sum(weights) for w in weights]
    best = [w == max(worths) for w in worths]
    return [(1 - epsilon) * b / sum(best) + epsilon / len(worths) for b in best]


class Online:
    """Algorithm 2: Q <- Q + alpha (dr - Q) for what was measured."""

    def __init__(self, num_arms, alpha, absolute, *policy):
        self.q, self.alpha, self.absolute, self.policy = [0.0] * num_arms, alpha, absolute, policy

    def mixture(self):
        return choose([abs(q) if self.absolute else q for q in self.q], *self.policy)

    def learn(self, mixture, count, gain, loss, competence):
        for a, change in enumerate(gain):
            if change is not None:
                self.q[a] = self.alpha * change + (1 - self.alpha) * self.q[a]


class Window:
    """Algorithm 4: scipy's slope through the last points of each arm; 1 below two points (the authors' code)."""

    def __init__(self, num_arms, window, absolute, *policy):
        self.points = [deque(maxlen=window) for _ in range(num_arms)]
        self.absolute, self.policy, self.t = absolute, policy, 0

    def mixture(self):
        slopes = [stats.linregress(*zip(*p, strict=True)).slope if len(p) > 1 else 1.0 for p in self.points]
        return choose([abs(s) if self.absolute else s for s in slopes], *self.policy)

    def learn(self, mixture, count, gain, loss, competence):
        for a, score in enumerate(competence):
            if score is not None:
                self.points[a].append((self.t, score))
        self.t += 1


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("policy", ["greedy", "boltzmann"])
def test_online_equals_the_papers_loop(policy, absolute, full):
    settings = {"alpha": 0.3, "absolute": absolute, "policy": policy, "epsilon": 0.2, "temperature": 0.5}
    taught = TSCLOnline(**settings, feedback="full" if full else "sampled")
    follows(taught, [Online(4, *settings.values()) for _ in range(3)], full=full, unit=False)


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("policy", ["greedy", "boltzmann"])
def test_window_equals_the_papers_loop(policy, absolute):
    settings = {"window": 5, "absolute": absolute, "policy": policy, "epsilon": 0.2, "temperature": 0.5}
    taught = TSCLWindow(**settings)
    follows(taught, [Window(4, *settings.values()) for _ in range(3)], decisions=60, rtol=1e-7)


def test_online_by_hand():
    """alpha 0.1: changes +0.5 and -0.3 on arms 0 and 1, then -0.9 on arm 1: Q = (0.05, -0.117, 0)."""
    taught = started(TSCLOnline())
    assert act(taught, 1, 3).tolist() == [pytest.approx([1 / 3] * 3)]
    learn(taught, seen([1, 1, 0], gain=[0.5, -0.3, 9]))
    np.testing.assert_allclose(act(taught, 1, 3), [[0.9 + 0.1 / 3, 0.1 / 3, 0.1 / 3]])
    learn(taught, one_arm(1, 3, -0.9))
    np.testing.assert_allclose(taught.diagnostics()["slope"], [[0.05, -0.117, 0]])
    np.testing.assert_allclose(act(taught, 1, 3), [[0.1 / 3, 0.9 + 0.1 / 3, 0.1 / 3]])  # being forgotten counts


def test_window_by_hand():
    """Arm 0 at decisions 0, 1, 3 with 0.1, 0.2, 0.4: slope 0.1. Arm 1 once, arm 2 never: slope 1, tried first."""
    taught = started(TSCLWindow(window=3))
    for count, score in (([1, 1, 0], 0.1), ([1, 0, 0], 0.2), ([0, 0, 0], 9), ([1, 0, 0], 0.4)):
        learn(taught, seen(count, competence=score))
    np.testing.assert_allclose(taught.diagnostics()["slope"], [[0.1, 1, 1]])
    np.testing.assert_allclose(act(taught, 1, 3), [[0.1 / 3, 0.45 + 0.1 / 3, 0.45 + 0.1 / 3]])
    learn(taught, seen([1, 0, 0], competence=0.3))  # the first point falls out: 0.2, 0.4, 0.3 at 1, 3, 4
    slope = stats.linregress([1, 3, 4], [0.2, 0.4, 0.3]).slope
    np.testing.assert_allclose(taught.diagnostics()["slope"][0, 0], slope)


def scores(taught, held, value, num_arms):
    count = np.arange(num_arms) == held[:, None]
    learn(taught, seen(count, competence=value))


def test_naive_holds_an_arm_and_averages_the_slope_of_its_scores():
    """Algorithm 3: ten decisions on one arm, scipy's slope of its ten scores, Q <- alpha slope + (1 - alpha) Q."""
    rng = np.random.default_rng(0)
    taught, q = started(TSCLNaive(alpha=0.3), 3, 4), np.zeros((4, 3))
    for hold in range(12):
        held, kept = None, []
        for step in range(10):
            p = act(taught, 4, 3)
            assert (np.sort(p, axis=1) == [0, 0, 1]).all()
            held = p.argmax(axis=1) if step == 0 else held
            assert (p.argmax(axis=1) == held).all(), f"hold {hold} let go in decision {step}"
            kept.append(rng.random((4, 3)))
            scores(taught, held, kept[-1], 3)
        for k, arm in enumerate(held):
            slope = stats.linregress(range(10), [score[k, arm] for score in kept]).slope
            q[k, arm] = 0.3 * slope + 0.7 * q[k, arm]
        np.testing.assert_allclose(taught.diagnostics()["slope"], q, atol=1e-12)


@pytest.mark.parametrize("absolute", [False, True])
def test_naive_chooses_epsilon_greedily(absolute):
    """20,000 rows with Q = (0.2, -0.5, 0.1): the best arm with chance 1 - epsilon + epsilon / A, within 4 errors."""
    num = 20_000
    taught = started(TSCLNaive(epsilon=0.3, absolute=absolute), 3, num)
    taught.load_state_dict({**taught.state_dict(), "slope": np.tile([0.2, -0.5, 0.1], (num, 1))})
    chosen = act(taught, num, 3).mean(axis=0)
    expected = np.full(3, 0.1)
    expected[1 if absolute else 0] += 0.7
    assert (np.abs(chosen - expected) < 4 * np.sqrt(expected * (1 - expected) / num)).all()


def test_naive_shares_ties_evenly():
    num = 20_000
    chosen = act(started(TSCLNaive(), 4, num), num, 4).mean(axis=0)
    assert (np.abs(chosen - 0.25) < 4 * np.sqrt(0.25 * 0.75 / num)).all()


def test_naive_leaves_out_decisions_in_which_another_arm_was_taught():
    """A wrapper may have taught something else: the slope goes through the points that there are."""
    taught = started(TSCLNaive(hold=4, alpha=1.0), 3)
    held = act(taught, 1, 3).argmax(axis=1)
    other = (held + 1) % 3
    for arm, value in ((held, 0.1), (other, 0.0), (held, 0.5), (other, 0.0)):
        scores(taught, arm, value, 3)
    assert taught.diagnostics()["slope"][0, held[0]] == pytest.approx(0.2)  # 0.1 at 0, 0.5 at 2


def won(windows, absolute):
    """The chance that each arm has the largest draw, by enumeration of all draws; ties are shared."""
    chance = np.zeros(len(windows))
    for draw in itertools.product(*windows):
        values = np.abs(draw) if absolute else np.array(draw)
        best = values == values.max()
        chance += best / best.sum() / np.prod([len(w) for w in windows])
    return chance


@pytest.mark.parametrize("draws", [1, 5])
@pytest.mark.parametrize("absolute", [False, True])
def test_sampling_draws_one_of_the_last_changes_of_each_arm(absolute, draws):
    """Algorithm 5 as 20,000 rows of one history: window 3, so arm 0's first change (9) is gone; arm 2 is unseen."""
    num = 20_000
    taught = started(TSCLSampling(window=3, absolute=absolute, draws=draws), 3, num)
    for gain in ([9.0, 0.2], [0.5, -0.9], [-0.6, 1.5], [0.1, 0.3]):
        learn(taught, seen(np.tile([1, 1, 0], (num, 1)), gain=[*gain, 7.0]))
    expected = won([[0.5, -0.6, 0.1], [-0.9, 1.5, 0.3], [1.0]], absolute)
    chosen = act(taught, num, 3)
    assert (np.abs(chosen.mean(axis=0) - expected) < 4 * np.sqrt(expected * (1 - expected) / num) + 1e-12).all()
    assert set(np.unique(chosen * draws).round(9)) <= set(range(draws + 1))
    varies = expected > 0.02
    spread = (expected * (1 - expected) / draws)[varies]  # of independent draws
    np.testing.assert_allclose(chosen.var(axis=0)[varies], spread, rtol=0.1)


def test_sampling_before_anything_was_seen_is_uniform_over_the_unseen():
    taught = started(TSCLSampling(), 4)
    assert act(taught, 1, 4).tolist() == [[0.25] * 4]
    learn(taught, one_arm(2, 4, 0.3))
    np.testing.assert_allclose(act(taught, 1, 4), [[1 / 3, 1 / 3, 0, 1 / 3]])


def test_sampling_decides_anew_and_asking_twice_changes_nothing():
    taught = started(TSCLSampling(draws=1), 3)
    for gain in ([0.5, -0.9, 0.2], [0.1, 0.3, 0.6]):
        learn(taught, seen([1, 1, 1], gain=gain))
    taken = set()
    for _ in range(40):
        np.testing.assert_array_equal(act(taught, 1, 3), act(taught, 1, 3))
        taken.add(int(act(taught, 1, 3).argmax()))
        learn(taught, seen([0, 0, 0]))
    assert taken == {0, 1, 2}


@pytest.mark.parametrize("make", [TSCLOnline, TSCLWindow, TSCLSampling])
def test_an_arm_that_is_being_forgotten_comes_back(make):
    """Arm 0 falls by 0.3 a visit, arm 1 rises by 0.1, arm 2 stands still: only the absolute slope sees to arm 0."""
    for absolute, wanted in ((True, 0), (False, 1)):
        taught = started(make(absolute=absolute))
        for step in range(4):
            learn(taught, seen([1, 1, 1], gain=[-0.3, 0.1, 0], competence=[0.9 - 0.3 * step, 0.1 * step, 0.5]))
        assert act(taught, 1, 3)[0].argmax() == wanted and act(taught, 1, 3)[0, wanted] > 0.9


@pytest.mark.parametrize("make", [TSCLOnline, TSCLNaive, TSCLWindow])
@pytest.mark.parametrize("epsilon", [0.0, 1.5])
def test_epsilon_out_of_range_is_refused(make, epsilon):
    with pytest.raises(ValueError, match=rf"epsilon must be in \(0, 1\]; got {epsilon}"):
        make(epsilon=epsilon)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TSCLOnline(alpha=0.0), r"alpha must be in \(0, 1\]; got 0.0 \(0 never learns\)"),
        (lambda: TSCLOnline(policy="best"), "policy must be greedy or boltzmann; got 'best'"),
        (lambda: TSCLOnline(temperature=0.0), r"temperature must be in \(0, inf\); got 0.0 \(use policy='greedy'\)"),
        (lambda: TSCLNaive(hold=1), "hold must be at least 2, a slope needs two points; got 1"),
        (lambda: TSCLNaive(alpha=2.0), r"alpha must be in \(0, 1\]; got 2.0"),
        (lambda: TSCLWindow(window=1), "window must be at least 2, a slope needs two points; got 1"),
        (lambda: TSCLWindow(policy="best"), "policy must be greedy or boltzmann; got 'best'"),
        (lambda: TSCLSampling(window=0), "window and draws must be at least 1; got window=0, draws=10"),
        (lambda: TSCLSampling(draws=0), "window and draws must be at least 1; got window=10, draws=0"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_full_feedback_moves_every_arm_at_once():
    taught = started(TSCLOnline(alpha=1.0, feedback="full"), 4, 2)
    feedback = random_feedback(np.random.default_rng(0), np.full((2, 4), 0.25), full=True)
    learn(taught, feedback)
    np.testing.assert_array_equal(taught.diagnostics()["slope"], feedback.gain)

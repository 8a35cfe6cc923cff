import math

import numpy as np
import pytest
from teacher_support import follows, learn, one_arm, seen

from teacher import Exp3, Exp3IX, Exp3S, Feedback
from teacher.checks import _Arms

OBS = np.zeros((1, 3, 1), dtype=np.float32)


def started(teacher, num_arms=3, num_envs=1):
    teacher.reset(_Arms(num_arms), num_envs, 0)
    return teacher


def bandit(arm, gain, num_arms=3):
    """Feedback of one drawn arm."""
    values, count = np.zeros((1, num_arms)), np.zeros((1, num_arms), dtype=np.int64)
    values[0, arm], count[0, arm] = gain, 128
    return Feedback(values, values, values, count)


def test_exp3_by_hand():
    """Auer et al. (2002), figure 1, gamma = 0.3, three arms, arm 1 drawn with reward 0.9, then arm 0 with 0.5."""
    teacher = started(Exp3(gamma=0.3, scale=False))
    p = teacher.act(OBS)
    np.testing.assert_allclose(p, 1 / 3)
    teacher.update(OBS, p, bandit(1, 0.9))
    w = np.array([1, np.exp(0.3 * (0.9 / (1 / 3)) / 3), 1])
    p = 0.7 * w / w.sum() + 0.1
    np.testing.assert_allclose(teacher.act(OBS)[0], p)
    teacher.update(OBS, teacher.act(OBS), bandit(0, 0.5))
    w[0] *= np.exp(0.3 * (0.5 / p[0]) / 3)
    np.testing.assert_allclose(teacher.act(OBS)[0], 0.7 * w / w.sum() + 0.1)


def test_anytime_exp3_by_hand():
    """Losses, as in the theorem: after 99 losses of 0.1 on arm 2, estimated at p = 1/3."""
    teacher = started(Exp3(scale=False))
    for _ in range(99):
        teacher.update(OBS, np.full((1, 3), 1 / 3), bandit(2, 0.9))
    eta = np.sqrt(np.log(3) / (3 * 100))
    weights = np.exp(-eta * np.array([0, 0, 99 * 0.3]))
    np.testing.assert_allclose(teacher.act(OBS)[0], weights / weights.sum())


def exp3s_oracle(gains, eta, epsilon, num_arms):
    """Graves et al. (2017), eqs. 4-5, written term by term."""
    w, rows = np.zeros(num_arms), []
    for t, (arm, gain) in enumerate(gains, start=2):
        p = (1 - epsilon) * np.exp(w) / np.exp(w).sum() + epsilon / num_arms
        rows.append(p)
        r = np.array([gain / p[i] if i == arm else 0.0 for i in range(num_arms)])
        alpha = 1 / t
        w = np.array(
            [
                np.log(
                    (1 - alpha) * np.exp(w[i] + eta * r[i])
                    + alpha / (num_arms - 1) * sum(np.exp(w[j] + eta * r[j]) for j in range(num_arms) if j != i)
                )
                for i in range(num_arms)
            ]
        )
    return np.array(rows)


def test_exp3s_equals_the_paper_term_by_term():
    rng = np.random.default_rng(0)
    gains = [(int(rng.integers(4)), float(rng.uniform(-1, 1))) for _ in range(60)]
    teacher = started(Exp3S(eta=0.2, epsilon=0.1, scale=False), 4)
    obs = np.zeros((1, 4, 1), dtype=np.float32)
    ours = []
    for arm, gain in gains:
        p = teacher.act(obs)
        ours.append(p[0])
        teacher.update(obs, p, bandit(arm, gain, 4))
    np.testing.assert_allclose(ours, exp3s_oracle(gains, 0.2, 0.1, 4), rtol=1e-10)


def test_exp3s_follows_a_switch_of_the_best_arm():
    teacher = started(Exp3S(eta=0.05, scale=False))
    rng = np.random.default_rng(0)
    late = []
    for step in range(4000):
        p = teacher.act(OBS)
        late.append(p[0])
        best = 0 if step < 2000 else 2
        arm = int(rng.choice(3, p=p[0]))
        teacher.update(OBS, p, bandit(arm, 0.8 if arm == best else -0.2))
    assert np.mean(late[1800:2000], axis=0).argmax() == 0
    assert np.mean(late[3800:], axis=0).argmax() == 2


@pytest.mark.parametrize("make", [Exp3, lambda: Exp3(gamma=0.01), lambda: Exp3S(eta=10.0, epsilon=1e-4)])
def test_thousands_of_rare_rewards_overflow_nothing(make):  # a million of them: test_soak.py
    teacher = started(make(), num_envs=2)
    obs = np.zeros((2, 3, 1), dtype=np.float32)
    rng = np.random.default_rng(0)
    for step in range(1_500):
        p = teacher.act(obs)
        assert np.isfinite(p).all() and abs(p.sum() - 2) < 1e-9
        one = bandit(int(rng.integers(3)), float(rng.normal() * 10 ** float(rng.integers(-8, 8))))
        teacher.update(
            obs, p, Feedback(*(np.repeat(getattr(one, n), 2, axis=0) for n in ("gain", "loss", "loss", "count")))
        )
        if step == 0:
            assert (p > 0).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Exp3(gamma=0.0), r"gamma must be in \(0, 1\]; got 0.0 \(0 never updates a weight\)"),
        (lambda: Exp3(gamma=1.5), r"gamma must be in \(0, 1\]; got 1.5"),
        (lambda: Exp3S(eta=0), r"eta must be in \(0, inf\); got 0 \(0 never updates"),
        (lambda: Exp3S(eta=float("inf")), r"eta must be in \(0, inf\); got inf"),
        (lambda: Exp3S(epsilon=0), r"epsilon must be in \(0, 1\]; got 0 \(0 leaves arms unexplored\)"),
        (lambda: Exp3S(alpha=0.9), r"alpha must be in \(0, 0.5\]"),
        (lambda: Exp3S(beta=-1), "beta must not be below 0"),
        (lambda: Exp3S(beta=float("inf")), "beta must not be below 0; got inf"),
        (lambda: Exp3IX(gamma=0.0), r"gamma must be in \(0, 1\]; got 0.0 \(0 never updates a weight\)"),
        (lambda: Exp3IX(gamma=1.1), r"gamma must be in \(0, 1\]; got 1.1"),
    ],
)
def test_parameters_that_break_the_algorithm_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("make", [Exp3, Exp3IX])
def test_unscaled_exp3_refuses_gains_outside_the_unit_interval(make):
    teacher = started(make(scale=False))
    with pytest.raises(ValueError, match=r"gains must be in \[0, 1\]; got 3.0 to 3.0"):
        teacher.update(OBS, teacher.act(OBS), bandit(0, 3.0))


def test_many_arms_and_rows_at_once():
    teacher = started(Exp3S(), 1000, 8)
    obs = np.zeros((8, 1000, 1), dtype=np.float32)
    p = teacher.act(obs)
    count = np.zeros((8, 1000), dtype=np.int64)
    count[:, 7] = 10
    gain = np.where(count > 0, np.arange(8)[:, None] + 1.0, 0.0)
    teacher.update(obs, p, Feedback(gain, gain, gain, count))
    assert teacher.act(obs).shape == (8, 1000)


def shares(count):
    return [c / sum(count) for c in count]


def exponential(scores):
    """exp(s) / sum, from the definition."""
    top = max(scores)
    weights = [math.exp(s - top) for s in scores]
    return [w / sum(weights) for w in weights]


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
            weight = 1.0 if self.full else shares(count)[a] / mixture[a]
            if self.gamma is None:
                self.score[a] += (1.0 - r) * weight
            else:
                self.score[a] += self.gamma / len(gain) * r * weight


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("gamma", [None, 0.2, 1.0])
def test_exp3_equals_the_papers_loop_with_several_arms_per_decision(gamma, full):
    taught = Exp3(gamma=gamma, feedback="full" if full else "sampled", scale=False)
    follows(taught, [Exp3Oracle(4, gamma, full) for _ in range(3)], full=full)


class Exp3IXOracle(Exp3Oracle):
    """Neu (2015), algorithm 1: loss / (p + gamma), eta = 2 gamma; anytime: eta_t = 2 gamma_t = sqrt(ln A / (A t))."""

    def _gamma(self):
        num_arms = len(self.score)
        return math.sqrt(math.log(num_arms) / (num_arms * self.t)) / 2 if self.gamma is None else self.gamma

    def mixture(self):
        return exponential([-2 * self._gamma() * s for s in self.score])

    def learn(self, mixture, count, gain, loss, competence):
        for a, r in enumerate(gain):
            if r is not None:
                self.score[a] += (1.0 - r) * (1.0 if self.full else shares(count)[a] / (mixture[a] + self._gamma()))
        self.t += 1


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("gamma", [None, 0.05])
def test_exp3_ix_equals_the_papers_loop(gamma, full):
    taught = Exp3IX(gamma=gamma, feedback="full" if full else "sampled", scale=False)
    follows(taught, [Exp3IXOracle(4, gamma, full) for _ in range(3)], full=full)


def test_exp3_ix_by_hand():
    """Two arms, gamma = 0.1: a loss of 0.6 at p = 1/2 counts 0.6 / 0.6 = 1, so p = 1 / (1 + exp(0.2))."""
    teacher = started(Exp3IX(gamma=0.1, scale=False), num_arms=2)
    learn(teacher, one_arm(1, 2, 0.4))
    expected = [1 / (1 + math.exp(-0.2)), 1 / (1 + math.exp(0.2))]
    np.testing.assert_allclose(teacher.act(OBS[:, :2])[0], expected)


class Exp3SOracle:
    """Graves et al. (2017), eqs. 4-5, term by term, with f_a / p_a for several pulls; beta / p_a for every arm."""

    def __init__(self, num_arms, eta, epsilon, beta=0.0, alpha=None, full=False):
        self.w, self.t, self.full = [0.0] * num_arms, 2, full
        self.eta, self.epsilon, self.beta, self.alpha = eta, epsilon, beta, alpha

    def mixture(self):
        return [(1 - self.epsilon) * p + self.epsilon / len(self.w) for p in exponential(self.w)]

    def learn(self, mixture, count, gain, loss, competence):
        num_arms = len(self.w)
        x = []
        for a, r in enumerate(gain):
            estimate = 0.0 if r is None else r * (1.0 if self.full else shares(count)[a] / mixture[a])
            x.append(self.w[a] + self.eta * (estimate + self.beta / (1.0 if self.full else mixture[a])))
        alpha = 1 / self.t if self.alpha is None else self.alpha
        flow = alpha / (num_arms - 1)
        self.w = [
            math.log((1 - alpha) * math.exp(x[a]) + flow * sum(math.exp(x[b]) for b in range(num_arms) if b != a))
            for a in range(num_arms)
        ]
        self.t += 1


@pytest.mark.parametrize("options", [{}, {"beta": 0.3}, {"alpha": 0.01}, {"full": True}, {"full": True, "beta": 0.3}])
def test_exp3s_equals_the_papers_loop_with_several_arms_per_decision(options):
    full = options.pop("full", False)
    taught = Exp3S(eta=0.2, epsilon=0.1, feedback="full" if full else "sampled", scale=False, **options)
    oracles = [Exp3SOracle(4, 0.2, 0.1, full=full, **options) for _ in range(3)]
    follows(taught, oracles, full=full)


def test_exp3s_clips_unscaled_gains():
    one, other = started(Exp3S(eta=0.2, scale=False)), started(Exp3S(eta=0.2, scale=False))
    learn(one, one_arm(0, 3, 7.0))
    learn(other, one_arm(0, 3, 1.0))
    np.testing.assert_array_equal(one.act(OBS), other.act(OBS))


def test_exp3s_with_two_arms_forgets_all_at_the_first_update():
    """alpha = 1/2 at t = 2: both arms get half of the weight, whatever the reward."""
    teacher = started(Exp3S(eta=1.0, scale=False), num_arms=2)
    learn(teacher, one_arm(0, 2, 1.0))
    np.testing.assert_allclose(teacher.act(OBS[:, :2]), [[0.5, 0.5]])


def test_the_bias_of_exp3s_survives_a_mixture_that_excludes_an_arm():
    """As an override gives it: beta / p would be infinite."""
    teacher = started(Exp3S(beta=0.5, scale=False))
    for _ in range(50):
        learn(teacher, one_arm(0, 3, 0.5), mixture=[[1.0, 0.0, 0.0]])
    p = teacher.act(OBS)
    assert np.isfinite(p).all() and p.sum() == pytest.approx(1)
    for _ in range(500):
        learn(teacher, seen([[1, 1, 1]], gain=[[0.9, -0.9, -0.9]]))
    assert np.isfinite(teacher.act(OBS)).all()


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
        ours.update(OBS, p, bandit(arm, reward))


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

import math

import numpy as np
import pytest
from teacher_support import exponential, follows, learn, observation, one_arm, seen, started

from teacher import Exp3S, Feedback

OBS = observation(1, 3)


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
        teacher.update(obs, p, one_arm(arm, 4, gain))
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
        teacher.update(OBS, p, one_arm(arm, 3, 0.8 if arm == best else -0.2))
    assert np.mean(late[1800:2000], axis=0).argmax() == 0
    assert np.mean(late[3800:], axis=0).argmax() == 2


def test_many_arms_and_rows_at_once():
    teacher = started(Exp3S(), 1000, 8)
    obs = np.zeros((8, 1000, 1), dtype=np.float32)
    p = teacher.act(obs)
    count = np.zeros((8, 1000), dtype=np.int64)
    count[:, 7] = 10
    gain = np.where(count > 0, np.arange(8)[:, None] + 1.0, 0.0)
    teacher.update(obs, p, Feedback(gain, gain, gain, count))
    assert teacher.act(obs).shape == (8, 1000)


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
            estimate = 0.0 if r is None else r * (1.0 if self.full else count[a] / sum(count) / mixture[a])
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
    teacher = started(Exp3S(eta=1.0, scale=False), 2)
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


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Exp3S(eta=0), r"eta must be in \(0, inf\); got 0 \(0 never updates"),
        (lambda: Exp3S(eta=float("inf")), r"eta must be in \(0, inf\); got inf"),
        (lambda: Exp3S(epsilon=0), r"epsilon must be in \(0, 1\]; got 0 \(0 leaves arms unexplored\)"),
        (lambda: Exp3S(alpha=0.9), r"alpha must be in \(0, 0.5\]"),
        (lambda: Exp3S(beta=-1), "beta must not be below 0"),
        (lambda: Exp3S(beta=float("inf")), "beta must not be below 0; got inf"),
    ],
)
def test_parameters_that_break_the_algorithm_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

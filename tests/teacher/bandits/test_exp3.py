import numpy as np
import pytest

from teacher import Exp3, Exp3S, Feedback
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


@pytest.mark.parametrize("make", [lambda: Exp3(gamma=0.2, scale=False), lambda: Exp3S(eta=0.1, scale=False)])
def test_estimates_are_unbiased_when_a_decision_draws_several_arms(make):
    """Ten draws from p: the mean estimate is the true gain of every arm, in each feedback mode."""
    from teacher.estimators import estimated

    rng = np.random.default_rng(0)
    p, gain = np.array([[0.6, 0.3, 0.1]]), np.array([[0.2, 0.5, 0.9]])
    total = np.zeros((1, 3))
    for _ in range(20_000):
        count = 12 * np.bincount(rng.choice(3, 10, p=p[0]), minlength=3)[None]
        total += estimated(gain * (count > 0), p, Feedback(gain, gain, gain, count), "sampled")
    np.testing.assert_allclose(total / 20_000, gain, atol=5 * 0.9 / np.sqrt(20_000 * 10 * 0.1))
    full = estimated(gain, p, Feedback(gain, gain, gain, np.full((1, 3), 64)), "full")
    np.testing.assert_array_equal(full, gain)


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
def test_a_hundred_thousand_rare_rewards_overflow_nothing(make):
    teacher = started(make(), num_envs=2)
    obs = np.zeros((2, 3, 1), dtype=np.float32)
    rng = np.random.default_rng(0)
    for step in range(20_000):
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
        (lambda: Exp3S(eta=0), r"eta must be in \(0, inf\]; got 0 \(0 never updates"),
        (lambda: Exp3S(epsilon=0), r"epsilon must be in \(0, 1\]; got 0 \(0 leaves arms unexplored\)"),
        (lambda: Exp3S(alpha=0.9), r"alpha must be in \(0, 0.5\]"),
        (lambda: Exp3S(beta=-1), "beta must not be below 0"),
    ],
)
def test_parameters_that_break_the_algorithm_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_unscaled_exp3_refuses_gains_outside_the_unit_interval():
    teacher = started(Exp3(scale=False))
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

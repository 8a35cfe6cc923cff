import math

import numpy as np
import pytest
from teacher_support import Even, act, learn, one_arm, random_feedback, seen, started

from teacher import Combined, Cooldown, Exp3, Exp4, StaticMixture, Uniform

ADVICE = [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [1 / 3, 1 / 3, 1 / 3]]


def experts(advice=ADVICE):
    return [StaticMixture(tuple(weights)) for weights in advice]


class Oracle:
    """Auer et al. (2002), section 7, term by term."""

    def __init__(self, advice, gamma, full=False):
        self.advice, self.gamma, self.full, self.w = advice, gamma, full, [0.0] * len(advice)

    def mixture(self):
        weights = [math.exp(w) for w in self.w]
        num_arms = len(self.advice[0])
        return [
            (1 - self.gamma) * sum(w * xi[a] for w, xi in zip(weights, self.advice, strict=True)) / sum(weights)
            + self.gamma / num_arms
            for a in range(num_arms)
        ]

    def learn(self, mixture, count, gain):
        for n, xi in enumerate(self.advice):
            earned = 0.0
            for a, c in enumerate(count):
                if c > 0:
                    earned += xi[a] * gain[a] * (1.0 if self.full else c / sum(count) / mixture[a])
            self.w[n] += self.gamma / len(count) * earned


@pytest.mark.parametrize("full", [False, True])
def test_equals_the_papers_loop_with_several_arms_and_rows(full):
    taught = started(Exp4(experts(), gamma=0.3, feedback="full" if full else "sampled", scale=False), 3, 3)
    oracles, rng = [Oracle(ADVICE, 0.3, full) for _ in range(3)], np.random.default_rng(0)
    for _ in range(60):
        given = act(taught, 3, 3)
        np.testing.assert_allclose(given, [oracle.mixture() for oracle in oracles], rtol=1e-10)
        feedback = random_feedback(rng, given, full=full, unit=True)
        learn(taught, feedback, given)
        for k, oracle in enumerate(oracles):
            oracle.learn(given[k], feedback.count[k].tolist(), feedback.gain[k].tolist())
    weights = [taught.diagnostics()[f"expert_{n}"] for n in range(3)]
    np.testing.assert_allclose(sum(weights), 1)
    expected = [math.exp(w) / sum(map(math.exp, oracles[0].w)) for w in oracles[0].w]
    np.testing.assert_allclose([w[0] for w in weights], expected)


def test_with_one_expert_per_arm_it_is_exp3():
    """Experts that each recommend one arm make EXP4 the EXP3 over arms."""
    one_hot = experts(np.eye(3).tolist())
    exp4, exp3 = started(Exp4(one_hot, gamma=0.2, scale=False), 3), started(Exp3(gamma=0.2, scale=False), 3)
    rng = np.random.default_rng(1)
    for _ in range(80):
        arm, reward = int(rng.integers(3)), float(rng.random())
        np.testing.assert_allclose(learn(exp4, one_arm(arm, 3, reward)), learn(exp3, one_arm(arm, 3, reward)))


def test_scaled_gains_are_scaled_as_exp3s_are():
    one_hot = experts(np.eye(3).tolist())
    exp4, exp3 = started(Exp4(one_hot, gamma=0.2), 3, 2, seed=3), started(Exp3(gamma=0.2), 3, 2, seed=3)
    rng = np.random.default_rng(2)
    for _ in range(40):
        feedback = random_feedback(rng, np.full((2, 3), 1 / 3))
        np.testing.assert_allclose(learn(exp4, feedback), learn(exp3, feedback), rtol=1e-9)
    for name in ("scaled_gain", "clip_rate"):
        np.testing.assert_allclose(exp4.diagnostics()[name], exp3.diagnostics()[name])


def test_the_expert_that_knows_the_best_arm_wins():
    taught, rng = started(Exp4([Even(f"arm {a}") for a in range(5)], gamma=0.1), 5, 2), np.random.default_rng(0)
    for _ in range(800):
        given = act(taught, 2, 5)
        arms = [rng.choice(5, p=p / p.sum()) for p in given]
        count = 10 * (np.arange(5) == np.array(arms)[:, None])
        gain = 0.3 + 0.5 * (np.arange(5) == 3) + 0.1 * rng.normal(size=(2, 5))
        learn(taught, seen(count, gain=gain), given)
    weights = np.stack([taught.diagnostics()[f"expert_{n}"] for n in range(5)])
    assert (weights.argmax(axis=0) == 3).all() and (weights[3] > 0.9).all()


def test_credit_goes_by_the_advice_that_was_taken_not_by_the_next():
    """Combined is on level 0 alone, and goes on to level 1 in this very decision: it is credited for level 0."""
    taught = started(Exp4([Combined(threshold=0.9, min_sequences=1), Uniform()], gamma=0.3, scale=False), 3)
    given = act(taught, 1, 3)
    learn(taught, seen([[64, 0, 0]], gain=1.0, competence=1.0), given)
    assert act(taught.experts[0], 1, 3)[0, 1] > 0  # it has gone on
    w = np.array([0.3 / 3 * 1.0 / given[0, 0], 0.3 / 3 * (1 / 3) / given[0, 0]])
    expected = np.exp(w) / np.exp(w).sum()
    np.testing.assert_allclose([taught.diagnostics()[f"expert_{n}"][0] for n in range(2)], expected)


def test_experts_learn_from_every_decision_and_are_restored():
    def make():
        return started(Exp4([Exp3(gamma=0.1), Cooldown(Exp3()), Uniform()]), 4, 2)

    taught, rng = make(), np.random.default_rng(0)
    for _ in range(30):
        learn(taught, random_feedback(rng, act(taught, 2, 4)))
    assert np.ptp(act(taught.experts[0], 2, 4)) > 0.01
    resumed = make()
    resumed.load_state_dict(taught.state_dict())
    for _ in range(30):
        feedback = random_feedback(rng, act(taught, 2, 4))
        np.testing.assert_array_equal(learn(taught, feedback), learn(resumed, feedback))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Exp4([]), "experts must be at least one teacher that takes sampled feedback; got none"),
        (
            lambda: Exp4([Uniform(), Exp3(feedback="full")]),
            "experts must be at least one teacher that takes sampled feedback; got Exp3 assumes other feedback",
        ),
        (
            lambda: Exp4([Exp3()], feedback="full"),
            "experts must be at least one teacher that takes full feedback; got Exp3 assumes other feedback",
        ),
        (lambda: Exp4(experts(), gamma=0.0), r"gamma must be in \(0, 1\]; got 0.0 \(0 never updates a weight\)"),
        (lambda: Exp4(experts(), gamma=2.0), r"gamma must be in \(0, 1\]; got 2.0"),
    ],
)
def test_experts_and_parameters_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_gains_outside_the_unit_interval_are_refused_and_nothing_is_learned():
    taught = started(Exp4(experts(), scale=False), 3)
    with pytest.raises(ValueError, match=r"with scale=False gains must be in \[0, 1\]; got 0.0 to 3.0"):
        learn(taught, one_arm(0, 3, 3.0))
    assert (taught.state_dict()["weights"] == 0).all()


@pytest.mark.parametrize("verb", ["act", "update", "diagnostics", "state_dict"])
def test_nothing_works_before_reset(verb):
    taught, obs = Exp4(experts()), np.zeros((1, 3, 14), dtype=np.float32)
    arguments = {"act": (obs,), "update": (obs, np.full((1, 3), 1 / 3), one_arm(0, 3, 1.0))}.get(verb, ())
    with pytest.raises(RuntimeError, match=f"^{verb} before reset"):
        getattr(taught, verb)(*arguments)

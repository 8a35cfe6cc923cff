"""A million updates of every bandit without overflow: raw EXP3 weights overflow after some 26,000 pulls."""

import numpy as np
import pytest
from teacher_support import act, learn, started

from teacher import (
    UCB1,
    BetaThompson,
    Boltzmann,
    DiscountedUCB,
    EpsilonGreedy,
    Exp3,
    Exp3IX,
    Exp3S,
    Exp4,
    Feedback,
    GaussianThompson,
    SlidingWindowUCB,
    StaticMixture,
    TsallisInf,
    TSCLOnline,
    TSCLSampling,
)

NUM_ARMS = 4
ADVICE = [StaticMixture(tuple(row)) for row in (np.eye(NUM_ARMS) + 0.01).tolist()]
BANDITS = {
    "exp3 anytime": lambda scale: Exp3(scale=scale),
    "exp3": lambda scale: Exp3(gamma=0.01, scale=scale),
    "exp3 full": lambda scale: Exp3(gamma=0.5, feedback="full", scale=scale),
    "exp3s": lambda scale: Exp3S(eta=10.0, epsilon=1e-4, scale=scale),
    "exp3s constant alpha": lambda scale: Exp3S(eta=1.0, beta=0.1, alpha=0.01, scale=scale),
    "exp3-ix": lambda scale: Exp3IX(scale=scale),
    "exp3-ix fixed": lambda scale: Exp3IX(gamma=0.01, scale=scale),
    "tsallis": lambda scale: TsallisInf(scale=scale),
    "tsallis rv": lambda scale: TsallisInf("rv", scale=scale),
    "exp4": lambda scale: Exp4(ADVICE, gamma=0.01, scale=scale),
    "ucb1": lambda scale: UCB1(scale=scale),
    "discounted ucb": lambda scale: DiscountedUCB(discount=0.5, scale=scale),
    "sliding-window ucb": lambda scale: SlidingWindowUCB(scale=scale),
    "gaussian thompson": lambda scale: GaussianThompson(discount=1.0, draws=1, scale=scale),
    "beta thompson": lambda scale: BetaThompson(discount=1.0, draws=1, scale=scale),
    "beta thompson forgetting": lambda scale: BetaThompson(discount=0.5, draws=1, scale=scale),
    "epsilon-greedy": lambda scale: EpsilonGreedy(step=None, decay=5.0, scale=scale),
    "boltzmann": lambda scale: Boltzmann(temperature=1e-3, scale=scale),
    "tscl online": lambda scale: TSCLOnline(policy="boltzmann"),
    "tscl sampling": lambda scale: TSCLSampling(draws=1),
}


def soak(taught, num_envs, updates, scaled):
    """Arms drawn from its own mixture for a while, then evenly, in turn; another arm is the best each time.

    Where gains are scaled they range over 16 orders of magnitude.
    """
    rng = np.random.default_rng(0)
    started(taught, NUM_ARMS, num_envs)
    rows, block = np.arange(num_envs), min(1000, updates // 3)
    for begin in range(0, updates, block):
        numbers, noise = rng.random((2, block, num_envs))
        best = rng.integers(NUM_ARMS)
        size = 10.0 ** rng.integers(-8, 8, block) if scaled else np.ones(block)
        for i in range(min(block, updates - begin)):
            mixture = act(taught, num_envs, NUM_ARMS)
            chance = mixture if begin // block % 2 == 0 else np.full_like(mixture, 1 / NUM_ARMS)
            arm = np.minimum((numbers[i][:, None] >= chance.cumsum(axis=1)).sum(axis=1), NUM_ARMS - 1)
            count = np.zeros((num_envs, NUM_ARMS), dtype=np.int64)
            count[rows, arm] = 128
            gain = np.zeros((num_envs, NUM_ARMS))
            gain[rows, arm] = size[i] * (0.9 * (arm == best) + 0.1 * noise[i])
            learn(taught, Feedback(gain, gain, gain, count), mixture)
        assert np.isfinite(mixture).all() and (mixture >= 0).all()
        np.testing.assert_allclose(mixture.sum(axis=1), 1, atol=1e-9)
    assert all(np.isfinite(v).all() for v in taught.state_dict().values() if isinstance(v, np.ndarray))


@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
@pytest.mark.parametrize("name", BANDITS)
def test_thousands_of_updates_overflow_nothing(name, scaled):
    soak(BANDITS[name](scaled), 64, 300, scaled)


@pytest.mark.slow
@pytest.mark.parametrize("name", BANDITS)
def test_a_million_updates_of_64_students_overflow_nothing(name):
    soak(BANDITS[name](False), 64, 16_000, scaled=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["exp3", "exp3s", "beta thompson"])
def test_a_million_updates_with_scaled_gains_overflow_nothing(name):
    soak(BANDITS[name](True), 64, 16_000, scaled=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", BANDITS)
def test_a_hundred_thousand_updates_of_one_student_overflow_nothing(name):
    soak(BANDITS[name](False), 1, 100_000, scaled=False)


@pytest.mark.parametrize("name", ["exp3 anytime", "exp3", "exp3s", "exp3-ix fixed", "tsallis", "exp4"])
def test_weights_as_far_apart_as_after_billions_of_pulls_are_mixed(name):
    """What raw weights could not hold: log weights of 1e12 and more, from a state."""
    taught = started(BANDITS[name](False), NUM_ARMS)
    state = taught.state_dict()
    key = next(key for key in ("sums", "weights", "losses") if key in state)
    for far in (1e6, 1e12, 1e300):
        taught.load_state_dict({**state, key: np.array([[0.0, far, far, -far]])})
        mixture = act(taught, 1, NUM_ARMS)
        assert np.isfinite(mixture).all()
        np.testing.assert_allclose(mixture.sum(), 1)

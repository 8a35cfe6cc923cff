import numpy as np
import pytest
from scipy import stats
from teacher_support import act, learn, one_arm, random_feedback, seen, started

from teacher import BetaThompson, GaussianThompson
from teacher.bandits.thompson import share_of_wins


def test_the_share_of_wins_by_hand():
    draws = [np.array([[3.0, 1, 2], [0, 0, 5]]), np.array([[1.0, 9, 2], [4, 4, 1]])]
    np.testing.assert_array_equal(share_of_wins(lambda turn: draws[turn], 2), [[0.5, 0.5, 0], [0.25, 0.25, 0.5]])
    np.testing.assert_array_equal(share_of_wins(lambda turn: draws[turn], 1), [[1, 0, 0], [0, 0, 1]])


def test_gaussian_posteriors_by_hand():
    """discount 1/2: rewards 1 then 3 on arm 0 give n = 1.5, s = 3.5; 2 on arm 1, one decision ago, n = 0.5, s = 1."""
    taught = started(GaussianThompson(discount=0.5, scale=False))
    learn(taught, seen([1, 1, 0], gain=[1.0, 2.0, 9.0]))
    learn(taught, one_arm(0, 3, 3.0))
    state = taught.state_dict()
    np.testing.assert_allclose(state["counts"], [[1.5, 0.5, 0]])
    np.testing.assert_allclose(state["sums"], [[3.5, 1.0, 0]])


def test_beta_posteriors_by_hand():
    """Scaled rewards -1, 0 and 1 are 0, 1/2 and 1 of a success."""
    taught = started(BetaThompson(discount=0.5, scale=False))
    learn(taught, seen([1, 1, 0], gain=[0.25, 1.0, 0.5]))
    learn(taught, one_arm(0, 3, 0.0))
    state = taught.state_dict()
    np.testing.assert_allclose(state["successes"], [[0.125, 0.5, 0]])
    np.testing.assert_allclose(state["failures"], [[0.375 + 1.0, 0.0, 0]])


@pytest.mark.parametrize("discount", [1.0, 0.9])
def test_gaussian_posteriors_equal_bayesianbandits_step_by_step(discount):
    """Its NormalRegressor on a constant feature: prior precision and noise precision both 1 / sigma^2.

    Forgetting as here, with the prior kept, is its StabilizedForgetting, one tick per decision for every arm. The
    tick leaves the mean s / (n + 1) where it is, though: it discounts precision, and the prior of mean 0 that is put
    back is not averaged in. So with a discount only the precisions are comparable, and the means without one.
    """
    from bayesianbandits import NormalRegressor, StabilizedForgetting

    sigma, one = 0.5, np.ones((1, 1))
    rng = np.random.default_rng(0)
    ours = started(GaussianThompson(sigma=sigma, discount=discount, scale=False), 3)
    theirs = [NormalRegressor(alpha=sigma**-2, beta=sigma**-2) for _ in range(3)]
    for arm in theirs:
        arm.fit(one, np.zeros(1))  # an observation of 0 ..
        arm.cov_inv_ = np.asfortranarray([[sigma**-2]])  # .. taken back: the prior
    for _ in range(60):
        feedback = random_feedback(rng, np.full((1, 3), 1 / 3))
        learn(ours, feedback)
        for a, arm in enumerate(theirs):
            if discount < 1:
                arm.decay(StabilizedForgetting(discount))
            if feedback.count[0, a]:
                arm.partial_fit(one, feedback.gain[0, a : a + 1])
        state = ours.state_dict()
        precision = (state["counts"][0] + 1) / sigma**2
        np.testing.assert_allclose(precision, [arm.cov_inv_[0, 0] for arm in theirs], rtol=1e-9)
        if discount == 1:
            means = state["sums"][0] / (state["counts"][0] + 1)
            np.testing.assert_allclose(means, [arm.coef_[0] for arm in theirs], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("discount", [1.0, 0.9])
def test_beta_posteriors_equal_bayesianbandits_step_by_step(discount):
    """Its DirichletClassifier with two classes, a reward r as a success of weight r and a failure of weight 1 - r.

    Forgetting as here, with the prior kept, is its StabilizedForgetting, one tick per decision for every arm.
    """
    from bayesianbandits import DirichletClassifier, StabilizedForgetting

    rng, both = np.random.default_rng(0), np.array([1, 0])
    ours = started(BetaThompson(discount=discount, scale=False), 3)
    theirs = DirichletClassifier({1: 1.0, 0: 1.0})
    theirs.fit(np.repeat(np.arange(3), 2)[:, None], np.tile(both, 3), sample_weight=np.zeros(6))
    for _ in range(60):
        feedback = random_feedback(rng, np.full((1, 3), 1 / 3), unit=True)
        learn(ours, feedback)
        if discount < 1:
            theirs.decay(StabilizedForgetting(discount, alpha=1.0))
        for a in np.flatnonzero(feedback.count[0]):
            r = feedback.gain[0, a]
            theirs.partial_fit(np.array([[a], [a]]), both, sample_weight=np.array([r, 1 - r]))
        state = ours.state_dict()
        found = np.stack([state["successes"][0] + 1, state["failures"][0] + 1], axis=1)
        np.testing.assert_allclose(found, [theirs.known_alphas_[a] for a in range(3)], rtol=1e-9)


def test_beta_posteriors_of_right_or_wrong_rewards_equal_mabwisers_and_rivers():
    from mabwiser.mab import MAB, LearningPolicy
    from river import bandit, proba

    rng = np.random.default_rng(2)
    ours = started(BetaThompson(discount=1.0, scale=False), 3)
    mabwiser, river = MAB([0, 1, 2], LearningPolicy.ThompsonSampling()), bandit.ThompsonSampling(proba.Beta(), seed=0)
    for step in range(80):
        arm, reward = int(rng.integers(3)), int(rng.random() < 0.6)
        (mabwiser.partial_fit if step else mabwiser.fit)([arm], [reward])
        river.update(arm, reward)
        learn(ours, one_arm(arm, 3, float(reward)))
        state = ours.state_dict()
        assert [mabwiser._imp.arm_to_success_count[a] for a in range(3)] == (state["successes"][0] + 1).tolist()
        assert [mabwiser._imp.arm_to_fail_count[a] for a in range(3)] == (state["failures"][0] + 1).tolist()
        assert [river._rewards[a].alpha for a in range(3)] == (state["successes"][0] + 1).tolist()
        assert [river._rewards[a].beta for a in range(3)] == (state["failures"][0] + 1).tolist()


def trained(taught, gains, num_envs):
    """After these gains of three arms, in rows that differ in their random numbers alone."""
    started(taught, 3, num_envs)
    for gain in gains:
        learn(taught, seen(np.ones((num_envs, 3)), gain=np.tile(gain, (num_envs, 1))))
    return act(taught, num_envs, 3)


GAINS = [[0.1, 0.5, 0.6], [0.3, 0.2, 0.8], [0.2, 0.6, 0.5]]


@pytest.mark.parametrize("draws", [1, 4])
@pytest.mark.parametrize("kind", ["gaussian", "beta"])
def test_arms_win_as_often_as_their_posterior_says(kind, draws):
    """20,000 draws from ours, as rows, against scipy's distributions: within 4 standard errors.

    Draws of one decision are independent: the variance of an arm's share falls with their number.
    """
    num = 20_000 // draws
    sums = np.sum(GAINS, axis=0)
    if kind == "gaussian":
        won = trained(GaussianThompson(sigma=0.4, discount=1.0, draws=draws, scale=False), GAINS, num)
        law = stats.norm(sums / 4, 0.4 / 2)
    else:
        won = trained(BetaThompson(discount=1.0, draws=draws, scale=False), GAINS, num)
        law = stats.beta(1 + sums, 1 + 3 - sums)
    theirs = law.rvs((200_000, 3), random_state=np.random.default_rng(0)).argmax(axis=1)
    expected = np.bincount(theirs, minlength=3) / 200_000
    error = np.sqrt(expected * (1 - expected) * (1 / 20_000 + 1 / 200_000))
    assert (np.abs(won.mean(axis=0) - expected) < 4 * error).all()
    assert set(np.unique(won * draws).round(9)) <= set(range(draws + 1))
    np.testing.assert_allclose(won.var(axis=0), expected * (1 - expected) / draws, rtol=0.1)


@pytest.mark.parametrize("make", [GaussianThompson, BetaThompson])
def test_one_draw_takes_one_arm_and_decisions_draw_anew(make):
    taught = started(make(draws=1), 4)
    taken = []
    for _ in range(40):
        p = act(taught, 1, 4)
        assert sorted(p[0]) == [0, 0, 0, 1]
        np.testing.assert_array_equal(p, act(taught, 1, 4))  # asking again changes nothing
        taken.append(int(p.argmax()))
        learn(taught, seen(np.zeros((1, 4))))
    assert set(taken) == {0, 1, 2, 3}


@pytest.mark.parametrize("make", [GaussianThompson, BetaThompson])
def test_forgetting_widens_the_posterior_of_arms_that_are_not_seen(make):
    taught = started(make(discount=0.5, scale=False), 2)
    learn(taught, one_arm(1, 2, 1.0))
    for _ in range(60):
        learn(taught, one_arm(0, 2, 0.5))
    state = taught.state_dict()
    kept = state["counts"] if "counts" in state else state["successes"] + state["failures"]
    assert kept[0, 1] < 1e-15 and kept[0, 0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianThompson(sigma=0.0), r"sigma must be in \(0, inf\); got 0.0 \(0 never explores\)"),
        (lambda: GaussianThompson(sigma=float("inf")), r"sigma must be in \(0, inf\); got inf"),
        (lambda: GaussianThompson(discount=0.0), r"discount must be in \(0, 1\]; got 0.0"),
        (lambda: GaussianThompson(draws=0), "draws must be at least 1; got 0"),
        (lambda: BetaThompson(discount=1.1), r"discount must be in \(0, 1\]; got 1.1"),
        (lambda: BetaThompson(draws=0), "draws must be at least 1; got 0"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_gains_outside_the_unit_interval_are_refused_by_beta():
    with pytest.raises(ValueError, match=r"with scale=False gains must be in \[0, 1\]; got 2.0 to 2.0"):
        learn(started(BetaThompson(scale=False)), one_arm(0, 3, 2.0))

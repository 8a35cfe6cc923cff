"""Estimates are unbiased in each feedback mode, by Monte Carlo against the true gain; the known mistakes are not."""

from dataclasses import replace

import numpy as np
import pytest
from teacher_support import learn, seen, started

from teacher import Exp3, Exp3IX, Exp4, Feedback, StaticMixture, TsallisInf
from teacher.estimators import drawn_share, estimated

P = np.array([0.6, 0.3, 0.1])
TRUE = np.array([0.2, 0.5, 0.9])
MODES = {"bandit": 1, "semi-bandit": 10, "full": None}
"""How many arms a decision draws; None: every arm is measured."""


def decisions(mode, num, seed=0):
    """``num`` decisions at once, as rows: each draws its arms from P, and what is seen is noisy about TRUE."""
    rng = np.random.default_rng(seed)
    draws = MODES[mode]
    count = np.full((num, 3), 64) if draws is None else 12 * rng.multinomial(draws, P, size=num)
    gain = TRUE + rng.uniform(-0.1, 0.1, (num, 3))
    gain[count == 0] = np.nan  # nothing that was not seen may enter
    return Feedback(gain, gain, gain, count), np.tile(P, (num, 1))


def unbiased(estimate, mode, num=40_000):
    """Asserts that the mean estimate of every arm lies within 4 standard errors of its true gain."""
    feedback, mixture = decisions(mode, num)
    found = estimate(np.where(feedback.count > 0, feedback.gain, 0.0), mixture, feedback, mode)
    error = found.std(axis=0) / np.sqrt(num)
    off = np.abs(found.mean(axis=0) - TRUE)
    assert (off < 4 * error).all(), f"off by {(off / error).round(1)} standard errors"


def kind(mode):
    return "full" if mode == "full" else "sampled"


def unweighted(values, mixture, feedback, mode):
    """Mutant: the gain of what was drawn, with no importance weight."""
    return values * (feedback.count > 0)


def weighted_twice(values, mixture, feedback, mode):
    """Mutant, seen in a data-mixing library: every arm was measured, and still each is divided by its chance."""
    return values / mixture


def weighted_by_presence(values, mixture, feedback, mode):
    """Mutant: with several arms per decision, r / p for each that is there, whatever its share."""
    return values * (feedback.count > 0) / mixture


@pytest.mark.parametrize("mode", MODES)
def test_estimates_are_unbiased(mode):
    unbiased(lambda v, p, f, m: estimated(v, p, f, kind(m)), mode)


@pytest.mark.parametrize(
    ("mutant", "mode"),
    [
        (unweighted, "bandit"),
        (unweighted, "semi-bandit"),
        (weighted_twice, "full"),
        (weighted_by_presence, "semi-bandit"),
        (lambda v, p, f, m: estimated(v, p, f, "sampled"), "full"),
        (lambda v, p, f, m: estimated(v, p, f, "full"), "bandit"),
    ],
    ids=["unweighted bandit", "unweighted semi", "twice", "by presence", "sampled in full", "full in bandit"],
)
def test_the_known_mistakes_fail_the_same_test(mutant, mode):
    with pytest.raises(AssertionError, match="standard errors"):
        unbiased(mutant, mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "make",
    [
        lambda f: Exp3(feedback=f, scale=False),
        lambda f: TsallisInf("iw", feedback=f, scale=False),
        lambda f: TsallisInf("rv", feedback=f, scale=False),
    ],
    ids=["exp3", "tsallis iw", "tsallis rv"],
)
def test_teachers_keep_their_estimates_unbiased(make, mode):
    """What one decision adds to their summed losses; in the 100th, where reduced variance has B = 1/2 for p >= 0.16."""

    def estimate(values, mixture, feedback, mode):
        taught = started(make(kind(mode)), 3, len(mixture))
        taught.load_state_dict({**taught.state_dict(), "updates": 99})
        learn(taught, feedback, mixture)
        state = taught.state_dict()
        return 1.0 - state["losses"] if "losses" in state else 1.0 + state["sums"]  # EXP3 keeps minus the losses

    unbiased(estimate, mode)


def test_reduced_variance_is_reduced():
    def spread(estimator):
        feedback, mixture = decisions("bandit", 40_000)
        taught = started(TsallisInf(estimator, scale=False), 3, 40_000)
        taught.load_state_dict({**taught.state_dict(), "updates": 99})
        learn(taught, feedback, mixture)
        return taught.state_dict()["losses"].std(axis=0)

    iw, rv = spread("iw"), spread("rv")
    assert (rv[:2] < 0.75 * iw[:2]).all() and rv[2] == iw[2]  # the third arm is too rare for a base


def test_exp3_ix_is_biased_by_exactly_what_it_promises():
    """E[l f / (p + gamma)] = l p / (p + gamma): below the true loss, most where an arm is rare."""
    num, gamma = 40_000, 0.1
    feedback, mixture = decisions("bandit", num)
    taught = started(Exp3IX(gamma=gamma, scale=False), 3, num)
    learn(taught, feedback, mixture)
    found = taught.state_dict()["losses"]
    error = found.std(axis=0) / np.sqrt(num)
    assert (np.abs(found.mean(axis=0) - (1 - TRUE) * P / (P + gamma)) < 4 * error).all()
    assert (found.mean(axis=0) < (1 - TRUE) - 4 * error).all()


@pytest.mark.parametrize("mode", MODES)
def test_exp4_credits_experts_with_what_their_advice_would_earn(mode):
    """E[sum_a xi_a r_a f_a / p_a] = sum_a xi_a r_a, the expected reward of the expert's own mixture."""
    num = 40_000
    advice = np.array([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    feedback, mixture = decisions(mode, num)
    taught = Exp4([StaticMixture(tuple(a)) for a in advice], gamma=0.3, feedback=kind(mode), scale=False)
    started(taught, 3, num)
    learn(taught, feedback, mixture)
    found = taught.state_dict()["weights"] / (0.3 / 3)
    error = found.std(axis=0) / np.sqrt(num)
    assert (np.abs(found.mean(axis=0) - advice @ TRUE) < 4 * error).all()


def test_by_hand():
    feedback = seen([[9, 3, 0], [0, 0, 0]], gain=0.5)
    np.testing.assert_allclose(drawn_share(feedback), [[0.75, 0.25, 0], [0, 0, 0]])
    p = np.array([[0.5, 0.4, 0.1], [0.2, 0.2, 0.6]])
    by_hand = [[0.5 * 0.75 / 0.5, 0.5 * 0.25 / 0.4, 0], [0, 0, 0]]
    np.testing.assert_allclose(estimated(feedback.gain, p, feedback, "sampled"), by_hand)
    biased = [[0.5 * 0.75 / 0.7, 0.5 * 0.25 / 0.6, 0], [0, 0, 0]]
    np.testing.assert_allclose(estimated(feedback.gain, p, feedback, "sampled", bias=0.2), biased)
    np.testing.assert_array_equal(estimated(feedback.gain, p, feedback, "full"), [[0.5, 0.5, 0], [0, 0, 0]])


def test_the_share_of_draws_comes_before_the_share_of_sequences():
    """Under a token budget longer sequences come in smaller batches: of arm 0 a draw in four, yet 3/4 of them."""
    feedback = replace(seen([[9, 3]], gain=0.5), share=np.array([[0.25, 0.75]]))
    np.testing.assert_array_equal(drawn_share(feedback), [[0.25, 0.75]])
    p = np.array([[0.5, 0.5]])
    np.testing.assert_allclose(estimated(feedback.gain, p, feedback, "sampled"), [[0.25, 0.75]])


@pytest.mark.parametrize("mutant", [False, True])
def test_estimates_are_unbiased_where_batches_are_of_other_sizes_by_the_share_of_draws_alone(mutant):
    """Arms of 12, 6 and 2 sequences per draw: by the share of sequences they are far off."""
    num, rng = 40_000, np.random.default_rng(0)
    draws = rng.multinomial(10, P, size=num)
    gain = TRUE + rng.uniform(-0.1, 0.1, (num, 3))
    feedback = Feedback(gain, gain, gain, draws * [12, 6, 2], None if mutant else draws / 10)
    found = estimated(gain, np.tile(P, (num, 1)), feedback, "sampled")
    off = np.abs(found.mean(axis=0) - TRUE) / (found.std(axis=0) / np.sqrt(num))
    assert (off > 10).all() if mutant else (off < 4).all()


@pytest.mark.parametrize("kind", ["sampled", "full"])
@pytest.mark.parametrize("garbage", [np.nan, np.inf, 1e308])
def test_what_was_not_observed_is_zero_whatever_its_entry_holds(kind, garbage):
    feedback = seen([[9, 0, 0]])
    values = np.array([[0.5, garbage, -garbage]])
    out = estimated(values, np.array([[0.5, 0.5, 0.0]]), feedback, kind)
    assert out.tolist() == [[1.0 if kind == "sampled" else 0.5, 0, 0]]


def test_an_arm_that_the_mixture_excludes_overflows_nothing():
    """A person's override, or an environment that draws otherwise, shows an arm of chance zero."""
    out = estimated(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), seen([[5, 0]]), "sampled")
    assert np.isfinite(out).all() and out[0, 1] == 0

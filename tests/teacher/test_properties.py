"""What holds of every teacher, whatever it is shown."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from teacher_support import CASES, act, chain, learn, permuted, random_feedback, started, two_tasks

from teacher import CoverageFloor, Feedback

few = settings(max_examples=15, deadline=None, derandomize=True)
K = 2
SPECIAL_GAINS = [0.0, 1e-38, -1e-38, 1e-9, 1.0, -1.0, 1e6, 3e38, -3e38]  # as far as single precision goes


@st.composite
def lifetimes(draw, unit=False, arms=(1, 5), steps=(1, 12)):
    """Feedback of some decisions ``(K, A)``: zeros, huge and tiny values, arms never seen, empty decisions."""
    shape = (draw(st.integers(*steps)), K, draw(st.integers(*arms)))
    within = st.sampled_from([0.0, 1.0, 1e-38]) | st.floats(0, 1)
    gain = within if unit else st.sampled_from(SPECIAL_GAINS) | st.floats(-2, 2)
    loss = st.sampled_from([0.0, 1e-38, 3e38]) | st.floats(0, 10)
    fields = [draw(arrays.arrays(np.float64, shape, elements=e)) for e in (gain, loss, within)]
    count = draw(arrays.arrays(np.int64, shape, elements=st.sampled_from([0, 0, 1, 64])))
    return [Feedback(*(field[t] for field in fields), count[t]) for t in range(shape[0])]


def floor_of(case, num_arms):
    return case.floor / num_arms


@pytest.mark.parametrize("name", CASES)
def test_mixtures_stay_on_the_simplex_and_above_their_floor(name):
    case = CASES[name]

    @few
    @given(lifetimes(case.unit))
    def check(feedbacks):
        num_arms = feedbacks[0].count.shape[1]
        taught = started(case.make(), num_arms, K)
        for feedback in [*feedbacks, None]:
            mixture = act(taught, K, num_arms)
            assert mixture.shape == (K, num_arms) and mixture.dtype == np.float64
            assert np.isfinite(mixture).all() and (mixture >= case.floor / num_arms - 1e-12).all()
            np.testing.assert_allclose(mixture.sum(axis=1), 1, atol=1e-9)
            if feedback is not None:
                learn(taught, feedback, mixture)
        for shown in taught.diagnostics().values():
            assert np.isfinite(shown).all() and shown.shape in ((K,), (K, num_arms))

    check()


@pytest.mark.parametrize("name", CASES)
def test_a_coverage_floor_around_any_teacher_keeps_every_arm_covered(name):
    taught = started(CoverageFloor(CASES[name].make(), share=0.3), 4, K)
    rng = np.random.default_rng(0)
    for _ in range(15):
        mixture = act(taught, K, 4)
        assert (mixture >= 0.3 / 4 - 1e-12).all()
        np.testing.assert_allclose(mixture.sum(axis=1), 1)
        learn(taught, random_feedback(rng, mixture, unit=True), mixture)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("garbage", [np.nan, np.inf, -1e308])
def test_entries_of_arms_that_were_not_observed_mean_nothing(name, garbage):
    case = CASES[name]
    clean, dirty = started(case.make(), 4, K), started(case.make(), 4, K)
    rng = np.random.default_rng(1)
    for _ in range(25):
        mixture = act(clean, K, 4)
        np.testing.assert_array_equal(mixture, act(dirty, K, 4))
        feedback = random_feedback(rng, mixture, draws=2, unit=True)
        observed = feedback.count > 0
        fields = ("gain", "loss", "competence")
        learn(clean, replace(feedback, **{f: np.where(observed, getattr(feedback, f), 0.0) for f in fields}), mixture)
        learn(
            dirty, replace(feedback, **{f: np.where(observed, getattr(feedback, f), garbage) for f in fields}), mixture
        )


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if not case.draws or n == "replayed shuffled"])
def test_the_numbers_of_arms_do_not_matter(name):
    """Arms, with all that is known of them, and feedback under other numbers: the mixture is permuted.

    Left out are teachers that draw by the numbers of arms (Thompson and TSCL's sampling: see their states below;
    TSCL's naive and ALP-GMM, whose choice and whose points within cells are drawn so). SW-UCB would differ where its
    window cuts through one decision: it counts observations, in the order of the arms' numbers.
    """
    case = CASES[name]

    @few
    @given(st.permutations(range(6)), st.integers(0, 10_000))
    def check(order, seed):
        rng = np.random.default_rng(seed)
        one, other = started(case.make(), two_tasks(), K), started(case.make(), two_tasks().permuted(order), K)
        for _ in range(12):
            mixture = act(one, K, 6)
            np.testing.assert_allclose(act(other, K, 6), mixture[:, order], rtol=1e-7, atol=1e-10)
            feedback = random_feedback(rng, mixture, unit=case.unit, full=one.feedback == "full")
            learn(one, feedback, mixture)
            learn(other, permuted(feedback, order), mixture[:, order])

    check()


@pytest.mark.parametrize(
    "name", ["gaussian thompson", "gaussian thompson full", "beta thompson", "tscl sampling", "alp-gmm"]
)
def test_what_teachers_that_draw_remember_of_an_arm_does_not_depend_on_its_number(name):
    """Before the first fit of ALP-GMM, whose points are drawn: that is its mixture alone."""
    order = [3, 0, 5, 1, 4, 2]
    one = started(CASES[name].make(), two_tasks(), K)
    other = started(CASES[name].make(), two_tasks().permuted(order), K)
    rng = np.random.default_rng(0)
    for _ in range(5):
        feedback = random_feedback(rng, np.full((K, 6), 1 / 6), full=one.feedback == "full")
        learn(one, feedback)
        learn(other, permuted(feedback, order))
    mine, theirs = one.state_dict(), other.state_dict()
    compared = [key for key, value in mine.items() if np.ndim(value) >= 2 and key != "points"]
    assert compared
    for key in compared:
        np.testing.assert_allclose(theirs[key], mine[key][:, order], err_msg=key)


SCALED = [
    *("exp3 anytime", "exp3", "exp3 full", "exp3s", "exp3s beta", "exp3s full", "exp3-ix", "exp3-ix full"),
    *("tsallis", "tsallis rv", "tsallis full", "exp4", "exp4 full", "ucb1", "discounted ucb", "sliding-window ucb"),
    *("gaussian thompson", "beta thompson", "epsilon-greedy", "epsilon-greedy decaying", "boltzmann", "boltzmann full"),
    *("floor", "review", "cool-down", "override", "rescaled", "rescaled standardised"),
]


@pytest.mark.parametrize("name", SCALED)
def test_teachers_that_scale_their_gains_do_not_see_a_constant_or_a_unit(name):
    case = CASES[name]

    @few
    @given(st.floats(1e-3, 1e3), st.floats(-10, 10), st.integers(0, 10_000))
    def check(unit, constant, seed):
        rng = np.random.default_rng(seed)
        plain, moved = started(case.make(), 4, K), started(case.make(), 4, K)
        for _ in range(20):
            mixture = act(plain, K, 4)
            np.testing.assert_allclose(act(moved, K, 4), mixture, rtol=1e-6, atol=1e-9)
            feedback = random_feedback(rng, mixture, full=plain.feedback == "full")
            learn(plain, feedback, mixture)
            learn(moved, replace(feedback, gain=unit * feedback.gain + constant), mixture)

    check()


@pytest.mark.parametrize("name", CASES)
def test_asking_twice_gives_the_same_and_changes_nothing(name):
    """EXP4, cool-down and TSCL's naive ask a teacher again for what it gave."""
    taught, rng = started(CASES[name].make(), 4, K), np.random.default_rng(2)
    other = started(CASES[name].make(), 4, K)
    for _ in range(12):
        mixture = act(taught, K, 4)
        np.testing.assert_array_equal(mixture, act(taught, K, 4))
        feedback = random_feedback(rng, mixture, unit=True)
        learn(taught, feedback, mixture)
        learn(other, feedback, act(other, K, 4))
    np.testing.assert_array_equal(act(taught, K, 4), act(other, K, 4))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gain_a_loss_or_a_competence_that_is_not_finite_is_refused_by_name(name, bad):
    taught = started(CASES[name].make(), 3, K)
    good = random_feedback(np.random.default_rng(0), np.full((K, 3), 1 / 3), full=True, unit=True)
    before = act(taught, K, 3)
    for field in ("gain", "loss", "competence"):
        values = np.where(np.arange(3) == 2, [[0.5], [bad]], getattr(good, field))
        with pytest.raises(ValueError, match=rf"feedback\.{field} must be finite; got {bad} for row 1, arm 2"):
            learn(taught, replace(good, **{field: values}), before)
    np.testing.assert_array_equal(act(taught, K, 3), before)


@pytest.mark.parametrize("name", CASES)
def test_nothing_to_teach_is_refused_by_every_teacher(name):
    for arms, num_envs in ((0, 1), (3, 0)):
        with pytest.raises(ValueError, match="a teacher needs at least one arm and one row; got"):
            CASES[name].make().reset(chain(arms), num_envs, 0)

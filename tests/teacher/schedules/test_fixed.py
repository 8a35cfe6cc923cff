import numpy as np
import pytest
from teacher_support import act, chain, learn, random_feedback, started, two_tasks

import envs
from teacher import StaticMixture, Stratified, TargetOnly, Uniform

FIXED = {
    "uniform": (Uniform(), [1 / 6] * 6),
    # task 0: three levels of 1/6 each, the middle one over two arms; task 1: two levels of 1/4
    "stratified": (Stratified(), [1 / 6, 1 / 12, 1 / 12, 1 / 6, 1 / 4, 1 / 4]),
    # the highest level of a target is 2, and only arm 3 is on it
    "target only": (TargetOnly(), [0, 0, 0, 1, 0, 0]),
    "static": (StaticMixture((1, 2, 0, 0, 4, 1)), [1 / 8, 1 / 4, 0, 0, 1 / 2, 1 / 8]),
    "static, none given": (StaticMixture(), [1 / 6] * 6),
    # levels 0, 1, 1, 2, 0, 1 of at most 2
    "static, tilted": (StaticMixture(tilt=2 * np.log(2)), [1 / 12, 1 / 6, 1 / 6, 1 / 3, 1 / 12, 1 / 6]),
}


@pytest.mark.parametrize("name", FIXED)
def test_by_hand_and_never_changed_by_what_happens(name):
    taught, expected = FIXED[name]
    started(taught, two_tasks(), 2)
    rng = np.random.default_rng(0)
    for _ in range(5):
        np.testing.assert_allclose(act(taught, 2, 6), [expected, expected])
        learn(taught, random_feedback(rng, np.full((2, 6), 1 / 6)))


def test_a_mixture_that_is_changed_by_its_reader_changes_nothing():
    taught = started(Uniform())
    act(taught, 1, 3)[:] = 7
    np.testing.assert_allclose(act(taught, 1, 3), [[1 / 3] * 3])


def test_target_only_shares_the_hardest_targets_and_passes_over_harder_auxiliary_arms():
    taught = started(TargetOnly(), chain(5, levels=[0, 1, 2, 2, 3], targets=[True] * 4 + [False]))
    assert act(taught, 1, 5).tolist() == [[0, 0, 0.5, 0.5, 0]]


def test_stratified_gives_tasks_of_a_real_suite_the_same():
    suite = envs.Suite([envs.Addition(digits=(1, 2, 3, 4)), envs.Parity(lengths=(2, 4))])
    mixture = act(started(Stratified(), suite.arms), 1, suite.num_arms)[0]
    np.testing.assert_allclose(np.bincount(suite.arms.tasks, mixture), [0.5, 0.5])
    np.testing.assert_allclose(mixture, [1 / 8] * 4 + [1 / 4] * 2)


@pytest.mark.parametrize(
    "weights", [(1, -1), (0.0, 0.0), (float("nan"), 1), (float("inf"), 1)], ids=["negative", "zero", "nan", "inf"]
)
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(ValueError, match="weights must be finite, not negative and not all zero; got"):
        StaticMixture(weights)


def test_a_tilt_beside_weights_or_without_end_is_refused():
    with pytest.raises(ValueError, match="weights and a tilt are two mixtures: give one of them"):
        StaticMixture((1, 2), tilt=1)
    with pytest.raises(ValueError, match="tilt must be finite; got nan"):
        StaticMixture(tilt=float("nan"))


def test_a_steep_tilt_either_way_is_a_mixture_still_and_on_one_level_it_is_uniform():
    arms = chain(3, levels=[0, 1, 2])
    assert act(started(StaticMixture(tilt=1e308), arms), 1, 3).tolist() == [[0, 0, 1]]
    assert act(started(StaticMixture(tilt=5000), arms), 1, 3).tolist() == [[0, 0, 1]]
    assert act(started(StaticMixture(tilt=-5000), arms), 1, 3).tolist() == [[1, 0, 0]]
    assert act(started(StaticMixture(tilt=3), chain(2, levels=[0, 0])), 1, 2).tolist() == [[0.5, 0.5]]


def test_weights_of_another_number_of_arms_are_refused():
    with pytest.raises(ValueError, match="weights must be one per arm, 3; got 2"):
        started(StaticMixture((1, 2)))

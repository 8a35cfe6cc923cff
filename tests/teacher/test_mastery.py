"""The test itself, by hand; its error rate over lifetimes is in schedules/test_mastery_gate.py."""

import math

import numpy as np
import pytest
from teacher_support import chain, seen

from teacher.mastery import MasteryTest


def judged(test, *steps, num_arms=2, which=None, state=None):
    """The state after feedback of (counts, competences) of one row; ``which`` arms are judged, all by default."""
    state = test.start(chain(num_arms, thresholds=np.full(num_arms, 0.9)), 1) if state is None else state
    for count, competence in steps:
        feedback = seen(count, competence=competence)
        test.judge(state, (feedback.count > 0) & (True if which is None else np.array(which)), feedback)
    return state


def evidence(m, n, p1=0.9, p0=0.8):
    """From the definition: the log-likelihood ratio of n right-or-wrong answers of mean m."""
    return n * (m * math.log(p1 / p0) + (1 - m) * math.log((1 - p1) / (1 - p0)))


def test_the_evidence_by_hand():
    """p1 = 0.9, p0 = 0.8: ten sequences of mean 0.9 and five of 0.96, then ten of 0.2, which begin the second test."""
    test = MasteryTest(0.05, 0.1)
    state = judged(test, ([10, 0], 0.9), ([5, 7], [0.96, 1.0]))
    expected = [[evidence(0.9, 10) + evidence(0.96, 5), evidence(1.0, 7)]]
    np.testing.assert_allclose(state["evidence"], expected)
    judged(test, ([10, 0], 0.2), state=state)
    np.testing.assert_allclose(state["evidence"], [[0, expected[0][1]]])
    assert state["tests"].tolist() == [[2, 1]]


def test_arms_that_are_not_judged_gather_nothing():
    state = judged(MasteryTest(0.05, 0.1), ([500, 500], [1.0, np.nan]), which=[True, False])
    assert state["passed"].tolist() == [[True, False]] and state["evidence"][0, 1] == 0


def test_partly_right_answers_weigh_as_their_mean():
    """n sequences of mean m are the same evidence whatever the scores of each: it is linear in them."""
    one = judged(MasteryTest(0.05, 0.1), ([4, 0], 0.95))
    each = judged(MasteryTest(0.05, 0.1), *[([1, 0], s) for s in (0.9, 1.0, 1.0, 0.9)])
    np.testing.assert_allclose(one["evidence"], each["evidence"])


@pytest.mark.parametrize("score", [0.0, 0.25, 0.5, 0.79])
def test_under_the_hypothesis_the_factor_of_a_sequence_is_at_most_one_on_average(score):
    """Scores of 1 or of ``score``, of mean p0 = 0.8: E's factor is convex in the score, so right or wrong is worst."""
    share = (0.8 - score) / (1 - score)  # of full scores
    mean = (1 - share) * math.exp(evidence(score, 1)) + share * math.exp(evidence(1.0, 1))
    assert mean == pytest.approx(1) if score == 0 else mean < 1


@pytest.mark.parametrize("failed", [0, 1, 4])
def test_the_bar_of_each_test_by_hand(failed):
    """The j-th test must exceed 1 / alpha_j, alpha_j = 6 error / (pi j)^2: perfect scores one by one until it does."""
    test = MasteryTest(0.1, 0.1)
    state = judged(test, *[([10, 0], 0.0)] * failed)
    needed = math.ceil(math.log((math.pi * (failed + 1)) ** 2 / 0.6) / math.log(0.9 / 0.8))
    for number in range(1, needed + 1):
        assert not state["passed"].any()
        judged(test, ([1, 0], 1.0), state=state)
        assert state["passed"].tolist() == [[number == needed, False]]


def test_the_bars_of_all_tests_add_up_to_the_error():
    assert sum(6 * 0.05 / (math.pi * j) ** 2 for j in range(1, 200_000)) == pytest.approx(0.05, rel=1e-5)


def test_what_has_passed_stays_passed():
    state = judged(MasteryTest(0.05, 0.1), ([500, 0], 1.0), ([500, 0], 0.0))
    assert state["passed"].tolist() == [[True, False]]


def test_a_threshold_that_is_given_is_of_the_arm_that_most_is_wanted_of_and_of_others_in_proportion():
    arms = chain(2, thresholds=[0.2, 0.98])
    for competence, passed in (([0.1, 0.81], [False, True]), ([0.18, 0.7], [True, False])):  # of 0.163 and 0.8
        test = MasteryTest(0.05, 0.1, 0.8)
        state = judged(test, ([4000, 4000], competence), state=test.start(arms, 1))
        assert state["passed"].tolist() == [passed]


def test_each_arm_has_its_own_threshold_where_none_is_given():
    arms = chain(2, thresholds=[0.9, 0.5])
    for threshold, passed in ((None, [False, True]), (0.5, [True, True])):
        test = MasteryTest(0.05, 0.1, threshold)
        state = test.start(arms, 1)
        test.judge(state, np.ones((1, 2), dtype=bool), seen([500, 500], competence=0.7))
        assert state["passed"].tolist() == [passed]


def test_a_perfect_threshold_can_be_passed_and_one_failure_is_not_final():
    """p1 = 1 counts as 0.999: log(1 - p1) would be minus infinity."""
    state = judged(MasteryTest(0.05, 0.05, 1.0), ([1000, 0], 0.998))
    assert state["passed"].tolist() == [[True, False]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 0.1), r"error must be in \(0, 1\); got 0.0 \(0 never passes\)"),
        ((1.0, 0.1), r"error must be in \(0, 1\); got 1.0"),
        ((0.1, 0.0), r"margin must be in \(0, 1\); got 0.0 \(0 leaves nothing to tell apart\)"),
        ((0.1, 0.03, 0.02), r"threshold must be in \(margin, 1\] = \(0.03, 1\]; got 0.02"),
        ((0.1, 0.03, 1.2), r"threshold must be in \(margin, 1\] = \(0.03, 1\]; got 1.2"),
    ],
)
def test_parameters_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MasteryTest(*arguments)


def test_a_margin_that_leaves_no_competence_is_refused():
    with pytest.raises(ValueError, match=r"margin 0.3 leaves no competence below a threshold of 0.2: lower it"):
        MasteryTest(0.05, 0.3).start(chain(2, thresholds=[0.9, 0.2]), 1)

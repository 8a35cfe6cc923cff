"""How well a student keeps what is not rehearsed."""

import dataclasses

import numpy as np
import pytest

from teacher.loop import Feedback
from teacher.retention import Retention


def shown(competence, count):
    """Feedback of K rows."""
    competence, count = np.array(competence, dtype=float), np.array(count)
    nothing = np.zeros(competence.shape)
    return Feedback(gain=nothing, loss=nothing, competence=competence, count=count)


def after(*decisions, num_envs=1, num_arms=2):
    retention = Retention()
    state = retention.start(num_envs, num_arms)
    for competence, count in decisions:
        retention.take(state, shown(competence, count))
    return retention.mean_fall(state), state["forgets"]


BOTH, SECOND = [[32, 32]], [[0, 32]]


def absences(back, times):
    """The first arm, at 0.9, is away for a decision and comes back with another competence, again and again."""
    return [([[0.9, 0.9]], BOTH), ([[0.0, 0.9]], SECOND), ([[back, 0.9]], BOTH)] * times


def test_what_falls_while_away_is_forgotten():
    fall, forgets = after(*absences(0.1, 1))
    np.testing.assert_allclose(fall, [0.8 / 21])  # one return, twenty that are believed beforehand
    assert not forgets[0]


@pytest.mark.parametrize(("times", "forgets"), [(4, False), (5, True)])
def test_a_student_that_loses_much_forgets_once_there_is_evidence(times, forgets):
    fall, found = after(*absences(0.1, times))
    np.testing.assert_allclose(fall, [times * 0.8 / (times + 20)])  # 0.133, 0.16
    assert found == [forgets]


def test_it_stays_so_when_nothing_is_lost_any_more():
    fall, forgets = after(*absences(0.1, 5), *absences(0.9, 20))
    assert fall < 0.14 and forgets[0]


def test_what_falls_while_it_is_trained_is_not_forgotten():
    fall, _ = after(*[([[0.9, 0.8]], BOTH), ([[0.1, 0.1]], BOTH)] * 50)
    assert fall == [0.0]


def test_what_had_not_been_learned_is_not_lost():
    fall, _ = after(*[([[0.6, 0.4]], BOTH), ([[0.0, 0.4]], SECOND), ([[0.0, 0.4]], BOTH)] * 50)
    assert fall == [0.0]  # 0.6 of 32 sequences is not above 0.5 for sure


def test_what_got_better_while_away_counts_against_it():
    better = [([[0.8, 0.9]], BOTH), ([[0.0, 0.9]], SECOND), ([[1.0, 0.9]], BOTH)]
    fall, _ = after(*absences(0.7, 1), *better)
    np.testing.assert_allclose(fall, [0.0], atol=1e-12)


@pytest.mark.parametrize("which", [0, 2])
def test_a_visit_of_few_sequences_tells_nothing(which):
    decisions = absences(0.1, 10)
    for i in range(which, 30, 3):
        decisions[i] = (decisions[i][0], [[31, 32]])
    assert after(*decisions)[0] == [0.0]


@pytest.mark.parametrize("sequences", [16, 32, 64])
@pytest.mark.parametrize("competence", [0.3, 0.4, 0.5, 0.7, 0.9])
def test_a_student_that_keeps_all_is_not_taken_for_one_that_forgets(competence, sequences):
    """Not by chance either: visits of few sequences, many arms, left where they looked good."""
    rng = np.random.default_rng(0)
    retention, num_envs, num_arms = Retention(), 20, 50
    state = retention.start(num_envs, num_arms)
    for _ in range(300):
        count = np.where(rng.random((num_envs, num_arms)) < 0.2, sequences, 0)
        retention.take(state, shown(rng.binomial(sequences, competence, count.shape) / sequences, count))
    assert not state["forgets"].any()


def test_arms_that_are_only_probed_are_away():
    retention = Retention()
    state = retention.start(1, 2)
    for competence, count in absences(0.1, 5):
        everything = dataclasses.replace(shown(competence, [[64, 64]]), share=np.array(count) / np.sum(count))
        retention.take(state, everything)
    assert state["forgets"][0]


def test_rows_are_watched_apart():
    rows = [
        (np.tile(c, (2, 1)) if i % 3 < 2 else [[0.1, 0.9], [0.9, 0.9]], np.tile(k, (2, 1)))
        for i, (c, k) in enumerate(absences(0.1, 5))
    ]
    fall, forgets = after(*rows, num_envs=2)
    np.testing.assert_allclose(fall, [4.0 / 25, 0.0])
    assert forgets.tolist() == [True, False]


@dataclasses.dataclass
class Arms:
    targets: np.ndarray
    thresholds: np.ndarray


def test_only_who_forgets_is_given_some_of_everything_and_all_targets_alike_near_mastery():
    arms = Arms(np.array([True, True, False]), np.array([0.8, 0.8, 0.8]))
    left_at = np.array([[0.9, 0.9, 0.0], [0.9, 0.7, 0.9], [0.9, 0.73, 0.0], [0.9, 0.73, 0.0]])
    left_count = np.array([[32] * 3, [32] * 3, [32] * 3, [32, 31, 32]])
    state = {"forgets": np.array([False, True, True, True]), "left_at": left_at, "left_count": left_count}
    mixture = np.array([[0.7, 0.3, 0.0]] * 4)
    given = Retention().spread(state, mixture, 0.6, arms)
    np.testing.assert_array_equal(given[0], mixture[0])  # the same bits
    np.testing.assert_allclose(given[1:], [[0.48, 0.32, 0.2], [0.4, 0.4, 0.2], [0.48, 0.32, 0.2]])


@pytest.mark.parametrize("padded", [[1, 2], [0], [2]])
def test_padding_is_given_nothing(padded):
    arms = Arms(np.array([True, True, False]), np.array([0.8, 0.8, 0.8]))
    state = {"forgets": np.array([True]), "left_at": np.ones((1, 3)), "left_count": np.full((1, 3), 32)}
    among = np.ones((1, 3), dtype=bool)
    among[0, padded] = False
    given = Retention().spread(state, among / among.sum(), 0.6, arms, among)
    assert not given[~among].any() and given.sum() == pytest.approx(1.0)

"""How well a student keeps what is not rehearsed."""

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
    return retention.forgetting(state), state["forgets"]


BOTH, SECOND = [[8, 8]], [[0, 8]]


def absences(back, times):
    """The first arm, at 0.9, is away for a decision and comes back with another competence, again and again."""
    return [([[0.9, 0.9]], BOTH), ([[0.0, 0.9]], SECOND), ([[back, 0.9]], BOTH)] * times


def test_what_falls_while_away_is_forgotten():
    forgetting, forgets = after(*absences(0.1, 1))
    np.testing.assert_allclose(forgetting, [0.8 / 21])  # one return, twenty that are believed beforehand
    assert not forgets[0]


@pytest.mark.parametrize(("times", "forgets"), [(4, False), (5, True)])
def test_a_student_that_loses_much_forgets_once_there_is_evidence(times, forgets):
    forgetting, found = after(*absences(0.1, times))
    np.testing.assert_allclose(forgetting, [times * 0.8 / (times + 20)])  # 0.133, 0.16
    assert found == [forgets]


def test_it_stays_so_when_nothing_is_lost_any_more():
    forgetting, forgets = after(*absences(0.1, 5), *absences(0.9, 20))
    assert forgetting < 0.14 and forgets[0]


def test_what_falls_while_it_is_trained_is_not_forgotten():
    forgetting, _ = after(*[([[0.9, 0.8]], BOTH), ([[0.1, 0.1]], BOTH)] * 50)
    assert forgetting == [0.0]


def test_what_had_not_been_learned_is_not_lost():
    forgetting, _ = after(*[([[0.4, 0.4]], BOTH), ([[0.0, 0.4]], SECOND), ([[0.0, 0.4]], BOTH)] * 50)
    assert forgetting == [0.0]


def test_what_got_better_while_away_counts_against_it():
    better = [([[0.5, 0.9]], BOTH), ([[0.0, 0.9]], SECOND), ([[1.0, 0.9]], BOTH)]
    forgetting, _ = after(*absences(0.4, 1), *better)
    np.testing.assert_allclose(forgetting, [0.0])


def test_noise_averages_out():
    rng = np.random.default_rng(0)
    decisions = []
    for _ in range(400):
        count = np.where(rng.random((3, 6)) < 0.3, 16, 0)  # batches of 16 sequences
        decisions.append((rng.binomial(16, 0.8, (3, 6)) / 16, count))
    forgetting, forgets = after(*decisions, num_envs=3, num_arms=6)
    assert np.abs(forgetting).max() < 0.02 and not forgets.any()


def test_rows_are_watched_apart():
    rows = [
        (np.tile(c, (2, 1)) if i % 3 < 2 else [[0.1, 0.9], [0.9, 0.9]], np.tile(k, (2, 1)))
        for i, (c, k) in enumerate(absences(0.1, 5))
    ]
    forgetting, forgets = after(*rows, num_envs=2)
    np.testing.assert_allclose(forgetting, [4.0 / 25, 0.0])
    assert forgets.tolist() == [True, False]

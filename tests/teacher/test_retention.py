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
    return retention.forgetting(state), state["need"]


BOTH = [[8, 8]]


def test_what_falls_while_away_is_forgotten():
    forgetting, need = after(([[0.9, 0.8]], BOTH), ([[0.0, 0.8]], [[0, 8]]), ([[0.1, 0.8]], BOTH))
    np.testing.assert_allclose(forgetting, [0.8 / 4])  # one return, three that are believed beforehand
    np.testing.assert_allclose(need, [1.0])


def test_what_falls_while_it_is_trained_is_not():
    forgetting, need = after(([[0.9, 0.8]], BOTH), ([[0.1, 0.1]], BOTH))
    assert forgetting == [0.0] and need == [0.0]


def test_what_had_not_been_learned_is_not_lost():
    forgetting, _ = after(([[0.4, 0.4]], BOTH), ([[0.0, 0.4]], [[0, 8]]), ([[0.0, 0.4]], BOTH))
    assert forgetting == [0.0]


def test_noise_averages_out():
    rng = np.random.default_rng(0)
    decisions = []
    for _ in range(400):
        count = np.where(rng.random((3, 6)) < 0.3, 16, 0)  # batches of 16 sequences
        decisions.append((rng.binomial(16, 0.8, (3, 6)) / 16, count))
    forgetting, need = after(*decisions, num_envs=3, num_arms=6)
    assert np.abs(forgetting).max() < 0.02 and not need.any()


def test_rows_are_watched_apart():
    forgets = [([[0.9, 0.9], [0.9, 0.9]], [[8, 8], [8, 8]]), ([[0.9, 0.9], [0.9, 0.9]], [[0, 8], [0, 8]])]
    forgetting, _ = after(*forgets, ([[0.5, 0.9], [0.9, 0.9]], [[8, 8], [8, 8]]), num_envs=2)
    np.testing.assert_allclose(forgetting, [0.1, 0.0])


@pytest.mark.parametrize(("loss", "need"), [(0.3, 0.0), (0.5, 0.25), (0.6, 0.5), (0.8, 1.0), (-0.1, 0.0)])
def test_need_grows_between_its_bounds(loss, need):
    left, back = 0.9, 0.9 - loss
    found = after(([[left, 0.0]], [[8, 8]]), ([[0.0, 0.0]], [[0, 8]]), ([[back, 0.0]], [[8, 8]]))
    np.testing.assert_allclose(found[0], [loss / 4])
    np.testing.assert_allclose(found[1], [need], atol=1e-12)


def test_need_stays_once_it_is_found():
    away_and_back = [([[0.0, 0.9]], [[0, 8]]), ([[0.9, 0.9]], BOTH)]
    found = [([[0.9, 0.9]], BOTH), ([[0.0, 0.9]], [[0, 8]]), ([[0.1, 0.9]], BOTH), *away_and_back * 20]
    forgetting, need = after(*found)
    assert forgetting < 0.1 and need == 1.0


@pytest.mark.parametrize("decisions", [1, 5])
def test_nothing_is_known_before_a_return(decisions):
    assert after(*[([[0.9, 0.0]], [[8, 0]])] * decisions)[0] == [0.0]

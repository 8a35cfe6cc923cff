from collections import deque

import numpy as np
from scipy import stats

from teacher.windows import filled, push, slopes, turns


def test_a_ring_holds_the_last_values_of_every_arm():
    """The oracle: a deque for every arm."""
    rng = np.random.default_rng(0)
    num_envs, num_arms, width = 2, 3, 4
    ring, visits = np.zeros((num_envs, num_arms, width)), np.zeros((num_envs, num_arms), dtype=np.int64)
    oracle = {(k, a): deque(maxlen=width) for k in range(num_envs) for a in range(num_arms)}
    for _ in range(40):
        rows, arms = np.nonzero(rng.random((num_envs, num_arms)) < 0.4)
        values = rng.normal(size=len(rows))
        push(ring, visits, rows, arms, values)
        visits[rows, arms] += 1
        for k, a, value in zip(rows, arms, values, strict=True):
            oracle[k, a].append(value)
        used = filled(visits, width)
        for (k, a), kept in oracle.items():
            assert sorted(ring[k, a][used[k, a]]) == sorted(kept)


def test_each_observation_has_its_turn_within_its_row():
    fresh, turn = turns(np.array([0, 0, 0, 2, 3, 3]), 5)
    assert fresh.tolist() == [3, 0, 1, 2, 0] and turn.tolist() == [0, 1, 2, 0, 0, 1]
    assert [found.tolist() for found in turns(np.zeros(0, dtype=np.int64), 2)] == [[0, 0], []]


def test_which_slots_hold_a_value():
    assert filled(np.array([0, 2, 3, 99]), 3).tolist() == [[0, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]]


def test_slopes_equal_scipys_least_squares():
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0, 50, (20, 10)), axis=1) + 1e5
    values = rng.normal(size=(20, 10))
    used = np.arange(10) < rng.integers(2, 11, 20)[:, None]
    found = slopes(times, values, used)
    for k in range(20):
        expected = stats.linregress(times[k][used[k]], values[k][used[k]]).slope
        np.testing.assert_allclose(found[k], expected, atol=1e-9)


def test_slopes_by_hand_and_zero_where_there_is_no_line():
    """Scores .1, .3, .2 at decisions 0, 1, 4: mean time 5/3, slope (-5/3 .1 - 2/3 .3 + 7/3 .2) / (78/9)."""
    times = np.array([[0.0, 1, 4, 9], [3, 0, 0, 0], [0, 0, 0, 0], [2, 2, 2, 0]])
    values = np.array([[0.1, 0.3, 0.2, 7.0], [0.4, 9, 9, 9], [9, 9, 9, 9], [1, 2, 3, 9]])
    used = np.array([[1, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 0]], dtype=bool)
    np.testing.assert_allclose(slopes(times, values, used), [0.1 / (78 / 9), 0, 0, 0])


def test_what_is_not_used_does_not_matter():
    used = np.array([[True, True, False]])
    garbage = slopes(np.array([[0.0, 1, np.nan]]), np.array([[1.0, 2, np.inf]]), used)
    np.testing.assert_allclose(garbage, [1.0])

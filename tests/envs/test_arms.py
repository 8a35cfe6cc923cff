import itertools

import numpy as np
import pytest
from teacher_support import chain, two_tasks

import envs


def neighbours_by_search(arms):
    """Every pair of arms compared: same task, one axis one step lower, all others equal, and of a lower level."""
    num_arms, num_axes = arms.positions.shape
    found = np.full((num_arms, num_axes), -1)
    for a, b in itertools.permutations(range(num_arms), 2):
        step = arms.positions[a] - arms.positions[b]
        for axis in range(num_axes):
            only = step[axis] == 1 and (np.delete(step, axis) == 0).all() and arms.positions[b, axis] >= 0
            if only and arms.tasks[a] == arms.tasks[b] and arms.levels[b] < arms.levels[a]:
                found[a, axis] = b
    return found


def test_by_hand():
    """2 x 2 grid (arms 0-3) and a chain of two on a third axis."""
    expected = [[-1, -1, -1], [-1, 0, -1], [0, -1, -1], [1, 2, -1], [-1, -1, -1], [-1, -1, 4]]
    np.testing.assert_array_equal(two_tasks().easier, expected)


def test_a_chain_of_one_arm_has_no_neighbour():
    np.testing.assert_array_equal(chain(1).easier, [[-1]])


def test_arms_without_axes_have_none():
    arms = chain(2, positions=np.zeros((2, 0), dtype=np.int64), tasks=[0, 1])
    assert arms.easier.shape == (2, 0)


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_search_over_all_pairs_on_grids_with_holes_in_any_order(seed):
    """Two tasks on 3 x 4 and 2 x 3 x 3, a third of the cells missing, arms shuffled, unordered axes (levels tie)."""
    rng = np.random.default_rng(seed)
    positions = [(0, i, j, -1) for i in range(3) for j in range(4)]
    positions += [(1, i, j, k) for i in range(2) for j in range(3) for k in range(3)]
    table = np.array([p for p in positions if rng.random() > 1 / 3])
    rng.shuffle(table)
    ordered = np.array([True, rng.random() < 0.5, True])
    levels = (np.maximum(table[:, 1:], 0) * ordered).sum(axis=1)
    arms = chain(len(table), positions=table[:, 1:], tasks=table[:, 0], levels=levels)
    np.testing.assert_array_equal(arms.easier, neighbours_by_search(arms))


def test_real_suites_have_the_neighbours_that_the_search_finds(documents):
    suite = envs.Suite([envs.Addition(digits=(1, 2, 3)), envs.TextTask(documents, contexts=(8, 16))])
    np.testing.assert_array_equal(suite.arms.easier, neighbours_by_search(suite.arms))
    names = suite.arms.names
    below = {names[a]: names[b] for a, row in enumerate(suite.arms.easier) for b in row if b >= 0}
    assert below["addition digits=3"] == "addition digits=2" and "addition digits=1" not in below
    texts = {name: easier for name, easier in below.items() if "domain=" in name}
    assert texts and all(("domain=first" in name) == ("domain=first" in easier) for name, easier in texts.items())

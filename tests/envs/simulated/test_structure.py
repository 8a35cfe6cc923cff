import numpy as np
import pytest

from envs.simulated.population import DESCRIPTIONS, STRUCTURES, Population
from envs.simulated.structure import draw_structure


def drawn(n=400, seed=0, **shares):
    return draw_structure(np.random.default_rng(seed), n, Population(**shares))


def only(names, name):
    return tuple(float(other == name) for other in names)


def test_prerequisites_come_before_what_builds_on_them():
    structure = drawn()
    arm = np.arange(structure.exists.shape[1])[:, None]
    assert (structure.parents < arm).all()
    assert (structure.parents[~structure.exists] == -1).all() and (structure.easier[~structure.exists] == -1).all()


@pytest.mark.parametrize(
    ("name", "num_roots"),
    [
        ("chain", lambda n, s: np.ones(n)),
        ("flat", lambda n, s: s.exists.sum(axis=1)),
        ("tree", lambda n, s: np.ones(n)),
    ],
)
def test_each_kind_has_its_number_of_arms_without_prerequisites(name, num_roots):
    structure = drawn(structures=only(STRUCTURES, name))
    roots = ((structure.parents == -1).all(axis=2) & structure.exists).sum(axis=1)
    np.testing.assert_array_equal(roots, num_roots(len(roots), structure))


def test_a_chain_by_hand():
    structure = drawn(1, num_arms=(4, 4), structures=only(STRUCTURES, "chain"), descriptions=(1.0, 0.0, 0.0))
    assert structure.parents[0, :, 0].tolist() == [-1, 0, 1, 2] and structure.depth[0].tolist() == [0, 1, 2, 3]
    assert structure.easier[0, :, 0].tolist() == [-1, 0, 1, 2] and structure.position[0, :, 0].tolist() == [0, 1, 2, 3]


def test_a_grid_has_a_prerequisite_on_each_axis():
    structure = drawn(50, num_arms=(12, 12), structures=only(STRUCTURES, "grid"))
    row, column = np.moveaxis(structure.position[structure.described == 0], -1, 0)
    both = (row > 0) & (column > 0)
    assert ((structure.parents[structure.described == 0] >= 0).sum(axis=2)[both] == 2).all()
    assert (structure.depth[structure.described == 0] == row + column).all()


def test_nothing_told_means_no_axis_and_no_neighbour():
    structure = drawn(descriptions=only(DESCRIPTIONS, "none"))
    assert (structure.position == -1).all() and (structure.easier == -1).all()


def test_a_wrong_order_is_a_chain_through_all_arms_that_breaks_prerequisites():
    structure = drawn(300, num_arms=(6, 16), structures=only(STRUCTURES, "chain"), descriptions=(0.0, 1.0, 0.0))
    for exists, place, easier in zip(
        structure.exists, structure.position[..., 0], structure.easier[..., 0], strict=True
    ):
        order = np.argsort(np.where(exists, place, 99))[: exists.sum()]
        assert sorted(place[exists]) == list(range(exists.sum()))
        assert easier[order].tolist() == [-1, *order[:-1].tolist()]
    told = structure.position[..., 0]
    rank = np.array([np.corrcoef(t[e], np.arange(e.sum()))[0, 1] for t, e in zip(told, structure.exists, strict=True)])
    assert abs(rank.mean()) < 0.1


def test_the_seed_is_used():
    assert not np.array_equal(drawn(seed=0).parents, drawn(seed=1).parents)
    np.testing.assert_array_equal(drawn(seed=0).parents, drawn(seed=0).parents)

import numpy as np
import pytest

from envs import Addition, AdditionGrid, Copy, LabelNoise, Reordered, Split, Suite
from envs.checks import check_modifier, check_task

ADDITION = Addition(digits=(1, 2, 3, 4))


@pytest.mark.parametrize("told", ["wrong", "nothing"])
@pytest.mark.parametrize(
    "inner", [ADDITION, AdditionGrid(first=(1, 2), second=(1, 2)), LabelNoise(Copy(lengths=(2, 4)))]
)
def test_it_keeps_the_laws(inner, told):
    check_task(Reordered(inner, told))
    check_modifier(Reordered(inner, told))


@pytest.mark.parametrize("told", ["wrong", "nothing"])
def test_its_samples_are_the_inner_tasks(told):
    task = Reordered(ADDITION, told)
    for digits in (1, 4):
        mine, theirs = (
            t.sample(np.random.default_rng(0), {"digits": digits}, 8, Split.TRAIN) for t in (task, ADDITION)
        )
        np.testing.assert_array_equal(mine.tokens, theirs.tokens)
        np.testing.assert_array_equal(mine.targets, theirs.targets)


@pytest.mark.parametrize("seed", range(8))
def test_a_wrong_order_is_never_the_right_one_and_the_same_every_time(seed):
    values = Reordered(Addition(digits=(1, 2)), order_seed=seed).axes[0].values
    assert values == (2, 1)
    longer = Reordered(ADDITION, order_seed=seed).axes[0].values
    assert sorted(longer) == [1, 2, 3, 4] and longer != (1, 2, 3, 4)
    assert longer == Reordered(ADDITION, order_seed=seed).axes[0].values


def test_what_a_teacher_is_told():
    wrong, nothing = (Suite([Reordered(ADDITION, told, order_seed=1)]).arms for told in ("wrong", "nothing"))
    assert wrong.levels.tolist() == [0, 1, 2, 3] and wrong.easier[:, 0].tolist() == [-1, 0, 1, 2]
    told = [int(name.split("=")[1]) for name in wrong.names]
    assert told == list(Reordered(ADDITION, order_seed=1).axes[0].values)
    assert (nothing.levels == 0).all() and (nothing.easier == -1).all()


def test_versions_tell_orders_apart():
    assert len({Suite([Reordered(ADDITION, "wrong", seed)]).fingerprint for seed in (0, 1, 2)}) == 3


def test_mistakes_are_said():
    with pytest.raises(ValueError, match="told must be wrong or nothing; got 'other'"):
        Reordered(ADDITION, "other")
    with pytest.raises(ValueError, match="has no axis of two values"):
        Reordered(Addition(digits=(3,)))

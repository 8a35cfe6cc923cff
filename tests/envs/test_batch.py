import numpy as np
import pytest

from envs import IGNORE, Batch, mix, stack


def batch(width, rows=2, arm=0, first=1):
    tokens = np.arange(first, first + rows * width).reshape(rows, width)
    return Batch(tokens, tokens + 1, np.full(rows, arm))


def test_stack_pads_on_the_right_and_learner_takes_it_back():
    short, long = batch(2), batch(3, first=7)
    both = stack([short, long])
    assert both.tokens.shape == (2, 2, 3)
    assert both.tokens[0, :, 2].tolist() == [0, 0] and both.targets[0, :, 2].tolist() == [IGNORE, IGNORE]
    for k, own in enumerate((short, long)):
        np.testing.assert_array_equal(both.learner(k).tokens, own.tokens)
        np.testing.assert_array_equal(both.learner(k).targets, own.targets)
    assert both.token_counts().tolist() == [4, 6]


def test_mix_keeps_the_arm_of_each_sequence():
    mixed = mix([batch(2, rows=1, arm=3), batch(3, rows=2, arm=5)])
    assert mixed.arms.tolist() == [3, 5, 5]
    assert mixed.targets[0].tolist() == [2, 3, IGNORE]


def test_weights_ride_along_and_default_to_one():
    weighted = Batch(np.zeros((1, 2), np.int64), np.zeros((1, 2), np.int64), None, np.array([0.5]))
    assert mix([weighted, batch(2)]).weights.tolist() == [0.5, 1, 1]
    assert stack([batch(2), batch(2)]).weights is None
    assert mix([weighted, batch(2)]).arms.tolist() == [-1, 0, 0]


def test_refuses_other_shapes_and_kinds():
    with pytest.raises(ValueError, match=r"share one shape .* got \(1, 2\) and \(1, 3\)"):
        Batch(np.zeros((1, 2), np.int64), np.zeros((1, 3), np.int64))
    with pytest.raises(TypeError, match="int64; got int32"):
        Batch(np.zeros((1, 2), np.int32), np.zeros((1, 2), np.int64))


def test_time_labels_stay_with_their_tokens():
    first = Batch(np.ones((1, 3), dtype=int), np.ones((1, 3), dtype=int), times=np.array([[7, 8, 10]]))
    second = Batch(np.ones((1, 2), dtype=int), np.ones((1, 2), dtype=int))
    assert stack([first, second]).times.tolist() == [[[7, 8, 10]], [[0, 1, -1]]]
    assert mix([first, second]).times.tolist() == [[7, 8, 10], [0, 1, -1]]
    assert stack([first, second]).learner(1).times.tolist() == [[0, 1]]
    assert stack([second, second]).times is None
    with pytest.raises(ValueError, match=r"times must have the shape of tokens \(1, 3\); got \(1, 2\)"):
        Batch(first.tokens, first.targets, times=np.zeros((1, 2), dtype=int))

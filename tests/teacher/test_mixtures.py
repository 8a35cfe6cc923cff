import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from teacher.mixtures import floored, greedy, proportional, softmax

TABLES = st.lists(st.lists(st.floats(-1e30, 1e30), min_size=3, max_size=3), min_size=1, max_size=4).map(np.array)
few = settings(max_examples=50, deadline=None, derandomize=True)


@few
@given(TABLES)
def test_softmax_equals_scipys_and_leaves_its_input_alone(values):
    kept = values.copy()
    np.testing.assert_allclose(softmax(values), special.softmax(values, axis=1), atol=1e-12)
    np.testing.assert_array_equal(values, kept)


def test_softmax_overflows_nothing():
    assert softmax(np.array([[1e300, 0.0, -1e300]])).tolist() == [[1, 0, 0]]


@few
@given(TABLES.map(lambda v: special.softmax(v, axis=1)), st.floats(0, 1))
def test_a_floor_is_kept_and_rows_go_on_summing_to_one(mixture, share):
    out = floored(mixture, share)
    assert (out >= share / 3 - 1e-15).all()
    np.testing.assert_allclose(out.sum(axis=1), 1)
    np.testing.assert_allclose(out, (1 - share) * mixture + share / 3)


def test_greedy_shares_ties_evenly():
    values = np.array([[1.0, 3.0, 3.0, 2.0], [5.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [np.inf, 1, np.inf, 1]])
    expected = [[0, 0.5, 0.5, 0], [1, 0, 0, 0], [0.25] * 4, [0.5, 0, 0.5, 0]]
    np.testing.assert_array_equal(greedy(values), expected)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([[1.0, 3.0, 0.0]], [[0.25, 0.75, 0]]),
        ([[0.0, 0.0, 0.0], [2, 0, 2]], [[1 / 3] * 3, [0.5, 0, 0.5]]),
        ([[1e-320, 1e-320, 0.0]], [[0.5, 0.5, 0]]),
        ([[1e300, 3e300, 0.0]], [[0.25, 0.75, 0]]),
    ],
)
def test_weights_are_normalised_and_none_is_uniform(weights, expected):
    np.testing.assert_allclose(proportional(np.array(weights)), expected)

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from envs import IGNORE
from envs.tasks.sequence import Ragged, answered, answered_ragged, joined, spliced, whole

rows = st.lists(st.lists(st.integers(1, 9), max_size=5), min_size=3, max_size=3)


def ragged(lists):
    """Rows of different lengths; what lies beyond a row is rubbish on purpose."""
    tokens = np.full((len(lists), max(map(len, lists)) + 1), 77)
    for row, values in enumerate(lists):
        tokens[row, : len(values)] = values
    return Ragged(tokens, np.array([len(values) for values in lists]))


@given(rows, rows, rows)
def test_joined_rows_are_the_lists_added(first, second, third):
    got = joined([ragged(first), ragged(second), ragged(third)])
    for row, parts in enumerate(zip(first, second, third, strict=True)):
        text = [token for part in parts for token in part]
        assert got.lengths[row] == len(text)
        assert got.tokens[row].tolist() == text + [0] * (got.tokens.shape[1] - len(text))


def test_questions_and_answers_of_one_length():
    batch = answered(np.array([[1, 2, 3]]), np.array([[4, 5]]))
    assert batch.tokens.tolist() == [[1, 2, 3, 4]]
    assert batch.targets.tolist() == [[IGNORE, IGNORE, 4, 5]]


def test_questions_and_answers_of_different_lengths():
    batch = answered_ragged(ragged([[1, 2, 3], [6]]), ragged([[4, 5], [7]]))
    assert batch.tokens.tolist() == [[1, 2, 3, 4], [6, 7, 0, 0]]
    assert batch.targets.tolist() == [[IGNORE, IGNORE, 4, 5], [7, IGNORE, IGNORE, IGNORE]]
    same = answered_ragged(whole(np.array([[1, 2, 3]])), whole(np.array([[4, 5]])))
    np.testing.assert_array_equal(same.targets, answered(np.array([[1, 2, 3]]), np.array([[4, 5]])).targets)


def test_spliced_by_hand():
    outer, inner = np.array([[[1, 2, 3]], [[4, 5, 6]]]), np.array([[[7, 8]], [[9, 0]]])
    assert spliced(outer, np.array([[1], [2]]), inner).tolist() == [[[1, 7, 8, 3]], [[4, 5, 9, 0]]]

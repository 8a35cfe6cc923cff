import numpy as np
import pytest

from envs.batch import IGNORE
from envs.tasks.real.tokenise import ANSWER_SYMBOLS, Bins, encoded_answers, encoded_texts, mean_scale


def test_the_worked_example_of_the_bins():
    bins = Bins(-1, 1, 5)
    np.testing.assert_allclose(bins.values(range(5)), [-1, -0.5, 0, 0.5, 1])
    assert bins.tokens([-0.3, 7.0]).tolist() == [1, 4]
    np.testing.assert_allclose(bins.values([1, 4]), [-0.5, 1])


@pytest.mark.parametrize("bins", [Bins(), Bins(-3, 3, 128), Bins(0, 45, 10), Bins(-1, 2, 2)])
def test_a_value_goes_to_the_bin_between_whose_edges_it_lies(bins):
    centres = np.linspace(bins.low, bins.high, bins.num_bins)
    edges = (centres[:-1] + centres[1:]) / 2  # as the paper writes it: half way between centres
    values = np.random.default_rng(0).uniform(bins.low - 1, bins.high + 1, (20, 30))
    np.testing.assert_array_equal(bins.tokens(values), np.digitize(values, edges))
    np.testing.assert_allclose(bins.values(np.arange(bins.num_bins)), centres)


def test_there_and_back_loses_at_most_half_a_bin():
    bins = Bins(-3, 3, 128)
    values = np.random.default_rng(0).uniform(-3, 3, (50, 40))
    lost = np.abs(bins.values(bins.tokens(values)) - values)
    assert 0.4 * bins.width < lost.max() <= 0.5 * bins.width + 1e-12
    np.testing.assert_array_equal(bins.tokens(bins.values(np.arange(128))), np.arange(128))


def test_bins_are_written_by_their_centres():
    assert Bins(-1, 1, 5).symbols == ("-1", "-0.5", "+0", "+0.5", "+1")
    assert len(set(Bins().symbols)) == 4094


def test_scale_is_the_mean_absolute_value_of_the_context_and_one_for_nothing():
    np.testing.assert_allclose(mean_scale(np.array([[1.0, -3.0], [0.0, 0.0]])), [[2.0], [1.0]])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((1, 1, 5), "limits of the bins must be finite, low below high; got 1 and 1"),
        ((0, np.inf, 5), "low below high; got 0 and inf"),
        ((0, 1, 1), "num_bins must be from 2 to 65,536; got 1"),
        ((0, 1, 2**31), "num_bins must be from 2 to 65,536; got 2,147,483,648"),
    ],
)
def test_bins_that_are_none_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Bins(*settings)


def written(row):
    return "".join("." if t == IGNORE else ANSWER_SYMBOLS[t] for t in row)


def test_the_worked_example_of_a_question():
    batch = encoded_answers([(b"2+2", b"4")]).batch(np.array([0]))
    assert written(batch.tokens[0]) == "2+2SEP4"
    assert written(batch.targets[0]) == "...4END"


def test_rows_of_different_length_are_padded_and_the_padding_is_not_scored():
    rows = encoded_answers([(b"ab", b"xyz"), (b"a", b"x"), (b"", b"q")])
    batch = rows.batch(np.array([1, 0]))
    assert batch.tokens.shape == (2, 6) and batch.tokens.dtype == np.int64
    assert written(batch.targets[0]) == ".xEND..." and written(batch.targets[1]) == "..xyzEND"
    assert batch.tokens[0, 4:].tolist() == [0, 0]
    assert rows.batch(np.array([1])).tokens.shape == (1, 3)  # no wider than the longest drawn
    assert written(rows.batch(np.array([2])).targets[0]) == "qEND"


def test_texts_are_scored_from_their_second_byte_on():
    batch = encoded_texts([b"hello", b"no"]).batch(np.array([0, 1]))
    assert bytes(batch.tokens[0].tolist()) == b"hell" and bytes(batch.targets[0].tolist()) == b"ello"
    assert batch.targets[1].tolist() == [ord("o"), IGNORE, IGNORE, IGNORE]

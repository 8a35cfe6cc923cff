import numpy as np
import pytest
from scipy import stats

from teacher.randomness import finalise, keys, uniforms


def splitmix64(seed, num):
    """Steele, Lea and Flood (2014) in plain integers, as Java's SplittableRandom has it."""
    mask, out = 2**64 - 1, []
    state = seed
    for _ in range(num):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        out.append(z ^ (z >> 31))
    return out


def test_the_finaliser_is_splitmix64s():
    """The published first numbers of the generator seeded with 1234567."""
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    assert splitmix64(1234567, 5) == known
    states = np.uint64(1234567) + np.arange(1, 6, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    assert finalise(states).tolist() == known


def test_row_k_has_the_key_of_seed_plus_k():
    assert keys(7, 3).tolist() == [7, 8, 9]
    np.testing.assert_array_equal(uniforms(keys(7, 3), 4, 5)[2], uniforms(keys(9, 1), 4, 5)[0])


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed must not be negative; got -1"):
        keys(-1, 2)


def test_a_pure_function_of_its_arguments():
    np.testing.assert_array_equal(uniforms(keys(0, 2), 3, 4), uniforms(keys(0, 2), 3, 4))
    assert (uniforms(keys(0, 2), 3, 4)[:, :2] == uniforms(keys(0, 2), 3, 2)).all()


def test_numbers_lie_strictly_inside_the_unit_interval_and_are_uniform():
    numbers = uniforms(keys(0, 100), 0, 10_000).ravel()
    assert 0 < numbers.min() and numbers.max() < 1
    assert stats.kstest(numbers, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(
    "table",
    [
        lambda: uniforms(keys(0, 20_000), 5, 1)[:, 0],
        lambda: np.array([uniforms(keys(3, 1), t, 1)[0, 0] for t in range(20_000)]),
        lambda: np.array([uniforms(keys(3, 1), 9, 1, s)[0, 0] for s in range(20_000)]),
    ],
    ids=["keys", "counters", "streams"],
)
def test_neighbouring_keys_counters_and_streams_are_independent(table):
    """Uniform, and neighbours and next neighbours uncorrelated: |r| below 4 / sqrt(n)."""
    numbers = table()
    assert len(np.unique(numbers)) == len(numbers)
    assert stats.kstest(numbers, "uniform").pvalue > 1e-3
    for lag in (1, 2):
        assert abs(np.corrcoef(numbers[:-lag], numbers[lag:])[0, 1]) < 4 / np.sqrt(len(numbers))


def test_the_cross_of_keys_and_counters_holds_no_number_twice():
    """A row must not read another row's numbers of an earlier decision."""
    numbers = np.concatenate([uniforms(keys(0, 64), t, 8, s).ravel() for t in range(200) for s in range(3)])
    assert len(np.unique(numbers)) == len(numbers)

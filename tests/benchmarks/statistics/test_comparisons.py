import itertools

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from benchmarks import statistics


def test_probability_of_improvement_is_the_mann_whitney_statistic():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0, 1, 12).round(1), rng.normal(0.7, 1, 9).round(1)
    u = stats.mannwhitneyu(theirs, ours).statistic
    found = statistics.probability_of_improvement(ours.tolist(), theirs.tolist())
    assert found["value"] == pytest.approx(u / (12 * 9))
    low, high = found["interval"]
    assert low < found["value"] < high
    assert statistics.probability_of_improvement([1, 2], [3, 4]) == {"value": 1.0, "interval": None}


@pytest.mark.parametrize("cost", [np.inf, 300.0])
def test_where_all_tie_no_bootstrap_could_say_how_sure_that_is(cost):
    """Nothing mastered, say: half, whatever is drawn."""
    assert statistics.probability_of_improvement([cost] * 5, [cost] * 5) == {"value": 0.5, "interval": None}
    low, high = statistics.probability_of_improvement([cost] * 5, [cost] * 4 + [100.0])["interval"]
    assert low < 0.5 <= high


@pytest.mark.parametrize("num", [1, 2, 5, 9])
def test_sign_flips_by_hand(num):
    values = np.random.default_rng(num).normal(0.5, 1.0, num)
    sums = [abs(np.dot(signs, values)) for signs in itertools.product((1, -1), repeat=num)]
    expected = np.mean(np.array(sums) >= abs(values.sum()) - 1e-12)
    assert statistics.sign_flip(values) == pytest.approx(expected)


def test_many_pairs_are_flipped_at_random_and_nothing_differs_where_nothing_differs():
    rng = np.random.default_rng(0)
    assert statistics.sign_flip(rng.normal(2.0, 1.0, 40)) < 1e-3
    assert statistics.sign_flip(rng.normal(0.0, 1.0, 40)) > 0.01
    assert statistics.sign_flip([0.0, 0.0]) == 1.0 and statistics.sign_flip([]) == 1.0


@pytest.mark.parametrize("num", [6, 10])
def test_the_test_keeps_its_level_where_nothing_differs(num):
    """Skewed costs, censored at a budget as ours are: about one study in twenty calls what is no difference one."""
    rng = np.random.default_rng(0)
    called = 0
    for _ in range(300):
        ours, theirs = np.minimum(rng.lognormal(0.0, 0.8, (2, num)), 2.5)
        called += statistics.sign_flip(ours - theirs) <= 0.05
    assert called / 300 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)


def test_holm_is_statsmodels():
    rng = np.random.default_rng(0)
    for num in (1, 2, 7, 20):
        p_values = rng.uniform(0, 0.2, num).round(2)
        np.testing.assert_allclose(statistics.holm(p_values), multipletests(p_values, method="holm")[1])
    assert statistics.holm([]) == []


def test_pairs_are_of_the_seeds_that_both_have_lived():
    found = statistics.paired({0: 1.0, 1: 2.0, 5: 9.0}, {1: 4.0, 0: 1.0, 7: 3.0})
    assert found["pairs"] == 2 and found["difference"] == -1.0 and found["ratio"] == 3 / 5 and found["faster"] == 0.75
    assert statistics.paired({0: 1.0}, {1: 1.0}) is None

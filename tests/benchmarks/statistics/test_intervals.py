import numpy as np
import pytest
from scipy import stats

from benchmarks import statistics


def test_interval_covers_the_true_mean_about_as_often_as_it_says():
    """Coverage by simulation: 20 normal values, nominal 0.95; the percentile bootstrap is a little narrow."""
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(200):
        low, high = statistics.interval(rng.normal(3.0, 1.0, 20).tolist())
        hits += low <= 3.0 <= high
    assert 0.88 <= hits / 200 <= 0.99


def test_interval_of_one_value_is_none_and_of_equal_values_is_the_value():
    assert statistics.interval([1.0]) is None
    assert statistics.interval([2.0, 2.0, 2.0]) == [2.0, 2.0]


def test_the_stratified_interquartile_mean_draws_within_strata():
    """Strata far apart: drawn across them the interval would be wide, drawn within them it is as narrow as they are."""
    values = {"a": [1.0, 1.1, 0.9, 1.0], "b": [101.0, 100.9, 101.1, 101.0]}
    value, bounds = statistics.stratified(values)
    assert value == pytest.approx(stats.trim_mean([*values["a"], *values["b"]], 0.25)) == pytest.approx(51.0)
    assert bounds[1] - bounds[0] < 0.2 and bounds[0] <= value <= bounds[1]
    assert statistics.stratified({"a": [1.0], "b": [2.0]})[1] is None


def test_a_stratum_of_one_counts_once_in_every_draw():
    """Of 1, 2, 3, 10 the middle half is 2 and 3; drawn anew in their stratum, three of 2, 3, 10 beside the 1."""
    draws = [np.sort([1.0, a, b, c])[1:3].mean() for a in (2, 3, 10) for b in (2, 3, 10) for c in (2, 3, 10)]
    value, bounds = statistics.stratified({"a": [1.0], "b": [2.0, 3.0, 10.0]})
    assert value == 2.5 and bounds == pytest.approx(np.quantile(draws, [0.025, 0.975], method="inverted_cdf"))
    assert statistics.stratified({"b": [2.0, 3.0, 10.0], "none": [], "a": [1.0]}) == (value, bounds)


def test_the_stratified_interval_covers_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(150):
        drawn = {name: rng.normal(level, 1.0, 15) for name, level in (("a", 0.0), ("b", 3.0))}
        low, high = statistics.stratified(drawn, resamples=400)[1]
        hits += low <= 1.5 <= high  # by symmetry
    assert 0.88 <= hits / 150 <= 0.99

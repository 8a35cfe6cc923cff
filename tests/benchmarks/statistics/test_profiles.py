import numpy as np
import pytest

from benchmarks import statistics


def group(suite, teacher, values, censored=(), budget=100):
    cost = {"values": list(values), "censored": [i in censored for i in range(len(values))]}
    cost = {"updates": cost}
    return {"suite": suite, "student": "n", "teacher": teacher, "budget": budget, "cost_to_mastery": cost}


def test_teachers_that_lived_everywhere_are_aggregated_as_shares_of_budgets():
    groups = [
        group("a", "quick", [10, 20, 30, 40]),
        group("b", "quick", [100, 200, 300, 1000], censored=(3,), budget=1000),
        group("a", "elsewhere", [50]),
    ]
    (record,) = statistics.aggregated(groups)
    assert record["teacher"] == "quick" and record["scores"] == {
        "a, n": [0.1, 0.2, 0.3, 0.4],
        "b, n": [0.1, 0.2, 0.3, 1.0],
    }
    assert record["interquartile_mean"] == pytest.approx(0.25)  # of 0.2, 0.2, 0.3, 0.3
    low, high = record["interval"]
    assert low < 0.25 < high


def test_a_cheap_failure_is_never():
    (record,) = statistics.aggregated(
        [
            group("a", "cheat", [5, 10], censored=(0, 1)),
        ]
    )
    assert record["scores"]["a, n"] == [1.0, 1.0]


def test_a_profile_by_hand():
    value, low, high = statistics.profile({"a": [0.1, 0.2], "b": [0.3, 1.0]}, np.array([0.05, 0.1, 0.25, 0.999]))
    np.testing.assert_allclose(value, [0.0, 0.25, 0.5, 0.75])
    assert (low <= value).all() and (value <= high).all() and high[2] == 0.5 and low[2] == 0.5  # within strata
    assert low[3] == 0.5 and high[3] == 1.0

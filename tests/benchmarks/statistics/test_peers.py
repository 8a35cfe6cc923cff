"""Held against what rliable, arch and lifelines say of the same costs (``peers.py`` wrote it, from their own code)."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import statistics

PEERS = json.loads(Path(__file__).with_name("peers.json").read_text())
SCORES = np.array(PEERS["scores"])  # (seeds, suites)


def close(ours, theirs):
    """Two bootstraps of other draws: the value is the same, bounds differ by less than a twentieth of their distance.

    Values are hundredths, which a quantile may miss by one.
    """
    value, low, high = theirs
    assert ours[0] == pytest.approx(value)
    room = 0.05 * (high - low) + 1e-9
    assert ours[1] == pytest.approx(low, abs=room) and ours[2] == pytest.approx(high, abs=room)


def test_the_interquartile_mean_and_its_stratified_interval_are_rliables():
    value, bounds = statistics.stratified({str(suite): column.tolist() for suite, column in enumerate(SCORES.T)})
    close([value, *bounds], PEERS["interquartile_mean"])


def test_performance_profiles_are_rliables():
    found = statistics.profile({str(suite): column.tolist() for suite, column in enumerate(SCORES.T)}, PEERS["grid"])
    value, low, high = np.array(PEERS["profile"])
    np.testing.assert_allclose(found[0], value)
    np.testing.assert_allclose(found[1:], [low, high], atol=1.001 / SCORES.size)  # shares: one lifetime of all


def test_the_probability_of_improvement_is_rliables():
    found = statistics.probability_of_improvement(SCORES[:, 0].tolist(), PEERS["rivals"])
    close([found["value"], *found["interval"]], PEERS["probability_of_improvement"])


def test_the_interval_of_a_mean_is_archs():
    costs = SCORES[:, 1].tolist()
    close([np.mean(costs), *statistics.interval(costs)], PEERS["mean"])


def test_censored_costs_are_what_lifelines_says():
    """Kaplan-Meier, and the restricted mean as the area over its curve: ours is the mean of costs cut at the budget."""
    limit = PEERS["limit"]
    lives = [
        {
            **{"suite": "s", "student": "n", "teacher": "t", "seed": seed, "mastered": cost < limit, "budget": limit},
            **{"area_under_curve": 0.0, "competence": 0.0, "seconds": {"training": 1.0}, "fingerprint": "f"},
            **{of: dict.fromkeys(statistics.COSTS, min(cost, limit)) for of in ("to_mastery", "spent")},
        }
        for seed, cost in enumerate(SCORES[:, 0].tolist())
    ]
    (record,) = statistics.summarise(lives)
    assert record["cost_to_mastery"]["updates"]["mean"] == pytest.approx(PEERS["restricted_mean"])
    costs, share = statistics.survival(
        record["cost_to_mastery"]["updates"]["values"],
        [not c for c in record["cost_to_mastery"]["updates"]["censored"]],
    )
    ours = [share[costs <= place][-1] if (costs <= place).any() else 0.0 for place in PEERS["grid"]]
    assert ours == pytest.approx(PEERS["mastered_by"])

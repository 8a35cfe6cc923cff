import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from benchmarks import statistics


@pytest.mark.parametrize("effect", [0.5, 0.8, 1.2])
def test_it_is_near_what_a_t_test_of_normal_differences_needs(effect):
    """The sign-flip test is as strong as Student's on normal values (Hoeffding 1952)."""
    differences = np.random.default_rng(0).normal(effect, 1.0, 5000)
    expected = TTestPower().solve_power(effect, power=0.8, alpha=0.05)
    assert statistics.seeds_needed(differences) == pytest.approx(expected, rel=0.12, abs=1.5)


def test_a_study_of_that_size_finds_the_difference_as_often_as_it_says():
    rng = np.random.default_rng(1)
    differences = rng.exponential(1.0, 400) - 0.5
    needed = statistics.seeds_needed(differences, power=0.7)
    found = [statistics.sign_flip(rng.choice(differences, needed)) <= 0.05 for _ in range(200)]
    assert 0.6 <= np.mean(found) <= 0.82
    assert (
        statistics.rejections(differences, needed, 0.05) >= 0.7 > statistics.rejections(differences, needed - 2, 0.05)
    )


def test_more_is_needed_for_more_power_a_stricter_level_and_a_smaller_difference():
    differences = np.random.default_rng(0).normal(1.0, 1.5, 200)
    base = statistics.seeds_needed(differences)
    assert statistics.seeds_needed(differences, power=0.95) > base
    assert statistics.seeds_needed(differences, level=0.005) > base
    assert statistics.seeds_needed(differences - 0.5) > base
    assert statistics.seeds_needed([0.0, 0.0, 0.0]) is None
    small = np.random.default_rng(0).normal(0.105, 1.0, 4000)
    assert 512 < statistics.seeds_needed(small - small.mean() + 0.105) < 1000
    assert statistics.seeds_needed([3.0, 3.0]) == 6  # fewer can never give a p below 0.05
    assert statistics.seeds_needed(np.array([1.0, -1.0] * 50) + 0.001) is None


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: statistics.seeds_needed([1.0]), "at least two pairs are needed to guess from; got 1"),
        (lambda: statistics.seeds_needed([1.0, 2.0], power=1.0), r"power must be in \(0, 1\); got 1.0"),
        (lambda: statistics.seeds_needed([1.0, 2.0], level=0.0), r"level must be in \(0, 1\); got 0.0"),
    ],
)
def test_mistakes_are_said(act, said):
    with pytest.raises(ValueError, match=said):
        act()

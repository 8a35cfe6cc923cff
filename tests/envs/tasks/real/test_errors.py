import numpy as np
import pytest

from envs.tasks.real.errors import mase, pinball


def test_mase_by_hand():
    # One-step changes of the past: 1, 2, 3, mean 2. Errors: 1 and 3, mean 2; then 0 and 1, mean 0.5.
    past = np.array([0.0, 1.0, 3.0, 0.0])
    forecast, actual = np.array([[1.0, 2.0], [5.0, 5.0]]), np.array([[2.0, 5.0], [5.0, 4.0]])
    np.testing.assert_allclose(mase(forecast, actual, past), [1.0, 0.25])
    np.testing.assert_allclose(mase(forecast, actual, np.stack([past, past * 2])), [1.0, 0.125])
    # Two apart: |3 - 0| = 3 and |0 - 1| = 1, mean 2.
    np.testing.assert_allclose(mase(forecast, actual, past, season=2), [1.0, 0.25])


def slow_mase(forecast, actual, past, season):
    naive = sum(abs(past[t] - past[t - season]) for t in range(season, len(past))) / (len(past) - season)
    return sum(abs(y - f) for f, y in zip(forecast, actual, strict=True)) / len(actual) / naive


def slow_pinball(forecast, actual, level):
    losses = [level * (y - f) if y > f else (1 - level) * (f - y) for f, y in zip(forecast, actual, strict=True)]
    return sum(losses) / len(losses)


@pytest.mark.parametrize("season", [1, 3, 12])
def test_mase_is_what_the_definition_says(season):
    rng = np.random.default_rng(season)
    forecast, actual, past = rng.normal(size=(3, 8)), rng.normal(size=(3, 8)), rng.normal(size=(3, 40))
    expected = [slow_mase(forecast[b], actual[b], past[b], season) for b in range(3)]
    np.testing.assert_allclose(mase(forecast, actual, past, season), expected)


def test_pinball_by_hand():
    # Level 0.9: two too low costs 0.9 * 2, one too high 0.1 * 1. Level 0.5: half the absolute error.
    got = pinball(np.array([[[1.0, 4.0]], [[1.0, 4.0]]]), np.array([[3.0, 3.0]]), np.array([0.9, 0.5]))
    np.testing.assert_allclose(got, [(1.8 + 0.1) / 2, 0.75])


def test_pinball_is_what_the_definition_says_and_least_at_the_quantile():
    rng = np.random.default_rng(0)
    actual, levels = rng.normal(size=(50, 40)), np.array([0.1, 0.5, 0.8])
    forecasts = rng.normal(size=(3, 50, 40))
    expected = [slow_pinball(forecasts[q].ravel(), actual.ravel(), level) for q, level in enumerate(levels)]
    np.testing.assert_allclose(pinball(forecasts, actual, levels), expected)
    right = np.broadcast_to(np.quantile(actual, levels)[:, None, None], forecasts.shape)
    for shift in (-0.3, 0.3):
        assert (pinball(right + shift, actual, levels) > pinball(right, actual, levels)).all()


def test_what_does_not_fit_is_refused():
    two, past = np.zeros((2, 3)), np.arange(5.0)
    with pytest.raises(ValueError, match=r"share one shape \(B, H\); got \(2, 3\) and \(2, 2\)"):
        mase(two, two[:, :2], past)
    for season in (0, 5):
        with pytest.raises(ValueError, match=f"below the length of insample, 5; got {season}"):
            mase(two, two, past, season)
    with pytest.raises(ValueError, match="insample must change from one season of 1 to the next"):
        mase(two, two, np.ones(5))
    with pytest.raises(ValueError, match=r"got \(1, 2, 3\), \(2, 3\) and \(2,\)"):
        pinball(two[None], two, np.array([0.1, 0.2]))
    for level in (0.0, 1.0):
        with pytest.raises(ValueError, match=r"quantile levels must be in \(0, 1\)"):
            pinball(two[None], two, np.array([level]))

import sys

import numpy as np
import pytest
from scipy import special, stats
from teacher_support import act, chain, learn, one_arm, random_feedback, seen, started, two_tasks

from teacher import ALPGMM


@pytest.fixture
def fits(monkeypatch):
    """Every mixture that is fitted, with the points it was given."""
    import sklearn.mixture

    made = []

    class Recording(sklearn.mixture.GaussianMixture):
        def fit(self, points):
            super().fit(points)
            made.append((self, points.copy()))
            return self

    monkeypatch.setattr("teacher.progress.alp_gmm._gaussian_mixture", lambda: Recording)
    return made


def expected_mixture(fitted, coordinates, random):
    """From the fits of one refit: sklearn's AIC picks, scipy's marginal densities place the components' mean gains."""
    best = min(fitted, key=lambda pair: pair[0].aic(pair[1]))[0]
    gains = np.maximum(best.means_[:, -1], 0)
    learned = np.zeros(len(coordinates))
    for gain, mean, covariance in zip(gains, best.means_, best.covariances_, strict=True):
        density = stats.multivariate_normal(mean[:-1], covariance[:-1, :-1]).logpdf(coordinates)
        learned += gain / gains.sum() * np.exp(density - special.logsumexp(density))
    return (1 - random) * learned + random / len(coordinates)


@pytest.mark.parametrize("arms", [chain(8), two_tasks()], ids=["one axis", "three axes"])
def test_the_mixture_is_the_one_of_sklearns_best_fit(fits, arms):
    rng = np.random.default_rng(0)
    taught = started(ALPGMM(refit_every=30, window=60, max_components=4, random=0.3), arms, 2)
    while len(fits) < 12:  # rows refit at decisions of their own: three fits of 2, 3 and 4 components each time
        before = len(fits)
        given = act(taught, 2, arms.num_arms)
        learn(taught, random_feedback(rng, given), given)
        rows = [fits[i : i + 3] for i in range(before, len(fits), 3)]
        assert all([f[0].n_components for f in row] == [2, 3, 4] for row in rows)
        changed = np.flatnonzero((act(taught, 2, arms.num_arms) != given).any(axis=1))
        assert len(changed) == len(rows)
        for k, row in zip(changed, rows, strict=True):
            several = len(np.unique(arms.tasks)) > 1  # then each task has a coordinate of its own
            coordinates = np.column_stack([arms.coordinates, np.eye(2)[arms.tasks]]) if several else arms.coordinates
            expected = expected_mixture(row, coordinates, 0.3)
            np.testing.assert_allclose(act(taught, 2, arms.num_arms)[k], expected, rtol=1e-6)


def test_it_fits_the_last_points_within_their_cells_and_their_absolute_gains(fits):
    """Cells of a chain of five are 1/4 wide: points lie within 1/8 of their arm, evenly."""
    taught = started(ALPGMM(refit_every=100, window=200, max_components=2), 5)
    given = np.zeros(0), np.zeros(0)
    for step in range(600):
        arm, gain = step % 5, float(np.sin(step))
        learn(taught, one_arm(arm, 5, gain))
        given = np.append(given[0], arm / 4)[-200:], np.append(given[1], abs(gain))[-200:]
        if (step + 1) % 100 == 0:
            points = fits[-1][1]
            order = np.argsort(points[:, 1])
            np.testing.assert_allclose(points[order, 1], np.sort(given[1]))
            offset = points[order, 0] - given[0][np.argsort(given[1])]
            assert np.abs(offset).max() <= 1 / 8
    assert len(fits) == 6 and len(fits[0][1]) == 100 and len(fits[-1][1]) == 200
    assert stats.kstest(offset, stats.uniform(-1 / 8, 1 / 4).cdf).pvalue > 1e-3


def test_points_keep_to_their_task_and_are_spread_over_its_cells(fits):
    """Of ``two_tasks`` every axis has cells of width 1 (two values), the coordinates of tasks have none."""
    taught = started(ALPGMM(refit_every=60, window=60, max_components=2), two_tasks())
    for step in range(60):
        learn(taught, one_arm(step % 6, 6, float(step)))
    points = fits[-1][1][np.argsort(fits[-1][1][:, -1])]
    assert points.shape == (60, 3 + 2 + 1)
    in_first = np.arange(60) % 6 < 4
    np.testing.assert_array_equal(points[:, 3:5], np.column_stack([in_first, ~in_first]))
    assert 0.3 < np.abs(points[:, :3] - two_tasks().coordinates[np.arange(60) % 6]).max() <= 0.5


def test_uniform_until_the_first_fit_and_the_share_of_uniform_after_it():
    taught = started(ALPGMM(refit_every=30, window=60, max_components=2, random=0.2), 5)
    for step in range(30):
        assert act(taught, 1, 5).tolist() == [pytest.approx([0.2] * 5)]
        learn(taught, one_arm(step % 5, 5, float(step % 5 == 4)))
    p = act(taught, 1, 5)[0]
    assert p.argmax() == 4 and p.min() >= 0.2 / 5 - 1e-12 and p[4] > 0.4


def test_it_teaches_where_gains_are_large_in_size():
    """Forgetting counts as learning does: arm 1 falls, arm 6 rises, the others stand still."""
    rng = np.random.default_rng(0)
    taught = started(ALPGMM(refit_every=50, window=250, max_components=5), 8)
    for _ in range(120):
        p = act(taught, 1, 8)
        count = np.bincount(rng.choice(8, 4, p=p[0] / p.sum()), minlength=8)
        gain = np.array([0, -0.5, 0, 0, 0, 0, 0.5, 0]) + 0.01 * rng.normal(size=8)
        learn(taught, seen(count, gain=gain), p)
    p = act(taught, 1, 8)[0]
    assert set(np.argsort(p)[-2:]) == {1, 6} and p[[1, 6]].sum() > 0.6


def test_without_any_gain_or_any_axis_it_stays_uniform():
    still = started(ALPGMM(refit_every=10, window=20, max_components=2), 4)
    flat = started(
        ALPGMM(refit_every=10, window=20, max_components=2),
        chain(4, coordinates=np.zeros((4, 0)), positions=np.zeros((4, 0), dtype=np.int64)),
    )
    for step in range(40):
        learn(still, one_arm(step % 4, 4, 0.0))
        learn(flat, one_arm(step % 4, 4, float(step % 4)))
    np.testing.assert_allclose(act(still, 1, 4), [[0.25] * 4])
    np.testing.assert_allclose(act(flat, 1, 4), [[0.25] * 4])


@pytest.mark.parametrize(("refit_every", "first"), [(1, 3), (2, 4), (3, 3)])
def test_it_waits_for_the_three_points_that_two_gaussians_need(refit_every, first):
    taught = started(ALPGMM(refit_every=refit_every, window=4, max_components=3), 3)
    for step in range(8):
        learn(taught, one_arm(step % 2, 3, 1.0))
        assert act(taught, 1, 3).sum() == pytest.approx(1)
        assert (np.ptp(act(taught, 1, 3)) > 0.01) == (step + 1 >= first)


def test_points_that_coincide_and_gains_of_any_size_are_fitted():
    """Degenerate fits warn in sklearn; here nothing does, and the AIC judges what came."""
    for gain in (0.0, 1e-30, 1.0, 1e30):
        taught = started(ALPGMM(refit_every=10, window=20, max_components=6), 1)
        for _ in range(20):
            learn(taught, one_arm(0, 1, gain))
        np.testing.assert_allclose(act(taught, 1, 1), [[1.0]])


def test_more_arms_in_a_decision_than_the_window_keep_the_last(fits):
    taught = started(ALPGMM(refit_every=3, window=4, max_components=2, feedback="full"), 6)
    learn(taught, seen(np.full(6, 64), gain=np.arange(6.0)))
    assert sorted(fits[-1][1][:, 1]) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    "options",
    [
        {"max_components": 1},
        {"max_components": 250},
        {"refit_every": 0},
        {"refit_every": 251},
    ],
)
def test_sizes_that_do_not_fit_are_refused(options):
    message = "max_components must be at least 2 and below window, refit_every from 1 to window; got max_components="
    with pytest.raises(ValueError, match=message):
        ALPGMM(**options)


@pytest.mark.parametrize("random", [0.0, 1.2])
def test_a_share_out_of_range_is_refused(random):
    with pytest.raises(ValueError, match=rf"random must be in \(0, 1\]; got {random}"):
        ALPGMM(random=random)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.mixture", None)
    with pytest.raises(ImportError, match=r"ALPGMM needs scikit-learn: pip install 'paceline\[gmm\]'"):
        started(ALPGMM())

import numpy as np
import pytest

from benchmarks.statistics import interquartile_mean, nested_interquartile, nested_weights, stratified


def test_a_lifetime_counts_as_often_as_its_seed_and_its_teacher_were_drawn():
    weights = nested_weights(np.random.default_rng(0), [[{t} for t in (0, 1, 0, 1, 0, 1)]], 4000)[0]
    assert weights.shape == (4000, 6) and (weights.sum(axis=1) > 0).all()
    assert weights.mean() == pytest.approx(1.0, abs=0.05)
    for only in (0, 1):  # the other teacher drawn twice: none of this one's lifetimes is left
        gone = (weights[:, only::2] == 0).all(axis=1) & (weights[:, 1 - only :: 2] % 2 == 0).all(axis=1)
        assert gone.mean() == pytest.approx(0.25, abs=0.03)


def test_with_a_teacher_for_each_seed_or_one_for_all_it_is_wider_or_the_bootstrap_itself():
    """The variance of a mean: of one factor (1/S), or of two that are crossed (about three times as much)."""
    values = np.random.default_rng(1).normal(size=40)

    def variance(teachers):
        weights = nested_weights(np.random.default_rng(2), [[{t} for t in teachers]], 4000)[0]
        return np.var(weights @ values / weights.sum(axis=1))

    plain = values.var() / 40
    assert variance([5] * 40) == pytest.approx(plain, rel=0.1)
    assert variance(range(40)) == pytest.approx(3 * plain, rel=0.25)


def test_the_spread_of_teachers_is_seen():
    """Four teachers that differ, ten seeds each that do not: the variance is that of four, not of forty."""
    skills = np.repeat([0.0, 1.0, 2.0, 5.0], 10)
    weights = nested_weights(np.random.default_rng(0), [[{t} for t in np.repeat(range(4), 10)]], 4000)[0]
    found = np.var(weights @ skills / weights.sum(axis=1))
    assert found > 0.8 * np.var([0.0, 1.0, 2.0, 5.0]) / 4


def test_teachers_are_drawn_once_for_all_strata():
    """Where the first suite has lost a teacher's lifetimes, so has the second; seeds are drawn for each."""
    first, second = nested_weights(np.random.default_rng(0), [[{t} for t in np.repeat(range(3), 20)]] * 2, 500)
    gone = [(part.reshape(500, 3, 20) == 0).all(axis=2) for part in (first, second)]
    assert (gone[0] == gone[1]).all() and 0.2 < gone[0].mean() < 0.4  # (2/3)^3
    assert (first != second).any()


def test_every_draw_has_something_of_every_stratum():
    weights = nested_weights(np.random.default_rng(0), [[{0}, {1}], [{0}], [{1}]], 300)
    assert all((part.sum(axis=1) > 0).all() for part in weights)


def test_two_teachers_behind_a_lifetime_must_both_be_drawn_and_none_is_the_bootstrap_of_seeds():
    weights = nested_weights(np.random.default_rng(0), [[{0, 1}] * 9 + [set()] * 9], 2000)[0]
    pairs, alone = weights[:, :9], weights[:, 9:]
    gone = (pairs == 0).all(axis=1)  # one of the two was drawn twice, the other not at all
    assert gone.mean() == pytest.approx(0.5, abs=0.04) and not (alone == 0).all(axis=1).any()
    assert alone.mean() == pytest.approx(1.0, abs=0.05)
    none = nested_weights(np.random.default_rng(0), [[set()] * 5], 100)[0]
    assert (none.sum(axis=1) == 5).all()


def test_lifetimes_of_one_seed_are_drawn_together_and_crossed_with_their_teachers():
    """A grid of two teachers and four seeds: each weight is its seed's count times its teacher's."""
    grid = [(t, s) for s in (7, 3, 9, 5) for t in (1, 0)]
    behind, seeds = [{t} for t, _ in grid], [s for _, s in grid]
    weights = dict(zip(grid, nested_weights(np.random.default_rng(0), [behind], 500, [seeds])[0].T, strict=True))
    both = weights[0, 7] * weights[1, 7] > 0  # each was drawn once
    assert 0.2 < both.mean() < 0.6
    for seed in (3, 5, 7, 9):
        assert (weights[0, seed][both] == weights[1, seed][both]).all()
    assert (sum(weights[t, s] for t, s in grid) == 8).all()  # two teachers drawn, four seeds drawn


def test_an_interquartile_mean_is_drawn_with_its_teachers_over_all_suites_alike():
    """Two teachers, good and bad on both suites, on seeds that are alike: half of the draws hold one of them only."""
    scores, behind, seeds = [0.2] * 10 + [0.6] * 10, [{0}] * 10 + [{1}] * 10, [*range(10)] * 2
    assert nested_interquartile([scores] * 2, [behind] * 2, [seeds] * 2) == pytest.approx([0.2, 0.6])
    low, high = stratified({"a": scores, "b": scores})[1]
    assert 0.2 < low and high < 0.6
    assert nested_interquartile([[0.4] * 20], [behind], [seeds]) == pytest.approx([0.4, 0.4])


def test_the_middle_half_of_a_draw_is_that_of_lifetimes_as_often_as_they_were_drawn():
    scores = np.random.default_rng(4).uniform(size=(2, 9)).round(1).tolist()  # with ties
    behind, seeds = [[{t % 3} for t in range(9)]] * 2, [[s // 3 for s in range(9)]] * 2
    draws = np.concatenate(nested_weights(np.random.default_rng(0), behind, 300, seeds), axis=1).astype(int)
    found = [interquartile_mean(np.repeat(np.concatenate(scores), often).tolist()) for often in draws]
    expected = np.quantile(found, [0.025, 0.975])
    assert nested_interquartile(scores, behind, seeds, resamples=300) == pytest.approx(expected)


def test_where_nobody_is_behind_it_is_the_stratified_interval():
    scores = np.random.default_rng(3).uniform(size=(2, 12)).tolist()
    own = nested_interquartile(scores, [[set()] * 12] * 2, resamples=4000)
    assert own == pytest.approx(stratified(dict(enumerate(scores)))[1], abs=0.02)

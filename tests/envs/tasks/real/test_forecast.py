import math
from itertools import product

import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.real.errors import mase
from envs.tasks.real.forecast import Forecast

RAMP = np.arange(1.0, 1001.0)  # a value is its own time
SMALL = {"granularities": (1, 2, 4), "horizons": (2, 5), "contexts": (3, 6)}


def wave(length=600, seed=0):
    noise = np.random.default_rng(seed).normal(size=length)
    return np.sin(np.arange(length) / 5) + 0.1 * noise


def all_difficulties(task):
    names = [axis.name for axis in task.axes]
    return [dict(zip(names, v, strict=True)) for v in product(*(a.values for a in task.axes))] + list(task.beyond)


def oracle(task, series, start, g, c, h):
    """Tokens of the window that begins at one averaged step, value by value."""
    values = [sum(series[(start + i) * g + j] for j in range(g)) / g for i in range(c + h)]
    scale = sum(abs(v) for v in values[:c]) / c or 1.0
    centres = [float(symbol) for symbol in task.symbols]
    return [min(range(len(centres)), key=lambda k: abs(centres[k] - v / scale)) for v in values]


def test_tokens_are_the_scaled_and_binned_steps():
    series = wave()
    task = Forecast(series, **SMALL, num_bins=40)
    for difficulty in all_difficulties(task):
        g, h, c = (difficulty[name] for name in ("granularity", "horizon", "context"))
        batch = task.sample(np.random.default_rng(0), difficulty, 20, Split.TEST)
        assert batch.tokens.shape == (20, c + h - 1)
        for tokens, targets, times in zip(batch.tokens, batch.targets, batch.times, strict=True):
            expected = oracle(task, series, times[0], g, c, h)
            assert tokens.tolist() == expected[:-1]
            assert targets.tolist() == [IGNORE] * (c - 1) + expected[c:]
            assert times.tolist() == list(range(times[0], times[0] + c + h - 1))


def test_the_worked_example_of_the_docstring():
    series = np.tile([2.0, -2.0, 2.0, -1.0, 1.0], 40)
    task = Forecast(series, granularities=[1], horizons=[2], contexts=[3], num_bins=5, limits=(-1, 1))
    batch = task.sample(np.random.default_rng(0), {"granularity": 1, "horizon": 2, "context": 3}, 200, Split.TRAIN)
    row = next(r for r in range(200) if batch.times[r, 0] % 5 == 0)
    assert batch.tokens[row].tolist() == [4, 0, 4, 1]
    assert batch.targets[row].tolist() == [IGNORE, IGNORE, 1, 3]


def test_keeps_the_laws_of_a_task():
    check_task(Forecast())
    check_task(Forecast({"a": wave(), "b": wave(seed=1)}, **SMALL))


def test_the_splits_are_disjoint_in_time_at_every_granularity():
    task = Forecast(RAMP, granularities=(1, 3, 7), horizons=(2, 5), contexts=(3, 6))
    spans = {split: [] for split in Split}
    for difficulty, split in product(all_difficulties(task), Split):
        drawn = task.forecast_windows(difficulty, split, 2000, np.random.default_rng(0))
        half = (difficulty["granularity"] - 1) / 2  # the mean of a stretch of the ramp is its middle
        spans[split] += [drawn.context.min() - half, drawn.future.max() + half]
    bounds = [(min(spans[split]), max(spans[split])) for split in Split]
    assert bounds == [(1, 700), (701, 850), (851, 1000)]


def test_the_future_does_not_leak_into_the_context():
    task = Forecast(RAMP, **SMALL)
    other = RAMP.copy()
    for difficulty in all_difficulties(task):
        g, c = difficulty["granularity"], difficulty["context"]
        batch = task.sample(np.random.default_rng(0), difficulty, 1, Split.TEST)
        cut = (batch.times[0, 0] + c) * g  # the first raw step of the future
        other[:] = RAMP
        other[cut:] = -1e6 * RAMP[cut:]
        changed = Forecast(other, **SMALL).sample(np.random.default_rng(0), difficulty, 1, Split.TEST)
        np.testing.assert_array_equal(batch.tokens[:, :c], changed.tokens[:, :c])
        assert (batch.targets != changed.targets)[0, c - 1 :].all()


def test_windows_are_those_of_the_sample_and_tokens_go_back_to_values():
    task = Forecast(num_bins=4000)
    difficulty = {"granularity": 2, "horizon": 8, "context": 16}
    batch = task.sample(np.random.default_rng(5), difficulty, 64, Split.PROBE)
    drawn = task.forecast_windows(difficulty, Split.PROBE, 64, np.random.default_rng(5))
    assert drawn.context.shape == (64, 16) and drawn.future.shape == (64, 8)
    np.testing.assert_array_equal(batch.times[:, 0], drawn.start)
    np.testing.assert_allclose(drawn.scale, np.abs(drawn.context).mean(axis=1))
    back = task.values(batch.targets[:, 15:], drawn.scale)
    inside = np.abs(drawn.future) < 3 * drawn.scale[:, None]
    assert inside.mean() > 0.95
    assert np.abs(back - drawn.future)[inside].max() <= task.bins.width / 2 * drawn.scale.max()
    past = task.steps_of(difficulty, Split.TRAIN)
    assert len(past) == 12_000 * 7 // 10 // 2
    last = np.repeat(drawn.context[:, -1:], 8, axis=1)
    assert mase(back, drawn.future, past).mean() < 0.1 < 0.5 < mase(last, drawn.future, past).mean()


def test_several_series_are_an_axis_without_an_order():
    task = Forecast({"up": RAMP, "down": RAMP[::-1] + 5}, **SMALL)
    assert (task.axes[3].name, task.axes[3].values, task.axes[3].ordered) == ("series", ("up", "down"), False)
    difficulty = {"granularity": 1, "horizon": 2, "context": 3}
    for name, sign in (("up", 1), ("down", -1)):
        drawn = task.forecast_windows({**difficulty, "series": name}, Split.TRAIN, 50, np.random.default_rng(0))
        assert (np.sign(np.diff(drawn.context)) == sign).all()
    assert len(Forecast({"up": RAMP, "down": RAMP[::-1]}, ["down"], **SMALL).axes) == 3


def test_longer_windows_lie_beyond_where_the_last_part_is_long_enough():
    task = Forecast(RAMP, **SMALL)
    assert task.beyond == (
        {"granularity": 4, "horizon": 10, "context": 6},
        {"granularity": 4, "horizon": 5, "context": 12},
    )
    assert Forecast(RAMP, **SMALL, beyond_horizons=[31], beyond_contexts=[33]).beyond == (
        {"granularity": 4, "horizon": 31, "context": 6},
    )


def test_competence_is_linear_between_the_anchors():
    task = Forecast(RAMP, **SMALL, start_nats=4, goal_nats=2)
    nats = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    np.testing.assert_allclose(task.competence(nats, nats, nats), [0, 0, 0.5, 1, 1])
    assert Forecast(RAMP, **SMALL, num_bins=40).start_nats == pytest.approx(math.log(40))


def slow_naive(task, difficulty, widths):
    """Persistence by plain sums: the best width on TRAIN, judged on PROBE."""

    def nats(width, split):
        batch, total = task.sample(np.random.default_rng(0), difficulty, 60, split), []
        for last, following in zip(batch.tokens.ravel(), batch.targets.ravel(), strict=True):
            if following != IGNORE:
                mass = sum(math.exp(-abs(j - last) / width) for j in range(task.vocab_size))
                total.append(abs(following - last) / width + math.log(mass))
        return sum(total) / len(total)

    return nats(min(widths, key=lambda width: nats(width, Split.TRAIN)), Split.PROBE)


def test_naive_nats_are_those_of_the_best_persistence_forecast():
    task = Forecast(wave(), **SMALL, num_bins=48)
    difficulty = {"granularity": 1, "horizon": 2, "context": 6}
    expected = slow_naive(task, difficulty, [1.01**k for k in range(55, 100)])  # of 1.7 to 2.7 bins
    assert task.naive_nats(difficulty, count=60) == pytest.approx(expected, abs=0.002)


def test_the_default_series_is_easiest_at_the_finest_granularity_and_its_anchors_leave_room():
    task = Forecast()
    for horizon, context in product((4, 16), (8, 32)):
        nats = [task.naive_nats({"granularity": g, "horizon": horizon, "context": context}) for g in (1, 2, 4)]
        assert 0.9 < nats[0] < nats[1] - 0.2 < nats[2] - 0.4 < 1.7
        assert task.goal_nats < nats[0] and nats[-1] < task.start_nats - 2
    batch = task.sample(np.random.default_rng(0), {"granularity": 4, "horizon": 16, "context": 32}, 500, Split.TRAIN)
    answers = batch.targets[batch.targets != IGNORE]
    assert np.bincount(answers).max() < 0.25 * len(answers)


def test_noise_is_easiest_at_the_coarsest_granularity():
    noise = 5 + np.random.default_rng(0).normal(size=4000)
    task = Forecast(noise, granularities=(4, 2, 1), horizons=(4,), contexts=(16,))
    nats = [task.naive_nats({"granularity": g, "horizon": 4, "context": 16}) for g in (4, 2, 1)]
    assert nats[0] < nats[1] - 0.1 < nats[2] - 0.2
    check_task(task)


def test_the_version_follows_series_and_settings():
    versions = {Forecast(RAMP, **SMALL).version, Forecast(RAMP + 1, **SMALL).version}
    versions.add(Forecast(RAMP, **SMALL, num_bins=64).version)
    assert len(versions) == 3 and Forecast(RAMP, **SMALL).version in versions


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"granularities": (1, 4, 2)},
            r"granularities must be whole numbers from 1 on, rising or falling.*\[1, 4, 2\]",
        ),
        ({"granularities": (0, 1)}, r"granularities must be .*; got \[0, 1\]"),
        ({"granularities": ()}, r"granularities must be .*; got \[\]"),
        ({"horizons": (0,)}, r"horizons must be increasing whole numbers from 1 on; got \[0\]"),
        ({"contexts": (4, 4)}, r"contexts must be increasing whole numbers from 1 on; got \[4, 4\]"),
        ({"start_nats": 1, "goal_nats": 1}, "start_nats must be finite and exceed goal_nats >= 0"),
        ({"start_nats": math.inf}, "start_nats must be finite"),
        ({"mastery": 0}, r"mastery be in \(0, 1\]; got .*mastery=0"),
        ({"limits": (1, 0)}, "low below high; got 1 and 0"),
        (
            {"contexts": (3, 40)},
            "'series' has 37 steps in PROBE at granularity 4, fewer than its longest window, 40 . 5",
        ),
        ({"source": np.where(RAMP == 8, np.nan, RAMP)}, r"the first \(nan\) at index 7: interpolate .* or drop them"),
        ({"source": np.ones(1000)}, "series 'series' is constant"),
        ({"columns": ["x"], "source": {"y": RAMP}}, "there is no series 'x'; there are: y"),
    ],
)
def test_settings_and_series_that_do_not_do_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Forecast(**{"source": RAMP, **SMALL, **settings})

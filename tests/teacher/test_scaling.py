import numpy as np
import pytest

from teacher import QuantileScaler


def feed(scaler, gains):
    return [float(scaler(np.array([[g]]), np.array([[True]]))[0, 0]) for g in gains]


def test_scales_by_the_20th_and_80th_percentile():
    """The oracle: numpy's quantiles of everything seen."""
    gains = np.random.default_rng(0).normal(size=200)
    scaled = feed(QuantileScaler(1, 0), gains)
    for n in (5, 50, 200):
        low, high = np.quantile(gains[:n], [0.2, 0.8])
        assert scaled[n - 1] == pytest.approx(np.clip(2 * (gains[n - 1] - low) / (high - low) - 1, -1, 1))


def test_falls_back_to_the_extremes_when_progress_stalls_and_to_zero_without_any():
    assert feed(QuantileScaler(1, 0), [0.0] * 10) == [0.0] * 10
    scaled = feed(QuantileScaler(1, 0), [0.0] * 20 + [5.0])
    assert scaled[-1] == 1.0
    assert feed(QuantileScaler(1, 0), [0.0] * 20 + [5.0, 0.0])[-1] == -1.0


def test_the_reservoir_is_a_uniform_sample_of_all_gains():
    scaler = QuantileScaler(400, 0, size=50)
    for number in range(200):
        scaler(np.full((400, 1), float(number)), np.ones((400, 1), dtype=bool))
    kept = scaler.state_dict()["kept"]
    share = np.bincount(kept.astype(int).ravel(), minlength=200) / 400
    assert abs(share.mean() - 0.25) < 1e-9
    assert np.abs(share - 0.25).max() < 5 * np.sqrt(0.25 * 0.75 / 400)


def test_several_gains_at_once_equal_one_after_another_while_the_reservoir_fills():
    together, apart = QuantileScaler(1, 0), QuantileScaler(1, 0)
    gains = np.random.default_rng(1).normal(size=(30, 4))
    for row in gains:
        together(row[None], np.ones((1, 4), dtype=bool))
        feed(apart, row)
    np.testing.assert_array_equal(
        np.sort(together.state_dict()["kept"][0, :120]), np.sort(apart.state_dict()["kept"][0, :120])
    )


def test_unobserved_gains_leave_no_trace_and_rows_differ():
    scaler = QuantileScaler(2, 0)
    out = scaler(np.array([[1.0, 9.0], [2.0, 3.0]]), np.array([[True, False], [True, True]]))
    assert scaler.state_dict()["seen"].tolist() == [1, 2]
    assert out[0].tolist() == [0, 0] and out[1].tolist() == [-1, 1]

import numpy as np
import pytest

from teacher import AffineScaler, QuantileScaler, RunningScaler


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


def test_other_quantiles_and_a_small_reservoir():
    gains = np.random.default_rng(2).normal(size=40)
    scaled = feed(QuantileScaler(1, 0, size=40, low=0.1, high=0.6), gains)
    low, high = np.quantile(gains, [0.1, 0.6])
    assert scaled[-1] == pytest.approx(np.clip(2 * (gains[-1] - low) / (high - low) - 1, -1, 1))


def test_a_reservoir_of_one_gain_has_no_range():
    assert feed(QuantileScaler(1, 0, size=1), [3.0, 4.0, 5.0]) == [0.0, 0.0, 0.0]


def test_the_reservoir_of_a_row_depends_on_its_seed_alone_and_seeds_differ():
    gains = np.random.default_rng(3).normal(size=300)
    three = QuantileScaler(3, 5, size=20)
    for gain in gains:
        three(np.full((3, 1), gain), np.ones((3, 1), dtype=bool))
    alone = QuantileScaler(1, 7, size=20)
    feed(alone, gains)
    kept = three.state_dict()["kept"]
    np.testing.assert_array_equal(kept[2], alone.state_dict()["kept"][0])
    assert (np.sort(kept[0]) != np.sort(kept[1])).any() and (np.sort(kept[1]) != np.sort(kept[2])).any()


def test_affine_by_hand():
    """(gain - 1) / 2, cut to [-1, 1]."""
    scaler = AffineScaler(offset=1.0, unit=2.0)
    gain = np.array([[1.0, 2.0, 0.0, 9.0], [-9.0, 3.0, 1.5, 1.0]])
    observed = np.array([[True, True, True, True], [True, True, True, False]])
    assert scaler(gain, observed).tolist() == [[0, 0.5, -0.5, 1], [-1, 1, 0.25, 0]]
    scaler.load_state_dict(scaler.state_dict())
    assert AffineScaler()(gain, observed)[0].tolist() == [1, 1, 0, 1]


def test_running_scaler_equals_numpys_mean_and_deviation_of_everything_seen():
    """Rows with other numbers of gains each, none in some decisions; numpy over the list of all so far."""
    rng = np.random.default_rng(0)
    scaler, everything = RunningScaler(3, 0, width=2.0), [[], [], []]
    for _ in range(120):
        gain = rng.normal(3.0, 0.5, (3, 4))
        observed = rng.random((3, 4)) < [[0.9], [0.3], [0.05]]
        out = scaler(gain, observed)
        for k in range(3):
            everything[k] += gain[k][observed[k]].tolist()
            mean, deviation = (np.mean(everything[k]), np.std(everything[k])) if everything[k] else (0, 0)
            for a in range(4):
                z = (gain[k, a] - mean) / (2 * deviation) if deviation > 0 else 0.0
                assert out[k, a] == pytest.approx(np.clip(z, -1, 1) * observed[k, a], abs=1e-9)
    state = scaler.state_dict()
    assert state["count"][:, 0].tolist() == [len(seen) for seen in everything]
    np.testing.assert_allclose(state["mean"][:, 0], [np.mean(seen) for seen in everything])


def test_running_scaler_equals_rivers_standard_scaler():
    """river's StandardScaler: (x - mean) / deviation with Welford's sums, of one feature at a time."""
    from river import preprocessing

    ours, theirs = RunningScaler(1, 0, width=4.0), preprocessing.StandardScaler()
    for gain in np.random.default_rng(1).normal(size=200):
        theirs.learn_one({"gain": gain})
        expected = np.clip(theirs.transform_one({"gain": gain})["gain"] / 4, -1, 1)
        assert feed(ours, [gain])[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("gain", [0.0, 0.1, -7e-5, 1e6 / 3])
def test_running_scaler_of_equal_gains_is_zero_for_ever(gain):
    """The mean of equal numbers is off by a rounding; the deviation of that is not progress."""
    scaler = RunningScaler(1, 0)
    for num in (3, 1, 2, 3) * 20:
        out = scaler(np.full((1, 3), gain), np.arange(3)[None] < num)
        assert (out == 0).all()


@pytest.mark.parametrize("make", [QuantileScaler, RunningScaler])
def test_adding_a_constant_and_changing_the_unit_change_nothing(make):
    rng = np.random.default_rng(4)
    plain, moved = make(2, 0), make(2, 0)
    for _ in range(60):
        gain, observed = rng.normal(size=(2, 3)), rng.random((2, 3)) < 0.6
        np.testing.assert_allclose(plain(gain, observed), moved(1e-4 * gain + 3.0, observed), atol=1e-8)


@pytest.mark.parametrize("make", [QuantileScaler, RunningScaler, lambda *_: AffineScaler(0.1, 0.01)])
@pytest.mark.parametrize("garbage", [np.nan, np.inf, 1e308, -1e308])
def test_what_was_not_observed_leaves_no_trace_whatever_it_is(make, garbage):
    clean, dirty = make(2, 0), make(2, 0)
    rng = np.random.default_rng(5)
    for _ in range(20):
        gain, observed = rng.normal(size=(2, 3)), rng.random((2, 3)) < 0.5
        out = clean(np.where(observed, gain, 0.0), observed)
        np.testing.assert_array_equal(out, dirty(np.where(observed, gain, garbage), observed))
        assert (out[~observed] == 0).all()


@pytest.mark.parametrize("make", [QuantileScaler, RunningScaler])
def test_gains_of_single_precision_from_the_least_to_the_largest_overflow_nothing(make):
    scaler = make(1, 0)
    gains = [0.0, 1e-38, -1e-38, 3e38, -3e38, 1e-20, 0.0, 3e38]
    scaled = feed(scaler, gains * 5)
    assert np.isfinite(scaled).all() and np.abs(scaled).max() <= 1


@pytest.mark.parametrize("make", [QuantileScaler, RunningScaler])
def test_a_scaler_goes_on_from_its_state(make):
    gains = np.random.default_rng(6).normal(size=40)
    whole = make(1, 0)
    feed(whole, gains[:20])
    state = whole.state_dict()
    rest = feed(whole, gains[20:])
    resumed = make(1, 0)
    resumed.load_state_dict(state)
    assert feed(resumed, gains[20:]) == rest
    again = make(1, 0)
    again.load_state_dict(state)  # the state was not changed by either
    assert feed(again, gains[20:]) == rest


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AffineScaler(unit=0.0), "unit must be finite and above 0; got 0.0"),
        (lambda: AffineScaler(unit=float("inf")), "unit must be finite and above 0; got inf"),
        (lambda: AffineScaler(unit=float("nan")), "unit must be finite and above 0; got nan"),
        (lambda: AffineScaler(offset=float("nan")), "offset must be finite; got nan"),
        (lambda: RunningScaler(1, 0, width=0.0), "width must be finite and above 0; got 0.0"),
        (lambda: RunningScaler(1, 0, width=float("inf")), "width must be finite and above 0; got inf"),
        (lambda: QuantileScaler(1, 0, size=0), "size must be at least 1 and 0 <= low < high <= 1; got size=0"),
        (lambda: QuantileScaler(1, 0, low=0.8, high=0.2), "0 <= low < high <= 1; got size=1000, low=0.8, high=0.2"),
        (lambda: QuantileScaler(1, 0, low=0.0, high=1.5), "0 <= low < high <= 1; got size=1000, low=0.0, high=1.5"),
    ],
)
def test_scalers_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

import sys

import numpy as np
import polars
import pytest

from envs.tasks.real.series import check_series, interpolated, load_series, sample_series, statsmodels_series

A, B = np.arange(5.0), np.arange(5.0) ** 2


@pytest.fixture
def frame():
    return polars.DataFrame({"day": ["a", "b", "c"], "price": [1.5, 2.5, 4.0], "sold": [3, 1, 2]})


def same(found, expected):
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert found[name].dtype == np.float64
        np.testing.assert_array_equal(found[name], values)


def test_arrays_become_named_series():
    same(load_series(A), {"series": A})
    same(load_series(np.stack([A, B])), {"0": A, "1": B})
    same(load_series([A, [1, 2]]), {"0": A, "1": [1, 2]})
    same(load_series({"x": A, "y": B}, ["y"]), {"y": B})


def test_files_give_every_numeric_column_or_those_asked_for(frame, tmp_path):
    frame.write_csv(tmp_path / "shop.csv")
    frame.write_parquet(tmp_path / "shop.parquet")
    for file in (tmp_path / "shop.csv", str(tmp_path / "shop.parquet")):
        same(load_series(file), {"price": [1.5, 2.5, 4.0], "sold": [3, 1, 2]})
        same(load_series(file, ["sold"]), {"sold": [3, 1, 2]})
        same(load_series(file, "price"), {"price": [1.5, 2.5, 4.0]})


def test_a_gap_in_a_file_is_refused_by_name_and_place(tmp_path):
    (tmp_path / "gap.csv").write_text("x,y\n1,2\n3,\n5,6\n")
    found = load_series(tmp_path / "gap.csv")
    check_series("x", found["x"])
    with pytest.raises(ValueError, match=r"series 'y' has 1 values that are not finite, the first \(nan\) at index 1"):
        check_series("y", found["y"])
    np.testing.assert_array_equal(interpolated(found["y"]), [2, 4, 6])


def test_series_that_matplotlib_installs():
    same({k: v[:2] for k, v in load_series().items()}, {"membrane": sample_series()["membrane"][:2]})
    lengths = {name: {k: len(v) for k, v in sample_series(name).items()} for name in ("membrane", "eeg", "google")}
    assert lengths == {
        "membrane": {"membrane": 12_000},
        "eeg": {f"channel {n}": 800 for n in range(4)},
        "google": {"close": 1047},
    }
    stocks = sample_series("stocks")
    assert {"IBM", "MSFT"} < set(stocks) and "AMZN" not in stocks
    assert {len(values) for values in stocks.values()} == {391}  # January 1990 to June 2022, and the last day
    for name in ("membrane", "eeg", "google", "stocks"):
        for label, values in sample_series(name).items():
            check_series(label, values)
    assert sample_series("google")["close"][0] == 100.34  # the closing price of the first day of trade
    # An electroencephalogram's neighbouring samples are alike: the channels were not mixed up.
    assert all(np.corrcoef(v[1:], v[:-1])[0, 1] > 0.8 for v in sample_series("eeg").values())


def test_series_that_statsmodels_brings():
    spots = statsmodels_series("sunspots")
    assert list(spots) == ["SUNACTIVITY"] and spots["SUNACTIVITY"][:3].tolist() == [5, 11, 16]
    assert len(statsmodels_series("elnino")["temperature"]) == 61 * 12
    assert "year" not in statsmodels_series("macrodata") and len(statsmodels_series("nile")["volume"]) == 100
    assert list(statsmodels_series("macrodata", ["infl", "cpi"])) == ["infl", "cpi"]
    gaps = statsmodels_series("co2")["co2"]
    with pytest.raises(ValueError, match="series 'co2' has 59 values that are not finite"):
        check_series("co2", gaps)
    check_series("co2", interpolated(gaps))


def test_what_is_no_series_is_refused(frame, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nowhere\.csv"):
        load_series(tmp_path / "nowhere.csv")
    frame.write_csv(tmp_path / "shop.csv")
    with pytest.raises(ValueError, match="there is no series 'cost'; there are: day, price, sold"):
        load_series(tmp_path / "shop.csv", ["cost"])
    with pytest.raises(ValueError, match=r"column 'day' of .*shop\.csv must be numeric; got String"):
        load_series(tmp_path / "shop.csv", ["day"])
    frame.select("day").write_csv(tmp_path / "days.csv")
    with pytest.raises(ValueError, match=r"days\.csv has no numeric column; its columns are: day"):
        load_series(tmp_path / "days.csv")
    with pytest.raises(ValueError, match="there is no series 'z'; there are: x"):
        load_series({"x": A}, ["z"])
    with pytest.raises(ValueError, match="expected at least one series; got none"):
        load_series([])
    with pytest.raises(ValueError, match=r"series 'x' must be one-dimensional; got shape \(1, 5\)"):
        load_series({"x": A[None]})
    for values in (np.ones(9), np.ones(0)):
        with pytest.raises(ValueError, match=f"series 'x' is constant or empty \\({len(values)} values\\)"):
            check_series("x", values)
    with pytest.raises(ValueError, match="unknown sample series 'moon'; there are: membrane, eeg"):
        sample_series("moon")
    with pytest.raises(ValueError, match="unknown statsmodels data set 'moon'; those that are series: sunspots, co2"):
        statsmodels_series("moon")
    with pytest.raises(ValueError, match="there is no series 'YEAR'; there are: SUNACTIVITY"):
        statsmodels_series("sunspots", ["YEAR"])


def test_missing_packages_and_data_are_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "statsmodels.api", None)
    with pytest.raises(ImportError, match=r"pip install 'paceline\[series\]'"):
        statsmodels_series("nile")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "polars", None)
        with pytest.raises(ImportError, match=r"polars is needed to read .*x\.csv: pip install polars"):
            load_series(tmp_path / "x.csv")
    monkeypatch.setattr("matplotlib.get_data_path", lambda: str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"sample data are not at .*: reinstall matplotlib, or give a series"):
        sample_series()

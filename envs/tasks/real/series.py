"""Where series come from: arrays, files, and the data sets that other packages bring along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from envs.batch import Floats

Source = str | Path | Mapping[str, ArrayLike] | Sequence[ArrayLike] | Floats

_SAMPLES = ("membrane", "eeg", "google", "stocks")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_CLOCKS = {"sunspots": ("YEAR",), "co2": (), "elnino": ("YEAR",), "nile": ("year",), "macrodata": ("year", "quarter")}
"""statsmodels' data sets that are series, with the columns that only count time."""


def load_series(source: Source | None = None, columns: Sequence[str] | None = None) -> dict[str, Floats]:
    """Named series from whatever holds them.

    Args:
        source: an array ``(N,)``, one series; an array ``(S, N)`` or a sequence of S arrays, a series each, numbered;
            a mapping from name to array; the path of a CSV or parquet file, a series per column; None: matplotlib's
            recording of a membrane, ``sample_series("membrane")``.
        columns: the names to keep, in this order; None: all (of a file: every numeric column).

    Returns:
        Name to float64 ``(N,)``.

    Raises:
        FileNotFoundError: the file is not there.
        ValueError: no series, an array of another shape, a file that is no table, no numeric column, or a name that is
            not there.
    """
    if source is None:
        found = sample_series("membrane")
    elif isinstance(source, str | Path):
        return _read(Path(source), columns)
    elif isinstance(source, Mapping):
        found = {str(name): np.asarray(values, dtype=np.float64) for name, values in source.items()}
    elif isinstance(source, np.ndarray) and source.ndim == 1:
        found = {"series": source.astype(np.float64)}
    else:
        found = {str(number): np.asarray(values, dtype=np.float64) for number, values in enumerate(source)}
    if not found:
        raise ValueError("expected at least one series; got none")
    for name, values in found.items():
        if values.ndim != 1:
            raise ValueError(f"series {name!r} must be one-dimensional; got shape {values.shape}")
    return found if columns is None else _chosen(found, columns)


def check_series(name: str, values: Floats) -> None:
    """Refuses a series from which nothing can be learnt.

    Raises:
        ValueError: a value that is not finite, or all values alike.
    """
    if len(bad := np.flatnonzero(~np.isfinite(values))):
        raise ValueError(
            f"series {name!r} has {len(bad)} values that are not finite, the first ({values[bad[0]]}) at index "
            f"{bad[0]}: interpolate (envs.tasks.real.series.interpolated) or drop them"
        )
    if len(values) == 0 or values.min() == values.max():
        raise ValueError(f"series {name!r} is constant or empty ({len(values)} values): there is nothing to forecast")


def interpolated(values: Floats) -> Floats:
    """A series with what is not finite filled in linearly from its neighbours, ``(N,)``."""
    known = np.isfinite(values)
    index = np.arange(len(values))
    filled: Floats = np.interp(index, index[known], values[known])
    return filled


def sample_series(name: str = "membrane") -> dict[str, Floats]:
    """Real series among the sample data that matplotlib installs: no download.

    ``membrane``: 12,000 samples of a cell membrane's potential. ``eeg``: four channels of 800 samples. ``google``:
    1,047 daily closing prices. ``stocks``: monthly prices since 1990 of those listed throughout.

    Raises:
        ValueError: an unknown name.
        FileNotFoundError: matplotlib was installed without its sample data.
    """
    if name not in _SAMPLES:
        raise ValueError(f"unknown sample series {name!r}; there are: {', '.join(_SAMPLES)}")
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "sample_data"
    if not folder.is_dir():
        raise FileNotFoundError(f"matplotlib's sample data are not at {folder}: reinstall matplotlib, or give a series")
    if name == "membrane":
        return {"membrane": np.fromfile(folder / "membrane.dat", dtype=np.float32).astype(np.float64)}
    if name == "eeg":
        channels = np.fromfile(folder / "eeg.dat", dtype=np.float64).reshape(-1, 4)
        return {f"channel {number}": channel.copy() for number, channel in enumerate(channels.T)}
    if name == "google":
        with np.load(folder / "goog.npz") as file:
            return {"close": file["price_data"]["close"].astype(np.float64)}
    prices = _read(folder / "Stocks.csv")
    listed = np.isfinite(prices["IBM"])  # the other rows are days of a dividend, without a price
    return {name: values[listed] for name, values in prices.items() if np.isfinite(values[listed]).all()}


def statsmodels_series(name: str, columns: Sequence[str] | None = None) -> dict[str, Floats]:
    """Series among statsmodels' data sets: sunspots, co2, elnino, nile, macrodata.

    The months of ``elnino`` are laid end to end; ``co2`` has gaps (see ``interpolated``).

    Raises:
        ImportError: statsmodels is not installed.
        ValueError: an unknown data set or column.
    """
    if name not in _CLOCKS:
        raise ValueError(f"unknown statsmodels data set {name!r}; those that are series: {', '.join(_CLOCKS)}")
    try:
        import statsmodels.api as api
    except ImportError as error:
        raise ImportError("statsmodels is not installed: pip install 'paceline[series]'") from error
    frame = getattr(api.datasets, name).load_pandas().data
    if name == "elnino":
        found = {"temperature": frame[list(_MONTHS)].to_numpy(dtype=np.float64).ravel()}
    else:
        found = {str(c): frame[c].to_numpy(dtype=np.float64) for c in frame.columns if c not in _CLOCKS[name]}
    return found if columns is None else _chosen(found, columns)


def _read(path: Path, columns: Sequence[str] | None = None) -> dict[str, Floats]:
    """The numeric columns of a file, or those asked for."""
    try:
        import polars
    except ImportError as error:
        raise ImportError(f"polars is needed to read {path}: pip install polars, or give arrays") from error
    if not path.is_file():
        raise FileNotFoundError(f"expected a CSV or parquet file of series; there is no file {path}")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = polars.read_parquet(path)
        else:
            frame = polars.read_csv(path, infer_schema_length=None, comment_prefix="#")
    except polars.exceptions.PolarsError as error:
        why = str(error).partition("\n")[0]
        raise ValueError(
            f"{path} is no table of numbers that can be read ({why}): expected parquet, or CSV with a line of names "
            "and as many values on every line after it"
        ) from error
    if columns is None:
        kept = [column for column in frame.columns if frame[column].dtype.is_numeric()]
        if not kept:
            raise ValueError(f"{path} has no numeric column; its columns are: {', '.join(frame.columns)}")
        columns = kept
    found = _chosen({column: frame[column] for column in frame.columns}, columns)
    for column, values in found.items():
        if not values.dtype.is_numeric():
            raise ValueError(f"column {column!r} of {path} must be numeric; got {values.dtype}")
    # A gap becomes NaN, which check_series refuses by name and place.
    return {column: values.cast(polars.Float64).to_numpy().astype(np.float64) for column, values in found.items()}


def _chosen(found: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    if isinstance(columns, str):
        columns = [columns]
    if missing := [column for column in columns if column not in found]:
        raise ValueError(f"there is no series {missing[0]!r}; there are: {', '.join(found)}")
    return {column: found[column] for column in columns}

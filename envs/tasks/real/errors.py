"""Errors of forecasts: scaled absolute error, and the pinball loss of quantiles."""

from __future__ import annotations

import numpy as np

from envs.batch import Floats


def mase(forecast: Floats, actual: Floats, insample: Floats, season: int = 1) -> Floats:
    """Mean absolute scaled error of each forecast: 1 is as good as the naive forecast was on the known past.

    ``MASE = mean_h |y_h - f_h| / (1 / (n - m) sum_{t > m} |x_t - x_{t-m}|)``, with x the known past and m the season.

    Args:
        forecast: ``(B, H)``.
        actual: ``(B, H)``, what came.
        insample: the known past, ``(B, n)``, or ``(n,)`` where all forecasts share one.
        season: m, steps between a value and its naive forecast.

    Returns:
        ``(B,)``.

    Raises:
        ValueError: shapes differ, the past is not longer than a season, or the past repeats itself exactly.

    Reference: R. Hyndman and A. Koehler, Another look at measures of forecast accuracy (2006), International Journal of
    Forecasting 22(4), section 3; with a season, R. Hyndman and G. Athanasopoulos, Forecasting (2021), section 5.8.
    """
    if np.shape(forecast) != np.shape(actual) or np.ndim(actual) != 2:
        raise ValueError(
            f"forecast and actual must share one shape (B, H); got {np.shape(forecast)} and {np.shape(actual)}"
        )
    if season < 1 or insample.shape[-1] <= season:
        raise ValueError(
            f"season must be from 1 to below the length of insample, {insample.shape[-1]}; got {season}: "
            "give a longer past or a shorter season"
        )
    naive = np.abs(insample[..., season:] - insample[..., :-season]).mean(axis=-1)
    if not (naive > 0).all():
        raise ValueError(
            f"insample must change from one season of {season} to the next, else the scaled error is undefined; "
            "give a longer past, such as the whole training part"
        )
    scaled: Floats = np.abs(actual - forecast).mean(axis=1) / naive
    return scaled


def pinball(quantile_forecasts: Floats, actual: Floats, levels: Floats) -> Floats:
    """Mean pinball (quantile) loss of each level: ``max(q (y - f), (q - 1) (y - f))``.

    Args:
        quantile_forecasts: ``(Q, B, H)``, f.
        actual: ``(B, H)``, y.
        levels: ``(Q,)``, the quantile levels q in (0, 1).

    Returns:
        ``(Q,)``, averaged over sequences and steps.

    Raises:
        ValueError: shapes that do not fit, or a level outside (0, 1).

    Reference: R. Koenker and G. Bassett, Regression Quantiles (1978), Econometrica 46(1), equation 3.1.
    """
    q = np.asarray(levels, dtype=np.float64)
    if q.ndim != 1 or np.shape(quantile_forecasts) != (len(q), *np.shape(actual)):
        raise ValueError(
            f"expected forecasts (Q, B, H), actual (B, H) and levels (Q,); got {np.shape(quantile_forecasts)}, "
            f"{np.shape(actual)} and {q.shape}"
        )
    if not ((q > 0) & (q < 1)).all():
        raise ValueError(f"quantile levels must be in (0, 1); got {q.tolist()}")
    missed = actual - quantile_forecasts
    loss = np.maximum(q[:, None, None] * missed, (q[:, None, None] - 1) * missed)
    mean: Floats = loss.mean(axis=(1, 2))
    return mean

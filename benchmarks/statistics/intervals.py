"""Means and their bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 4999


def interval(values: Sequence[float]) -> list[float] | None:
    """95 % percentile-bootstrap interval of the mean; None below two values.

    With few seeds it is too narrow (three seeds: a direction, not a result).
    """
    if len(values) < 2:
        return None
    if len(set(values)) == 1:
        return [float(values[0])] * 2
    found = scipy.stats.bootstrap((np.asarray(values),), np.mean, n_resamples=RESAMPLES, method="percentile", rng=0)
    return [float(found.confidence_interval.low), float(found.confidence_interval.high)]


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean of the middle half."""
    return float(scipy.stats.trim_mean(values, 0.25))


def stratified(values: Mapping[str, Sequence[float]], resamples: int = RESAMPLES) -> tuple[float, list[float] | None]:
    """Interquartile mean over the lifetimes of several strata (suites), and its 95 % stratified bootstrap interval.

    Lifetimes are drawn anew within each stratum, so that every draw holds as many of each as there are; None for the
    interval where no stratum has two.

    Args:
        values: scores by stratum.
        resamples: of the bootstrap.

    Reference: R. Agarwal et al., Deep RL at the Edge of the Statistical Precipice (2021), arXiv:2108.13264, section 4.
    """
    strata = [np.asarray(v, dtype=np.float64) for v in values.values()]
    together = np.concatenate(strata)
    value = interquartile_mean(together.tolist())
    if max(len(s) for s in strata) < 2:
        return value, None
    rng = np.random.default_rng(0)
    draws = np.concatenate([rng.choice(s, (resamples, len(s))) for s in strata], axis=1)
    low, high = np.quantile(scipy.stats.trim_mean(draws, 0.25, axis=1), [0.025, 0.975])
    return value, [float(low), float(high)]

"""Means and their bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
    value = interquartile_mean(np.concatenate(strata).tolist())
    if max(len(s) for s in strata) < 2:
        return value, None

    def over_all(*drawn: Floats) -> Floats:
        found: Floats = scipy.stats.trim_mean(np.concatenate(drawn, axis=-1), 0.25, axis=-1)
        return found

    low, high = bounds(strata, over_all, resamples)
    return value, [float(low), float(high)]


def bounds(
    samples: Sequence[Floats],
    statistic: Callable[..., Floats],
    resamples: int = RESAMPLES,
    paired: bool = False,
    rng: np.random.Generator | int = 0,
) -> tuple[Floats, Floats]:
    """95 % percentile bounds of a statistic of several samples, each drawn anew on its own (scipy's bootstrap).

    Args:
        samples: ``(n,)`` each. One of a single value, or of none, stays as it is.
        statistic: of as many samples ``(..., n)``, over their last axis; ``(..., draws)`` of draws ``(draws, n)``.
        resamples: draws.
        paired: whether all are drawn by the same indices.
        rng: randomness.
    """
    places = [place for place, sample in enumerate(samples) if len(sample) > 1]
    if not places:
        return (value := statistic(*samples)), value

    def with_the_rest(*drawn: Floats, axis: int) -> Floats:
        own = dict(zip(places, drawn, strict=True))
        shape = drawn[0].shape[:-1]
        return statistic(*(own.get(at, np.broadcast_to(one, (*shape, len(one)))) for at, one in enumerate(samples)))

    found = scipy.stats.bootstrap(
        [samples[place] for place in places],
        with_the_rest,
        n_resamples=resamples,
        method="percentile",
        paired=paired,
        vectorized=True,
        axis=-1,
        rng=rng,
    ).confidence_interval
    return found.low, found.high

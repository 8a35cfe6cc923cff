"""Two teachers on the same seeds: who is faster, by how much, and could it be chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy

from benchmarks.statistics.intervals import RESAMPLES, Floats, interval

_EXACT = 13  # pairs up to which all sign flips are counted
_FLIPS = 9_999  # drawn beyond


def _probability(ours: Floats, theirs: Floats, axis: int = -1) -> Any:
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    below = (ours[..., :, None] < theirs[..., None, :]) + 0.5 * (ours[..., :, None] == theirs[..., None, :])
    return below.mean(axis=(-2, -1))


def probability_of_improvement(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, Any]:
    """P(our cost < their cost), ties half, with a 95 % bootstrap interval: the Mann-Whitney statistic over n m.

    Not by pairs: every one of ours is held against every one of theirs, and the bootstrap draws the two apart. No
    interval where every draw would say the same: at 0, at 1, and where all costs are equal.

    Reference: R. Agarwal et al., Deep RL at the Edge of the Statistical Precipice (2021), arXiv:2108.13264, section
    4.3.
    """
    value = float(_probability(np.asarray(ours), np.asarray(theirs)))
    if min(len(ours), len(theirs)) < 2 or value in (0.0, 1.0) or len({*ours, *theirs}) == 1:
        return {"value": value, "interval": None}
    pair = (np.asarray(ours), np.asarray(theirs))
    found = scipy.stats.bootstrap(pair, _probability, n_resamples=RESAMPLES, method="percentile", rng=0)
    return {"value": value, "interval": [float(found.confidence_interval.low), float(found.confidence_interval.high)]}


def sign_flip(differences: Sequence[float]) -> float:
    """Two-sided p of paired differences whose signs would be fair coins if nothing differed.

    1 without any difference, or with a single pair.
    All 2^n flips up to 13 pairs, 9,999 drawn ones beyond (the smallest p is then 2e-4). Six pairs can give no less than
    0.031, ten no less than 0.002.

    Reference: R. Fisher, The Design of Experiments (1935), section 21, through ``scipy.stats.permutation_test``.
    """
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2 or not values.any():
        return 1.0
    flips = np.inf if len(values) <= _EXACT else _FLIPS
    found = scipy.stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=flips, vectorized=True, axis=-1, rng=0
    )
    return float(found.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """The same, corrected so that none of all is below a level by chance more often than the level says.

    Reference: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979), Scand. J. Statist. 6(2).
    """
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(np.asarray(p_values)[order] * np.arange(len(p_values), 0, -1))
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(stepped, 1.0)
    return [float(p) for p in corrected]


def paired(ours: dict[int, float], theirs: dict[int, float]) -> dict[str, Any] | None:
    """Costs on the seeds that both have lived: ours minus theirs, their ratio, and the test; None without a pair.

    Costs are restricted to one budget, which both must share.
    """
    seeds = sorted(set(ours) & set(theirs))
    if not seeds:
        return None
    mine, other = (np.array([of[seed] for seed in seeds]) for of in (ours, theirs))
    differences = (mine - other).tolist()
    return {
        "pairs": len(seeds),
        "difference": float(np.mean(differences)),
        "interval": interval(differences),
        "ratio": float(mine.mean() / other.mean()) if other.mean() else None,
        "faster": float(((mine < other) + 0.5 * (mine == other)).mean()),
        "p": sign_flip(differences),
    }

"""How many seeds it takes to tell two teachers apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy

from benchmarks.statistics.intervals import Floats

_DRAWS = 1000
_EXACT = 10  # pairs up to which all flips are counted; beyond, their sum is as good as normal
MOST = 1000


def rejections(differences: Sequence[float], num_pairs: int, level: float, seed: int = 0) -> float:
    """Share of studies of so many pairs, drawn from these, that the sign-flip test would call different.

    Args:
        differences: of the pairs there are, at least two.
        num_pairs: n.
        level: of the test, two-sided.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.choice(np.asarray(differences, dtype=np.float64), (_DRAWS, num_pairs))
    return float((_p_values(drawn) <= level).mean())


def _p_values(drawn: Floats) -> Floats:
    """Of the sign-flip test, for each row ``(studies, n)``; beyond a few pairs by the normal limit of the flips' sum.

    Under flips a sum of x_i has mean 0 and variance sum x_i^2, whatever the x_i are.
    """
    total = np.abs(drawn.sum(axis=1))
    spread = np.sqrt((drawn**2).sum(axis=1))
    num = drawn.shape[1]
    if num > _EXACT:
        found: Floats = 2.0 * scipy.stats.norm.sf(total / np.maximum(spread, 1e-12))
        return found
    flips = 1.0 - 2.0 * ((np.arange(2**num)[:, None] >> np.arange(num)) & 1)  # (2^n, n)
    as_large = np.abs(drawn @ flips.T) >= total[:, None] - 1e-9 * np.maximum(spread, 1.0)[:, None]
    shares: Floats = as_large.mean(axis=1)
    return shares


def seeds_needed(differences: Sequence[float], power: float = 0.8, level: float = 0.05) -> int | None:
    """The smallest number of pairs whose study would tell the two apart with this probability; None: over 1,000.

    It takes the differences seen so far for all there are: from a few pairs that is a rough guess.

    Args:
        differences: of paired costs, at least two.
        power: probability of telling them apart.
        level: of the two-sided sign-flip test.

    Raises:
        ValueError: fewer than two differences, power or level outside (0, 1).
    """
    if len(differences) < 2:
        raise ValueError(f"at least two pairs are needed to guess from; got {len(differences)}")
    for name, value in (("power", power), ("level", level)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must be in (0, 1); got {value}")
    if not np.any(differences):
        return None
    low, high = 1, 2
    while rejections(differences, high, level) < power:
        if high == MOST:
            return None
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if rejections(differences, middle, level) >= power else (middle, high)
    return high

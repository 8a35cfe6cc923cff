"""Bootstrap weights where trained teachers are a level of their own: each seed is taught by one of several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def nested_weights(rng: np.random.Generator, strata: Sequence[Sequence[int]], resamples: int) -> list[Floats]:
    """How often each lifetime counts in each draw: as often as its seed was drawn, times as often as its teacher was.

    Seeds are drawn anew within each stratum (a suite), teachers once for all of them, as many as there are. A draw in
    which nothing is left of a stratum is drawn again.

    Args:
        rng: randomness.
        strata: of each, the number of the teacher that taught each lifetime, ``(S,)``.
        resamples: draws.

    Returns:
        Weights ``(resamples, S)`` of each stratum.

    Reference: A. Owen, The Pigeonhole Bootstrap (2007), Ann. Appl. Stat. 1(2): factors that are crossed are drawn each
    on its own; it errs to the wide side.
    """
    which = np.unique(np.concatenate([np.asarray(own) for own in strata]), return_inverse=True)[1].reshape(-1)
    num_teachers, ends = int(which.max()) + 1, np.cumsum([len(own) for own in strata])[:-1]

    def drawn(times: int) -> list[Floats]:
        seeds = [rng.multinomial(len(own), np.full(len(own), 1 / len(own)), times) for own in strata]
        teachers = rng.multinomial(num_teachers, np.full(num_teachers, 1 / num_teachers), times)
        parts = zip(seeds, np.split(which, ends), strict=True)
        return [(often * teachers[:, own]).astype(np.float64) for often, own in parts]

    weights = drawn(resamples)
    while (empty := np.any([part.sum(axis=1) == 0 for part in weights], axis=0)).any():
        for part, again in zip(weights, drawn(int(empty.sum())), strict=True):
            part[empty] = again
    return weights

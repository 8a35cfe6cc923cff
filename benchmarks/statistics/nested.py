"""Bootstrap weights where trained teachers are a level of their own: each seed is taught by one of several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def nested_weights(rng: np.random.Generator, teachers: Sequence[int], resamples: int) -> Floats:
    """How often each lifetime counts in each draw: as often as its seed was drawn, times as often as its teacher was.

    Seeds and teachers are drawn anew, independently, as many as there are. A draw in which nothing is left is drawn
    again.

    Args:
        rng: randomness.
        teachers: of each lifetime, the number of the teacher that taught it, ``(S,)``.
        resamples: draws.

    Returns:
        Weights ``(resamples, S)``.

    Reference: A. Owen, The Pigeonhole Bootstrap (2007), Ann. Appl. Stat. 1(2): factors that are crossed are drawn each
    on its own; it errs to the wide side.
    """
    which = np.unique(np.asarray(teachers), return_inverse=True)[1].reshape(-1)
    num_seeds, num_teachers = len(which), which.max() + 1

    def drawn(times: int) -> Floats:
        seeds = rng.multinomial(num_seeds, np.full(num_seeds, 1 / num_seeds), times)
        own = rng.multinomial(num_teachers, np.full(num_teachers, 1 / num_teachers), times)
        product: Floats = (seeds * own[:, which]).astype(np.float64)
        return product

    weights = drawn(resamples)
    while (empty := weights.sum(axis=1) == 0).any():
        weights[empty] = drawn(int(empty.sum()))
    return weights

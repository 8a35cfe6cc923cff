"""Bootstrap weights where trained teachers are a level of their own: each seed is taught by one of several."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def nested_weights(
    rng: np.random.Generator,
    strata: Sequence[Sequence[Collection[int]]],
    resamples: int,
    seeds: Sequence[Sequence[int]] | None = None,
) -> list[Floats]:
    """How often each lifetime counts in each draw: as often as its seed was drawn, times as often as its teachers were.

    Seeds are drawn anew within each stratum (a suite), teachers once for all of them, as many as there are. A draw in
    which nothing is left of a stratum is drawn again.

    Args:
        rng: randomness.
        strata: of each, the numbers of the teachers behind each lifetime, ``(S,)``: one; two where lifetimes of two are
            a pair; none where only seeds are drawn.
        resamples: draws.
        seeds: of each stratum, the seed of each lifetime ``(S,)``, where several teachers have lived the same; left
            out, each has its own.

    Returns:
        Weights ``(resamples, S)`` of each stratum.

    Reference: A. Owen, The Pigeonhole Bootstrap (2007), Ann. Appl. Stat. 1(2): factors that are crossed are drawn each
    on its own; it errs to the wide side.
    """
    known = sorted({int(teacher) for own in strata for behind in own for teacher in behind})
    place = {teacher: number for number, teacher in enumerate(known)}
    at = [np.unique(own, return_inverse=True)[1] for own in seeds or [range(len(own)) for own in strata]]

    def drawn(times: int) -> list[Floats]:
        parts = [_counts(rng, int(own.max()) + 1, times)[:, own] for own in at]
        teachers = _counts(rng, len(known), times) if known else np.empty((times, 0))
        for weights, own in zip(parts, strata, strict=True):
            for lifetime, behind in enumerate(own):
                for teacher in behind:
                    weights[:, lifetime] *= teachers[:, place[int(teacher)]]
        return parts

    weights = drawn(resamples)
    while (empty := np.any([part.sum(axis=1) == 0 for part in weights], axis=0)).any():
        for part, again in zip(weights, drawn(int(empty.sum())), strict=True):
            part[empty] = again
    return weights


def _counts(rng: np.random.Generator, n: int, times: int) -> Floats:
    """How often each of n was drawn in n draws, ``(times, n)``."""
    return rng.multinomial(n, np.full(n, 1 / n), times).astype(np.float64)

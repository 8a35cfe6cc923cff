"""Bootstrap weights where trained teachers are a level of their own: each seed is taught by one of several."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from benchmarks.statistics.intervals import Floats

_RESAMPLES = 2000


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


def nested_interquartile(
    scores: Sequence[Sequence[float]],
    strata: Sequence[Sequence[Collection[int]]],
    seeds: Sequence[Sequence[int]] | None = None,
    resamples: int = _RESAMPLES,
) -> list[float]:
    """95 % bounds of the interquartile mean over strata (suites), trained teachers drawn once for all of them.

    A lifetime is there as often as it was drawn (``nested_weights``), and the middle half is that of the draw.

    Args:
        scores: of each stratum, a score of each lifetime ``(S,)``: updates over the budget, say.
        strata: of each, the numbers of the teachers behind each lifetime, as ``nested_weights`` takes them.
        seeds: of each, the seed of each lifetime, as ``nested_weights`` takes them.
        resamples: draws.

    Reference: R. Agarwal et al., Deep RL at the Edge of the Statistical Precipice (2021), arXiv:2108.13264, section 4,
    for the mean; the draws are those of ``nested_weights``.
    """
    together = np.concatenate([np.asarray(own, dtype=np.float64) for own in scores])
    order = np.argsort(together)
    often = np.concatenate(nested_weights(np.random.default_rng(0), strata, resamples, seeds), axis=1)[:, order]
    upto = often.cumsum(axis=1)  # (draws, lifetimes): how many lie below or here
    num = upto[:, -1:]
    cut = np.floor(0.25 * num)  # off either end, as ``scipy.stats.trim_mean`` has it
    kept = np.maximum(np.minimum(upto, num - cut) - np.maximum(upto - often, cut), 0.0)
    low, high = np.quantile(kept @ together[order] / kept.sum(axis=1), [0.025, 0.975])
    return [float(low), float(high)]


def _counts(rng: np.random.Generator, n: int, times: int) -> Floats:
    """How often each of n was drawn in n draws, ``(times, n)``."""
    return rng.multinomial(n, np.full(n, 1 / n), times).astype(np.float64)

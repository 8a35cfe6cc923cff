"""What the general teacher's gain is made of: its controls suite by suite, and what they say over all suites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.meta.evidence import FEWEST_SEEDS
from benchmarks.statistics import holm, sign_flip
from benchmarks.studies.records.known import Known

Floats = NDArray[np.float64]

CONTROLS = (
    "general",
    "yoked",
    "yoked-shuffled",
    "static-mean",
    "learnability",
    "stratified",
    "random-frozen",
    "shuffled-reward",
)

# What a contrast is about, whose updates, over whose.
CONTRASTS: tuple[tuple[str, str, str], ...] = (
    ("the mixture alone: its mean, held still, against uniform sampling", "static-mean", "uniform"),
    ("the order: its mixtures at their times against the same shuffled", "yoked", "yoked-shuffled"),
    ("the times: its mixtures at their times against their mean", "yoked", "static-mean"),
    ("the answer to the student: the teacher against its mixtures replayed to another", "general", "yoked"),
    ("the training: against random weights", "general", "random-frozen"),
    ("the reward: against training on a shuffled one", "general", "shuffled-reward"),
    ("against one line of code, p(1-p)", "general", "learnability"),
)
_RESAMPLES = 2000


class Contrast(NamedTuple):
    """One teacher's updates over another's: the geometric mean over suites of the ratios of their restricted means.

    Bounds are of a bootstrap that draws pairs of seeds within each suite; ``p`` of a sign-flip test over all pairs,
    each difference as a share of its suite's mean.
    """

    ratio: float
    low: float
    high: float
    p: float
    num_suites: int
    num_pairs: int


def pooled(known: Sequence[Known], name: str, reference: str) -> Contrast | None:
    """A contrast over the suites where both have lived at least ``FEWEST_SEEDS`` seeds; None where there is none."""
    strata = [pairs for one in known if (pairs := paired_costs(one, name, reference)).shape[1] >= FEWEST_SEEDS]
    if not strata:
        return None
    rng = np.random.default_rng(0)
    draws = np.mean([_logs(rng, pairs) for pairs in strata], axis=0)
    low, high = np.exp(np.quantile(draws, [0.025, 0.975]))
    logs = [np.log(own.mean() / other.mean()) for own, other in strata]
    differences = np.concatenate([(own - other) / other.mean() for own, other in strata])
    ratio = float(np.exp(np.mean(logs)))
    return Contrast(ratio, float(low), float(high), sign_flip(differences.tolist()), len(strata), len(differences))


def paired_costs(one: Known, name: str, reference: str) -> Floats:
    """Restricted updates ``(2, S)`` of two entries, of the seeds that both have lived."""
    own, other = (one.lifetimes.get(entry, {}) for entry in (name, reference))
    seeds = sorted(own.keys() & other.keys(), key=int)
    cost = [
        [min(found[seed]["updates"], one.budget) if found[seed]["mastered"] else one.budget for seed in seeds]
        for found in (own, other)
    ]
    return np.array(cost, dtype=np.float64)


def _logs(rng: np.random.Generator, pairs: Floats) -> Floats:
    """Log ratios of means, of pairs drawn anew: ``(resamples,)``."""
    drawn = pairs[:, rng.integers(pairs.shape[1], size=(_RESAMPLES, pairs.shape[1]))].mean(axis=2)
    logs: Floats = np.log(drawn[0] / drawn[1])
    return logs


def told(known: Sequence[Known]) -> list[str]:
    """Two tables: each control's share of uniform sampling's updates, and the contrasts over all suites."""
    small = [one for one in known if one.preset == "small"]
    lines = [f"| suite, student | {' | '.join(CONTROLS)} |", "|---" * (len(CONTROLS) + 1) + "|"]
    for one in small:
        found = [paired_costs(one, name, "uniform") for name in CONTROLS]
        enough = [pairs.shape[1] >= FEWEST_SEEDS for pairs in found]
        if any(enough[1:]):
            shares = [
                f"{pairs[0].mean() / pairs[1].mean():.2f}" if there else ""
                for pairs, there in zip(found, enough, strict=True)
            ]
            lines.append(f"| {one.suite}, {one.student} | {' | '.join(shares)} |")
    made = [(what, pooled(small, name, reference)) for what, name, reference in CONTRASTS]
    rows = [(what, contrast) for what, contrast in made if contrast is not None]
    lines += ["", "| what | suites | pairs | ratio of updates | p | Holm-corrected |", "|---|---|---|---|---|---|"]
    for (what, row), corrected in zip(rows, holm([row.p for _, row in rows]), strict=True):
        lines.append(
            f"| {what} | {row.num_suites} | {row.num_pairs} | {row.ratio:.2f} [{row.low:.2f}, {row.high:.2f}] "
            f"| {row.p:.2g} | {corrected:.2g} |"
        )
    return lines

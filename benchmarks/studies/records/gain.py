"""What the general teacher's gain is made of: its controls suite by suite, and what they say over all suites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.meta.evidence import FEWEST_SEEDS
from benchmarks.statistics import REFERENCES, Floats, nested_weights
from benchmarks.store import read_json
from benchmarks.studies.evidence.families import CORES_OF_TRAINING
from benchmarks.studies.records.known import Known, ratios, sign_of
from benchmarks.studies.records.run import NUM_TRAINED, TRAINED

CONTROLS = (
    "general",
    "yoked",
    "yoked-shuffled",
    "static-mean",
    "static-tilted",
    "learnability",
    "stratified",
    "random-frozen",
    "shuffled-reward",
)

STATIC = ("uniform", "stratified", "target-only", "static-mean", "static-tilted")
"""The static mixtures that are lived."""

# What a contrast is about, whose updates, over whose.
CONTRASTS: tuple[tuple[str, str, str], ...] = (
    ("the mixture alone: its mean, held still, against uniform sampling", "static-mean", "uniform"),
    ("the order: its mixtures at their times against the same shuffled", "yoked", "yoked-shuffled"),
    ("the times: its mixtures at their times against their mean", "yoked", "static-mean"),
    ("the answer to the student: the teacher against its mixtures replayed to another", "general", "yoked"),
    ("the training: against random weights", "general", "random-frozen"),
    ("the reward: against training on a shuffled one", "general", "shuffled-reward"),
    ("against one line of code, p(1-p)", "general", "learnability"),
    ("times and answer: the teacher against its mean (added when the rest had been seen)", "general", "static-mean"),
    (
        "against the best of four static mixtures, searched suite by suite (added when the rest had been seen)",
        "general",
        "static-tilted",
    ),
)
RESAMPLES = 20_000


class Contrast(NamedTuple):
    """One teacher's updates over another's: the geometric mean over suites of the ratios of their restricted means.

    Bounds are of a bootstrap that draws seeds within each suite and trained teachers once for all: 95 % for this one,
    and 95 % for all of ``CONTRASTS`` together (Bonferroni). Where a teacher stands against another's replay they are
    too wide, for both sides hold the same teachers, each as often; ``given`` draws seeds alone and speaks of these six.
    There is no p: seeds that share a teacher are not independent. ``sign`` marks a ratio that is a bound.
    """

    ratio: float
    each: tuple[float, float]
    together: tuple[float, float]
    given: tuple[float, float]
    num_suites: int
    num_pairs: int
    sign: str


def pooled(known: Sequence[Known], name: str, reference: str) -> Contrast | None:
    """A contrast over the suites where both have lived at least ``FEWEST_SEEDS`` seeds; None where there is none."""
    suites = [one for one in known if len(one.costs(name, reference)) >= FEWEST_SEEDS]
    if not suites:
        return None
    costs = [_table(one.costs(name, reference)) for one in suites]  # (S, 2) each
    behind = [one.behind((name, reference), one.costs(name, reference)) for one in suites]
    nobody = [[set[int]() for _ in own] for own in behind]
    nested, alone = _draws(costs, behind), _draws(costs, nobody)
    ratio = float(np.exp(np.mean([np.log(own[:, 0].mean() / own[:, 1].mean()) for own in costs])))
    sign = sign_of(*(any(one.censored(entry) for one in suites) for entry in (name, reference)))
    bounds = _bounds(nested, 0.05), _bounds(nested, 0.05 / len(CONTRASTS)), _bounds(alone, 0.05)
    return Contrast(ratio, *bounds, len(costs), sum(map(len, costs)), sign)


def _draws(costs: Sequence[Floats], behind: Sequence[Sequence[set[int]]]) -> Floats:
    """Geometric means of ratios, ``(RESAMPLES,)``."""
    weights = nested_weights(np.random.default_rng(0), behind, RESAMPLES)
    drawn: Floats = np.exp(np.mean([np.log(ratios(often, own)) for often, own in zip(weights, costs, strict=True)], 0))
    return drawn


def _bounds(draws: Floats, outside: float) -> tuple[float, float]:
    low, high = np.quantile(draws, [outside / 2, 1 - outside / 2])
    return float(low), float(high)


def _table(pairs: dict[int, list[float]]) -> Floats:
    """``(S, 2)``."""
    return np.array(list(pairs.values()), dtype=np.float64)


def break_even(one: Known, reference: str) -> float | None:
    """Lifetimes after which training a teacher is paid back in core-seconds; None if none are saved, or too few seeds.

    What is saved are forward-equivalents, at the fastest rate that any lifetime of the two ran at: what was beside a
    lifetime on its machine slows it.
    """
    own, other = (one.lifetimes.get(name, {}) for name in ("general", reference))
    seeds = own.keys() & other.keys()
    if len(seeds) < FEWEST_SEEDS:
        return None
    rate = min(life["seconds"] / life["forward_equivalents"] for found in (own, other) for life in found.values())
    saved = sum(other[seed]["forward_equivalents"] - own[seed]["forward_equivalents"] for seed in seeds) / len(seeds)
    return CORES_OF_TRAINING * seconds_of_training() / (saved * rate) if saved > 0 else None


def _paid_back(one: Known, reference: str) -> str:
    row, number = one.in_compute().rows(reference)["general"], break_even(one, reference)
    if row.p > 0.05:
        return "no difference shown"
    return "never: it costs more" if row.ratio >= 1 or number is None else f"{np.ceil(number):,.0f}"


def best_static(one: Known) -> str:
    """The static mixture of those lived with the fewest updates, as a share of uniform sampling's, and its name.

    Chosen on the seeds that it is shown of: a bound that a teacher is held to, not a method.
    """
    found = {name: _table(one.costs(name, "uniform")) for name in STATIC}
    shares = {
        name: pairs[:, 0].mean() / pairs[:, 1].mean() for name, pairs in found.items() if len(pairs) >= FEWEST_SEEDS
    }
    name = min(shares, key=lambda name: shares[name])
    return f"{_sign(one, name)}{shares[name]:.2f} ({name})"


def seconds_of_training() -> float:
    """That a general teacher took, mean of the six."""
    cards = [read_json(TRAINED / f"general-{number}" / "teacher.json") for number in range(NUM_TRAINED)]
    return float(np.mean([card["seconds"] for card in cards]))


def _sign(one: Known, name: str) -> str:
    return sign_of(one.censored(name), one.censored("uniform"))


def told(known: Sequence[Known]) -> list[str]:
    """Tables: each control's share of uniform sampling's updates, the contrasts over all suites, and the break-even."""
    small = [one for one in known if one.preset == "small"]
    lines = ["Updates to mastery over uniform sampling's on the same seeds (`<=`: some of those never mastered):", ""]
    lines += [f"| suite, student | {' | '.join(CONTROLS)} | best static |", "|---" * (len(CONTROLS) + 2) + "|"]
    for one in small:
        found = [_table(one.costs(name, "uniform")) for name in CONTROLS]
        enough = [len(pairs) >= FEWEST_SEEDS for pairs in found]
        if any(enough[1:]):
            shares = [
                f"{_sign(one, name)}{pairs[:, 0].mean() / pairs[:, 1].mean():.2f}" if there else ""
                for name, pairs, there in zip(CONTROLS, found, enough, strict=True)
            ]
            lines.append(f"| {one.suite}, {one.student} | {' | '.join(shares)} | {best_static(one)} |")
    made = [(what, pooled(small, name, reference)) for what, name, reference in CONTRASTS]
    rows = [(what, contrast) for what, contrast in made if contrast is not None]
    lines += [
        "",
        "Over all suites that have both (geometric mean; bootstrap, seeds and trained teachers drawn; 95 % for each, "
        f"and 95 % for all {len(CONTRASTS)} at once, by which a difference is called shown; then by seeds alone):",
        "",
    ]
    lines += [
        "| what | suites | pairs | ratio of updates | all at once | these six networks |",
        "|---|---|---|---|---|---|",
    ]
    for what, row in rows:
        each, *more = (f"[{low:.2f}, {high:.2f}]" for low, high in (row.each, row.together, row.given))
        cells = [what, str(row.num_suites), str(row.num_pairs), f"{row.sign}{row.ratio:.2f} {each}", *more]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        f"Training one took {seconds_of_training():,.0f} seconds on two cores. Where it takes less compute than the "
        "reference (sign-flip test of forward-equivalents, p at most 0.05, not corrected), that is paid back in "
        "core-seconds after so many lifetimes, at the fastest rate that any lifetime of the two ran at:",
        "",
    ]
    lines += [f"| suite, student | {' | '.join(f'against {name}' for name in REFERENCES)} |", "|---|---|---|"]
    for one in small:
        if all(len(one.costs("general", name)) >= FEWEST_SEEDS for name in REFERENCES):
            lines.append(f"| {one.suite}, {one.student} | {' | '.join(_paid_back(one, name) for name in REFERENCES)} |")
    return lines

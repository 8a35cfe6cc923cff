"""How often the intervals hold what they should, and how often the test calls a difference that is none.

``python -m benchmarks.studies.coverage`` simulates costs as ours are (skewed, paired by seed, censored at a budget) and
counts; ``benchmarks/results/coverage.json`` holds what came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import statistics
from benchmarks.meta.evidence import compared
from benchmarks.provenance import environment
from benchmarks.statistics import Floats
from benchmarks.store import UserError, write_json
from benchmarks.terminal import from_command_line, guarded, say

_BUDGET = 2.5  # in units of the median cost
_EVERY = 0.1  # between two evaluations, at one of which mastery is seen: costs tie
_SUITES = 10
_LARGE = 200_000  # draws that a true value is taken from


@dataclass(frozen=True)
class Coverage:
    """Counts, over simulated studies of costs exp(seed's own + lifetime's own), censored at 2.5 times the median.

    They are seen at evaluations a tenth of the median apart, so that many are the same.
    """

    sizes: tuple[int, ...] = (3, 5, 8, 10, 12, 20)
    """Seeds of a study."""
    studies: int = 400
    """Studies of each size."""
    out: Path | None = Path("benchmarks/results/coverage.json")
    """A JSON file for the figures."""

    def execute(self) -> None:
        """Counts and prints."""
        if not self.sizes or min(self.sizes) < 2 or self.studies < 2:
            raise UserError(
                f"a study must have at least 2 seeds, and there must be two; got {self.sizes}, {self.studies}"
            )
        rows: dict[str, dict[str, float]] = {}
        say("| what | " + " | ".join(f"{n} seeds" for n in self.sizes) + " |")
        say("|---" * (1 + len(self.sizes)) + "|")
        for name, count in _COUNTED.items():
            rows[name] = {str(n): count(np.random.default_rng([n, 1]), n, self.studies) for n in self.sizes}
            say(f"| {name} | " + " | ".join(f"{value:.2f}" for value in rows[name].values()) + " |")
        if self.out is not None:
            command = f"python -m benchmarks.studies.coverage --studies {self.studies}"
            record: dict[str, Any] = {"command": command, "studies": self.studies, "environment": environment()}
            write_json(self.out, {**record, "shares": rows})


def costs(rng: np.random.Generator, num_seeds: int, num_teachers: int, ratio: float = 1.0) -> Floats:
    """Costs of teachers ``(t, S)`` on the same seeds; the first is the reference, the others cost ``ratio`` as much."""
    hard = rng.normal(0.0, 0.3, num_seeds)
    own = rng.normal(0.0, 0.3, (num_teachers, num_seeds))
    level = np.where(np.arange(num_teachers) == 0, 1.0, ratio)[:, None]
    return _seen(level * np.exp(hard + own))


def _seen(spent: Floats) -> Floats:
    """At the first evaluation after it, at the latest at the last one."""
    seen: Floats = np.minimum(np.round(np.ceil(spent / _EVERY) * _EVERY, 9), _BUDGET)
    return seen


def _mean(rng: np.random.Generator, n: int, studies: int) -> float:
    true = float(costs(np.random.default_rng(0), _LARGE, 1).mean())
    found = [statistics.interval(costs(rng, n, 1)[0].tolist()) for _ in range(studies)]
    return float(np.mean([bounds is not None and bounds[0] <= true <= bounds[1] for bounds in found]))


def _interquartile(rng: np.random.Generator, n: int, studies: int, suites: int = 2) -> float:
    true = statistics.interquartile_mean(costs(np.random.default_rng(0), _LARGE, 1)[0].tolist())  # suites are alike
    hits = 0
    for _ in range(studies):
        drawn = {str(suite): costs(rng, n, 1)[0].tolist() for suite in range(suites)}
        _, bounds = statistics.stratified(drawn, resamples=500)
        hits += bounds is not None and bounds[0] <= true <= bounds[1]
    return hits / studies


def _interquartile_in_turn(rng: np.random.Generator, n: int, studies: int) -> float:
    """Of the interquartile mean over ten suites that the same six trained teachers teach, a seed each in turn."""
    many = np.random.default_rng(0)
    large = costs(many, _LARGE, 1)[0] * np.exp(many.normal(0.0, 0.1, _LARGE))
    true = statistics.interquartile_mean(_seen(large).tolist())
    at = np.arange(n) % 6
    behind = [[{int(teacher)} for teacher in at]] * _SUITES
    hits = 0
    for _ in range(studies):
        skills = np.exp(rng.normal(0.0, 0.1, 6))
        drawn = [_seen(costs(rng, n, 1)[0] * skills[at]).tolist() for _ in range(_SUITES)]
        low, high = statistics.nested_interquartile(drawn, behind, resamples=400)
        hits += low <= true <= high
    return hits / studies


def _profile(rng: np.random.Generator, n: int, studies: int) -> float:
    """Of the share of lifetimes, over ten suites, that cost no more than the median does."""
    at = np.array([1.0])
    true = float(np.mean(costs(np.random.default_rng(0), _LARGE, 1)[0] <= at))
    hits = 0
    for _ in range(studies):
        drawn = {str(suite): costs(rng, n, 1)[0].tolist() for suite in range(_SUITES)}
        _, low, high = statistics.profile(drawn, at, resamples=500)[:, 0]
        hits += low <= true <= high
    return hits / studies


def _improvement(rng: np.random.Generator, n: int, studies: int) -> float:
    """Of the probability that one teacher's lifetime costs less than another's of whatever seed."""
    many = np.random.default_rng(0)
    theirs, ours = costs(many, _LARGE, 1, 0.8)[0], costs(many, _LARGE, 2, 0.8)[1]
    ranked = np.sort(theirs)
    places = [np.searchsorted(ranked, ours, side) for side in ("left", "right")]
    true = 1 - float(np.mean(places)) / _LARGE
    hits = 0
    for _ in range(studies):
        other, own = costs(rng, n, 2, 0.8).tolist()
        bounds = statistics.probability_of_improvement(own, other)["interval"]
        hits += bounds is not None and bounds[0] <= true <= bounds[1]
    return hits / studies


def _difference(rng: np.random.Generator, n: int, studies: int) -> float:
    """Of the mean difference of pairs."""
    true = float(np.mean(np.diff(costs(np.random.default_rng(0), _LARGE, 2, 0.8), axis=0)))
    found = [statistics.interval(np.diff(costs(rng, n, 2, 0.8), axis=0)[0].tolist()) for _ in range(studies)]
    return float(np.mean([bounds is not None and bounds[0] <= true <= bounds[1] for bounds in found]))


def _ratio(rng: np.random.Generator, n: int, studies: int) -> float:
    """Of one teacher's mean to the reference's."""
    large = costs(np.random.default_rng(0), _LARGE, 2, 0.5).mean(axis=1)
    hits = 0
    for _ in range(studies):
        row = compared(_lives(("uniform", "other"), costs(rng, n, 2, 0.5)), 10_000, (), resamples=400)[1]
        hits += row.ratio_low <= large[1] / large[0] <= row.ratio_high
    return hits / studies


def _nested(rng: np.random.Generator, n: int, studies: int) -> float:
    """Of the mean of six trained teachers, that differ, to the reference's; half of them on every other seed."""
    names = tuple(f"t{i}" for i in range(6))
    many = np.random.default_rng(0)
    skills = np.exp(many.normal(0.0, 0.1, 2000))
    large = costs(many, 2000, 2001, 0.5)
    true = float(_seen(large[1:] * skills[:, None]).mean() / large[0].mean())
    hits = 0
    for _ in range(studies):
        drawn = costs(rng, n, 7, 0.5)
        drawn[1:] = _seen(drawn[1:] * np.exp(rng.normal(0.0, 0.1, 6))[:, None])
        lives = _lives(("uniform", *names), drawn)
        for i, name in enumerate(names):
            lives[name] = {seed: life for seed, life in lives[name].items() if int(seed) % 2 == i % 2}
        row = next(r for r in compared(lives, 10_000, names, resamples=400) if r.name.startswith("general"))
        hits += row.ratio_low <= true <= row.ratio_high
    return hits / studies


def _on_every_seed(rng: np.random.Generator, n: int, studies: int, networks: int, spread: float = 0.1) -> float:
    """Of the mean of so many trained teachers, that differ, to the reference's; each on every seed, as in a bench."""
    true = _true_ratio(spread)
    names = tuple(f"t{i}" for i in range(networks))
    hits = 0
    for _ in range(studies):
        drawn = costs(rng, n, 1 + networks, 0.5)
        drawn[1:] = _seen(drawn[1:] * np.exp(rng.normal(0.0, spread, networks))[:, None])
        rows = compared(_lives(("uniform", *names), drawn), 10_000, names, resamples=400)
        row = next(r for r in rows if r.name.startswith("general"))
        hits += row.ratio_low <= true <= row.ratio_high
    return hits / studies


def _true_ratio(spread: float = 0.1) -> float:
    """Of trained teachers that differ to the reference."""
    many = np.random.default_rng(0)
    large = costs(many, _LARGE, 2, 0.5)
    return float(_seen(large[1] * np.exp(many.normal(0.0, spread, _LARGE))).mean() / large[0].mean())


def _taught_in_turn(rng: np.random.Generator, n: int, studies: int, nested: bool) -> float:
    """Of trained teachers that differ, six of which teach a seed each in turn, as on the suites of record.

    Teachers are drawn as seeds are, or (not ``nested``) seeds alone.
    """
    true = _true_ratio()
    taught_by = np.arange(n) % 6
    hits = 0
    for _ in range(studies):
        base, own = costs(rng, n, 2, 0.5)
        own = _seen(own * np.exp(rng.normal(0.0, 0.1, 6))[taught_by])
        teachers = [{int(at)} if nested else set[int]() for at in taught_by]
        (weights,) = statistics.nested_weights(rng, [teachers], 400)
        low, high = np.quantile((weights @ own) / (weights @ base), [0.025, 0.975])
        hits += low <= true <= high
    return hits / studies


def _pooled(rng: np.random.Generator, n: int, studies: int, replayed: bool) -> float:
    """Of the geometric mean over ten suites that the same six teachers teach, a seed each in turn.

    To the reference, or to what the teacher of the next seed chose, replayed: two teachers behind each pair.
    """
    true = 1.0 if replayed else _true_ratio()
    at = np.arange(n) % 6
    after = (np.arange(n) + 1) % n % 6
    behind = [{int(a), int(b)} if replayed else {int(a)} for a, b in zip(at, after, strict=True)]
    hits = 0
    for _ in range(studies):
        skills = np.exp(rng.normal(0.0, 0.1, 6))
        weights = statistics.nested_weights(rng, [behind] * _SUITES, 400)
        logs = []
        for often in weights:
            base, own, other = costs(rng, n, 3, 0.5)
            own = _seen(own * skills[at])
            base = _seen(other * skills[after]) if replayed else base
            logs.append(np.log((often @ own) / (often @ base)))
        low, high = np.exp(np.quantile(np.mean(logs, axis=0), [0.025, 0.975]))
        hits += low <= true <= high
    return hits / studies


def _lives(names: tuple[str, ...], drawn: Floats) -> dict[str, Any]:
    """Costs as the evidence keeps them, in thousandths."""
    return {
        name: {str(s): {"updates": 1000.0 * cost, "mastered": True} for s, cost in enumerate(values)}
        for name, values in zip(names, drawn, strict=True)
    }


def _called(rng: np.random.Generator, n: int, studies: int) -> float:
    """Share of studies without a difference that one test calls different at 0.05."""
    drawn = (costs(rng, n, 2) for _ in range(studies))
    return float(np.mean([statistics.sign_flip(ours - theirs) <= 0.05 for ours, theirs in drawn]))


def _called_of_seven(rng: np.random.Generator, n: int, studies: int) -> float:
    """.. in which any of seven Holm-corrected tests against the same reference does."""
    hits = 0
    for _ in range(studies // 2):
        drawn = costs(rng, n, 8)
        hits += min(statistics.holm([statistics.sign_flip(other - drawn[0]) for other in drawn[1:]])) <= 0.05
    return hits / (studies // 2)


_COUNTED: dict[str, Callable[[np.random.Generator, int, int], float]] = {
    "mean: interval covers": _mean,
    "interquartile mean of two suites: interval covers": _interquartile,
    "interquartile mean of ten suites: interval covers": partial(_interquartile, suites=_SUITES),
    "performance profile of ten suites at the median: band covers": _profile,
    "difference of pairs: interval covers": _difference,
    "probability of improvement: interval covers": _improvement,
    "ratio of two teachers: interval covers": _ratio,
    "ratio of six trained teachers, half of them on each seed: interval covers": _nested,
    **{
        f"ratio of {name} trained teachers{said}, each on every seed: interval covers": partial(
            _on_every_seed, networks=number, spread=spread
        )
        for spread, said in ((0.1, ""), (0.3, " that differ as much as seeds do"))
        for number, name in ((2, "two"), (3, "three"), (4, "four"), (6, "six"))
    },
    "ratio of six trained teachers, one on each seed in turn: interval covers": partial(_taught_in_turn, nested=True),
    ".. by a bootstrap of seeds alone": partial(_taught_in_turn, nested=False),
    "ten suites, six trained teachers in turn: interval covers": partial(_pooled, replayed=False),
    "interquartile mean of ten suites, six trained teachers in turn: interval covers": _interquartile_in_turn,
    "ten suites, a teacher against another's replay: interval covers": partial(_pooled, replayed=True),
    "no difference: the test calls one": _called,
    "no difference: any of seven Holm-corrected tests calls one": _called_of_seven,
}


def main() -> None:
    """Counts."""
    from_command_line(Coverage, "python -m benchmarks.studies.coverage").execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))

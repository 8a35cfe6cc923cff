"""The tables of learned teachers that were trained alike, taken together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.meta.evidence import FEWEST_SEEDS
from benchmarks.report.numbers import number
from benchmarks.statistics import REFERENCES

_ENOUGH = 6  # networks, of which intervals hold nearly what they say
HELD = {2: 0.79, 3: 0.86, 4: 0.85, 6: 0.93}
"""Share of the 95 % intervals that hold the truth, by networks that differ as much as seeds do, each on ten seeds.

Of ``benchmarks/results/coverage.json``.
"""
_SIGN = {"none": "", "at least": "≥ ", "at most": "≤ ", "unknown": "? "}


def as_tables(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Heads and rows of the tables, and the caution that few seeds or networks call for.

    Args:
        records: those of ``meta.trained.summarise_trained``.
    """
    suites = [suite for record in records for suite in record["suites"]]
    references = [name for name in REFERENCES if any(name in suite["against"] for suite in suites)]
    head = ["suite, student", "networks, taken together", "seeds", "mastered", "updates to mastery"]
    tables = [
        {
            "head": [*head, *(f"its updates / {name}'s" for name in references)],
            "rows": [_row(suite, references) for suite in suites],
        }
    ]
    if over := [record for record in records if record["over_suites"]]:
        what = "updates to mastery / budget, interquartile mean"
        tables.append(
            {"head": ["networks, taken together over all suites", "lifetimes", what], "rows": [*map(_over, over)]}
        )
    return {"tables": tables, "narrow": _narrow(suites)}


def _row(suite: dict[str, Any], references: Sequence[str]) -> list[str]:
    updates, against = suite["updates"], suite["against"]
    low, high = updates["interval"]
    return [
        f"{suite['suite']}, {suite['student']}",
        _together(suite),
        str(suite["num_seeds"]),
        f"{suite['mastered']} of {suite['num_lifetimes']}",
        f"{'≥ ' if updates['censored'] else ''}{number(updates['mean'])} {_span(number(low), number(high))}",
        *(_ratio(against[name]) if name in against else "" for name in references),
    ]


def _span(low: str, high: str) -> str:
    """An interval that no line breaks within."""
    return f"[{low},\xa0{high}]"


def _ratio(one: dict[str, Any]) -> str:
    low, high = one["interval"]
    span = _span(f"{low:.2f}", f"{high:.2f}")
    return f"{_SIGN[one['bound']]}{one['ratio']:.2f} {span}, p\xa0=\xa0{one['p']:.2g}"


def _over(record: dict[str, Any]) -> list[str]:
    over = record["over_suites"]
    low, high = over["interval"]
    figure = f"{over['interquartile_mean']:.3f} {_span(f'{low:.3f}', f'{high:.3f}')}"
    return [_together(record["suites"][0]), str(over["num_lifetimes"]), figure]


def _together(suite: dict[str, Any]) -> str:
    """How many networks are taken together, and their rows; two of one network as one."""
    return f"{len(suite['networks'])}: " + ", ".join(" = ".join(names) for names in suite["networks"].values())


def _narrow(suites: Sequence[dict[str, Any]]) -> str:
    seeds = min(suite["num_seeds"] for suite in suites)
    networks = min(len(suite["networks"]) for suite in suites)
    if seeds >= FEWEST_SEEDS and networks >= _ENOUGH:
        return ""
    held = ", ".join(f"{100 * share:.0f} with {networks}" for networks, share in HELD.items())
    return (
        f"Intervals of fewer than {FEWEST_SEEDS} seeds, or of few networks, are too narrow: in simulated studies of "
        "ten seeds and networks that differ as much as seeds do, those that should hold the truth 95 times of 100 held "
        f"it {held} networks (docs/statistics.md)."
    )

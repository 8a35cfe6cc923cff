"""Where the general teacher stands over all suites: its tests corrected for their number, and ratios over suites."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.meta.evidence import FEWEST_SEEDS
from benchmarks.statistics import REFERENCES, holm
from benchmarks.studies.records.gain import pooled
from benchmarks.studies.records.known import GENERAL, Known

BESIDE = (*REFERENCES, "exp3s")
TUNED_ON = ("addition-1d", "addition-2d", "repeat-copy", "recall")
"""Suites like those that EXP3.S was tuned on or the general teacher validated on: of addition, or with copying."""
_LEVEL = 0.05


def standing(known: Sequence[Known]) -> list[str]:
    """What holds after Holm's correction over suites, and geometric means of ratios; nothing of a single suite.

    Over all on which those that are compared have lived, whether or not all eight teachers have.
    """
    compared = (GENERAL, *BESIDE)
    small = [one for one in known if one.preset == "small"]
    whole = [one for one in small if all(len(one.lifetimes.get(name, {})) >= FEWEST_SEEDS for name in compared)]
    if len(whole) < 2:
        return []
    return ["", *(_corrected(whole, reference) for reference in BESIDE), "", _means(whole)]


def _corrected(known: Sequence[Known], reference: str) -> str:
    rows = [one.rows(reference)[GENERAL] for one in known]
    places = [f"{one.suite} ({one.student})" for one in known]
    found = list(zip(places, rows, holm([row.p for row in rows]), strict=True))
    faster = [f"{place} {p:.2g}" for place, row, p in found if p <= _LEVEL and row.ratio < 1]
    slower = [f"{place} {p:.2g}" for place, row, p in found if p <= _LEVEL and row.ratio > 1]
    open_ = [f"{place} {p:.2g}" for place, _, p in found if p > _LEVEL]
    said = "" if reference in REFERENCES else ", which was not fixed beforehand"
    parts = [("faster", faster), ("slower", slower), ("no difference shown", open_)]
    told = "; ".join(f"{what} on {len(names)}: {', '.join(names)}" for what, names in parts if names)
    return f"- General against {reference}{said}, Holm-corrected over {len(known)}: {told}."


def _means(known: Sequence[Known]) -> str:
    """Every suite once, with the student that all have; then without those that teachers were tuned on or near."""
    once = [one for one in known if one.student == "lstm"]
    apart = [one for one in once if one.suite not in TUNED_ON]
    pairs = [(name, reference) for name in (GENERAL, "exp3s", "target-deficit") for reference in REFERENCES]
    told = [
        f"{name} {_ratio(once, name, reference)}, {_ratio(apart, name, reference)} of {reference}'s"
        for name, reference in pairs
        if name != reference
    ]
    return (
        f"Geometric mean of the ratios of updates over {len(once)} suites with the LSTM, then without "
        f"{', '.join(TUNED_ON)}, on the like of which teachers were tuned and validated (95 % bootstrap, seeds and "
        f"trained teachers drawn): {'; '.join(told)}."
    )


def _ratio(known: Sequence[Known], name: str, reference: str) -> str:
    made = pooled(known, name, reference)
    return "not known" if made is None else f"{made.sign}{made.ratio:.2f} [{made.each[0]:.2f}, {made.each[1]:.2f}]"

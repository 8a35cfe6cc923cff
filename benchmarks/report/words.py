"""What the figures of a suite and student say, in words: the standing, and what the controls imply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

CONTROLS = ("stratified", "target-only", "static", "learnability", "replayed", "replayed-shuffled")
"""Teachers by whose side a gain is read; no candidate for it themselves."""
_LEVEL = 0.05
_MOST, _LEAST = 0.8, 0.2  # shares of a gain that count as all of it and as none


def standing(groups: Sequence[dict[str, Any]]) -> str:
    """What the table says, and how much it can say."""
    solved = [g for g in groups if g["solve_rate"] > 0]
    seeds = min(len(g["seeds"]) for g in groups)
    caution = (
        f" With {seeds} seed{'s' if seeds > 1 else ''} this is a direction, not a result: a tested claim needs "
        "at least 10 pairs."
        if seeds < 10
        else ""
    )
    if not solved:
        best = max(groups, key=lambda g: g["area_under_curve"]["mean"])
        return (
            "No lifetime mastered the suite within the budget. The largest area under the curve: "
            f"{best['teacher']} ({best['area_under_curve']['mean']:.3f})." + caution
        )
    best = min(solved, key=_updates)
    return (
        f"Fewest updates to mastery: {best['teacher']}, {_updates(best):.0f} on average, "
        f"{best['solve_rate']:.0%} of its lifetimes mastered." + caution
    )


def implied(groups: Sequence[dict[str, Any]]) -> list[str]:
    """What the controls that took part say of the best teacher's gain over uniform sampling; nothing without both."""
    known = {g["teacher"]: g for g in groups}
    taught = [g for g in groups if g["teacher"] not in (*CONTROLS, "uniform")]
    if "uniform" not in known or not taught:
        return []
    best = min(taught, key=_updates)
    gain = _updates(known["uniform"]) - _updates(best)
    against = best.get("against", {}).get("uniform")
    if gain <= 0:
        return [
            f"No teacher was faster than uniform sampling (the best, {best['teacher']}, saved {gain:+,.0f} updates)."
        ]
    said = [f"{best['teacher']} saved {gain:,.0f} of uniform sampling's {_updates(known['uniform']):,.0f} updates."]
    if against is None or against["p"] > _LEVEL:
        p = "" if against is None else f" (p = {against['p']:.2g})"
        return [f"{said[0]} That may be chance{p}: what the controls say of it is not told."]
    return [*said, *_told(known, best["teacher"], gain)]


def _told(known: dict[str, dict[str, Any]], best: str, gain: float) -> Iterator[str]:
    """A sentence per control; shares of the gain are of restricted means, without an interval."""

    def share(name: str) -> float:
        return (_updates(known["uniform"]) - _updates(known[name])) / gain

    if "target-only" in known:
        solved = known["target-only"]["solve_rate"]
        yield (
            f"Training on the hardest arms alone mastered in {solved:.0%} of its lifetimes"
            + (": the easier arms are needed." if solved == 0 else f", with {share('target-only'):.0%} of the gain.")
        )
    if "stratified" in known:
        yield f"An even split over tasks and levels has {share('stratified'):.0%} of the gain: that is balance alone."
    if "learnability" in known:
        yield f"The one-line rule p(1-p) has {share('learnability'):.0%} of the gain."
    if "static" in known:
        yield f"One mixture that never changes has {share('static'):.0%} of the gain."
    if "replayed-shuffled" in known:
        kept = share("replayed-shuffled")
        yield f"The recorded mixtures in shuffled order have {kept:.0%} of the gain: {_where(kept, 'mixture', 'order')}"
    if "replayed" in known:
        kept = share("replayed")
        yield (
            f"The recorded mixtures, in their order, whatever the student does, have {kept:.0%} of the gain: "
            f"{_where(kept, 'schedule', 'answer to the student at hand')}"
        )


def _where(kept: float, here: str, there: str) -> str:
    if kept >= _MOST:
        return f"the gain is in the {here}, not in the {there}."
    if kept <= _LEAST:
        return f"the gain is in the {there}, not in the {here}."
    return f"the gain is partly in the {here}, partly in the {there}."


def _updates(group: dict[str, Any]) -> float:
    return float(group["cost_to_mastery"]["updates"]["mean"])

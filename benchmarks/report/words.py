"""What the figures of a suite and student say, in words: who won, what the controls imply, which students forgot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from benchmarks.meta.evidence import FEWEST_SEEDS
from benchmarks.statistics import REFERENCES

_OF_RECORDS = ("yoked", "yoked-shuffled", "static-mean", "static-tilted")  # as the suites of record call theirs
CONTROLS = ("stratified", "target-only", "static", "learnability", "replayed", "replayed-shuffled", *_OF_RECORDS)
"""Teachers by whose side a gain is read; no candidate for it themselves."""
LEARNED_NOTHING = {
    "random-frozen": ("An untrained network of the same kind", "training"),
    "shuffled-reward": ("A network trained on other lifetimes' rewards", "reward"),
}
"""Controls that are learned teachers with weights of another kind (a record's ``control``), and what they control."""
_LEVEL = 0.05
# How often 95 % intervals held the truth in simulated studies, by the number of seeds (`benchmarks.studies.coverage`).
COVERED = {
    "mean": {3: 0.71, 5: 0.78, 8: 0.90},
    "interquartile mean of two suites": {3: 0.83, 5: 0.90, 8: 0.95},
}
_LITTLE = 0.2  # share of a replay's gain that its order may be worth and still count as nothing


def standing(groups: Sequence[dict[str, Any]]) -> str:
    """Who won, by how much and how sure that is; controls win nothing, and one that was faster is mentioned."""
    named = [g for g in groups if not is_control(g)] or list(groups)
    apart = [g for g in groups if g not in named and g["solve_rate"] > 0]
    best, *others = sorted(named, key=lambda g: (g["solve_rate"] == 0, _updates(g)))
    seeds = min(len(g["seeds"]) for g in groups)
    caution = (
        f" With {seeds} seed{'s' if seeds > 1 else ''} this is a direction, not a result: a tested claim needs "
        "at least 10 pairs."
        if seeds < 10
        else ""
    )
    if not best["solve_rate"]:
        best = max(named, key=lambda g: g["area_under_curve"]["mean"])
        but = f" but those of controls ({', '.join(g['teacher'] for g in apart)})" if apart else ""
        return (
            f"No lifetime mastered the suite within the budget{but}. The largest area under the curve: "
            f"{best['teacher']} ({best['area_under_curve']['mean']:.3f})." + caution
        )
    if slower := _slower_by_pairs(groups, best):
        return (
            f"No teacher is named the fastest: {best['teacher']} took the fewest updates on its own seeds "
            f"({_updates(best):.0f}), but over {slower}.{caution}"
        )
    faster = [f"{g['teacher']}: {_updates(g):.0f}" for g in apart if _updates(g) < _updates(best)]
    aside = f", controls aside ({', '.join(faster)})" if faster else ""
    return (
        f"Fewest updates to mastery{aside}: {best['teacher']}, "
        f"{_updates(best):.0f} on average, {best['solve_rate']:.0%} of its lifetimes mastered."
        f"{_how_sure(groups, best, others)}{caution}"
    )


def _slower_by_pairs(groups: Sequence[dict[str, Any]], best: dict[str, Any]) -> str:
    """Where lifetimes are missing, the lowest mean may be one over easy seeds: what pairs say instead, or nothing."""
    known = {g["teacher"]: g for g in groups if not is_control(g)}
    for name, other in known.items():
        if name in best.get("against", {}) and best["against"][name]["difference"] > 0:
            pairs, said = _by_pairs(best, other)
            return f"{pairs} it took {said}"
        if best["teacher"] in other.get("against", {}) and other["against"][best["teacher"]]["difference"] < 0:
            pairs, said = _by_pairs(other, best)
            return f"{pairs} {name} took {said}"
    return ""


def _how_sure(groups: Sequence[dict[str, Any]], best: dict[str, Any], others: Sequence[dict[str, Any]]) -> str:
    """The best against the first reference there is; a reference that is best itself, against the next."""
    known = {g["teacher"]: g for g in groups}
    for reference in REFERENCES:
        if reference in best.get("against", {}) and reference in known:
            pairs, said = _by_pairs(best, known[reference])
            return f" Over {pairs} that is {said}."
    if not others:
        return ""
    after = others[0]
    if best["teacher"] not in after.get("against", {}):
        return f" The next, {after['teacher']}: {_updates(after):.0f}; no comparison by pairs."
    pairs, said = _by_pairs(after, best)
    return f" The next, {after['teacher']}, over {pairs}: {said}."


def _by_pairs(ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[str, str]:
    """The number of pairs; ratio, difference, its interval and p of one's updates against another's, in words.

    Where lifetimes of one of them never mastered, their updates are at least the budget, and the words say so.
    """
    one = ours["against"][theirs["teacher"]]
    sign = -1 if one["difference"] < 0 else 1
    censored = (ours["solve_rate"] < 1) - (theirs["solve_rate"] < 1)  # 1: ours may be larger, -1: theirs
    bound = {0: "", 1: "at least ", -1: "at most "}
    both = " (both restricted to the budget)" if max(ours["solve_rate"], theirs["solve_rate"]) < 1 else ""
    ratio = "" if one["ratio"] is None else f"{bound[censored]}{one['ratio']:.2f} of {theirs['teacher']}'s{both}, "
    ends = sorted(sign * end for end in one["interval"] or ())
    span = f", 95 % interval [{ends[0]:,.0f}, {ends[1]:,.0f}]" if ends else ""
    by = f"{bound[sign * censored]}{abs(one['difference']):,.0f} {'fewer' if sign < 0 else 'more'}{span}"
    return f"{one['pairs']} pair{'s' if one['pairs'] > 1 else ''}", f"{ratio}{by}, p = {one['p_holm']:.2g} (Holm)"


def narrow(groups: Sequence[dict[str, Any]], of: str = "mean") -> str:
    """That intervals of few seeds are too narrow, and by how much; nothing where every row has enough.

    Args:
        groups: records of the rows.
        of: what the intervals are of, a key of ``COVERED``.
    """
    behind = [len(g["seeds"]) for g in groups]
    behind += [one["pairs"] for g in groups for one in g.get("against", {}).values()]
    if min(behind) >= FEWEST_SEEDS:
        return ""
    held = ", ".join(f"{100 * share:.0f} with {seeds} seeds" for seeds, share in COVERED[of].items())
    return (
        f"Intervals of fewer than {FEWEST_SEEDS} seeds or pairs are too narrow: in simulated studies those that should "
        f"hold the true {of} 95 times of 100 held it {held} (docs/statistics.md). Of one seed there is none."
    )


def unpaired(groups: Sequence[dict[str, Any]]) -> str:
    """Which teachers have lived other seeds than uniform sampling, and what is left to compare; nothing if none has."""
    lived = {g["teacher"]: set(g["seeds"]) for g in groups}
    uniform = lived.pop("uniform", set())
    alike: dict[tuple[int, int], list[str]] = {}
    for teacher, seeds in lived.items():
        if uniform and seeds != uniform:
            alike.setdefault((len(seeds & uniform), len(seeds)), []).append(teacher)
    said = [
        f"{', '.join(teachers)} on {both or 'none'} ({own} lived, and {len(uniform)} of uniform's)"
        for (both, own), teachers in alike.items()
    ]
    return f"Compared with uniform on the seeds that both have lived: {'; '.join(said)}." if said else ""


def implied(groups: Sequence[dict[str, Any]]) -> list[str]:
    """What the controls that took part say of the best teacher's gain over uniform sampling; nothing without both.

    A gain that may be chance among as many teachers as took part (Holm) is not explained.
    """
    known = {g["teacher"]: g for g in groups}
    taught = [g for g in groups if not is_control(g) and _kind(g["teacher"]) != "uniform"]
    if "uniform" not in known or not taught or not any(g["solve_rate"] for g in groups):
        return []
    best = min(taught, key=_updates)
    against = best.get("against", {}).get("uniform")
    if against is None:
        return []
    gain = -against["difference"]
    if gain <= 0:
        return [
            f"No teacher but controls was faster than uniform sampling (the best, {best['teacher']}: {-gain:+,.0f})."
        ]
    bound = "at least " if known["uniform"]["solve_rate"] < 1 else ""
    said = f"{best['teacher']} saved {bound}{gain:,.0f} updates of uniform sampling's."
    if against["p_holm"] > _LEVEL:
        return [f"{said} That may be chance (p = {against['p_holm']:.2g}, Holm): what controls say of it is not told."]
    return [said, *_told(known, gain), *_of_what_it_learned(groups, best, gain)]


def disguised(groups: Sequence[dict[str, Any]]) -> list[str]:
    """Which learned teachers are controls, though tables call them as the others: a sentence each."""
    who = {control: words[:1].lower() + words[1:] for control, (words, _) in LEARNED_NOTHING.items()}
    return [f"{g['teacher']} is a control: {who[g['control']]}." for g in groups if "control" in g]


def is_control(group: dict[str, Any]) -> bool:
    """Whether a record is of a teacher by whose side others are read."""
    return "control" in group or _kind(group["teacher"]) in CONTROLS


def _kind(teacher: str) -> str:
    """A teacher's name without the folder that ``paceline compare`` adds, and without wrappers."""
    return teacher.split("@")[0].split("+")[0]


def _told(known: dict[str, dict[str, Any]], gain: float) -> Iterator[str]:
    """A sentence per control; shares of the best teacher's gain are of means over pairs, without an interval.

    Whose mixtures a replay holds is not known here, so of it no more is said than what it reached.
    """

    def share(name: str) -> float:
        return float(-known[name]["against"]["uniform"]["difference"]) / gain

    for name, words in _SAID.items():
        if name in known and "uniform" in known[name].get("against", {}):
            yield words.format(has=_has(share(name)))
    if "target-only" in known and known["target-only"]["solve_rate"] == 0:
        yield (
            "Training on the hardest arms alone never mastered. Whether these need the others, or others count that it "
            "does not teach, is seen in the competence per level."
        )
    elif "target-only" in known and "uniform" in known["target-only"].get("against", {}):
        all_of_it = ": by these means the easier ones are not needed" if round(share("target-only"), 2) >= 1 else ""
        yield f"Training on the hardest arms alone {_has(share('target-only'))}{all_of_it}."
    for both, whose in _REPLAYS.items():
        if all("uniform" in known.get(name, {}).get("against", {}) for name in both):
            ordered, shuffled = map(share, both)
            lost = ordered - shuffled
            where = "in the mixture, not in its order" if lost <= _LITTLE * max(ordered, 0) else "partly in its order"
            yield f"Of what {whose} gain, shuffling takes {lost:.0%} of the best teacher's: it is {where}."


def _of_what_it_learned(groups: Sequence[dict[str, Any]], best: dict[str, Any], gain: float) -> Iterator[str]:
    """A sentence per learned teacher that learned nothing; a conclusion only where the best one is learned too."""
    for group in groups:
        if "control" in group and "uniform" in group.get("against", {}):
            who, what = LEARNED_NOTHING[group["control"]]
            share = -float(group["against"]["uniform"]["difference"]) / gain
            so = f": the gain is of the {what}" if share <= _LITTLE else f": so much is not of the {what}"
            yield f"{who} ({group['teacher']}) {_has(share)}{so if _kind(best['teacher']) == 'general' else ''}."


def _has(share: float) -> str:
    """What a control has of the best teacher's gain over uniform sampling, as a verb with its object."""
    if round(share, 2) <= 0:
        return "saves nothing" if share <= 0 else "saves next to nothing"
    return f"has {share:.0%} of it" if round(share, 2) < 1 else f"has all of it ({share:.0%})"


_SAID = {
    "stratified": "An even split over tasks and levels, which is balance alone, {has}.",
    "learnability": "The one-line rule p(1-p) {has}.",
    "static": "The mixture that never changes {has}.",
    "replayed": "The record of mixtures, in its order whatever the student does, {has}.",
    "replayed-shuffled": "The record of mixtures in shuffled order {has}.",
    "yoked": "What the general teacher chose for another seed's student, in its order, {has}.",
    "yoked-shuffled": "What the general teacher chose for another seed's student, in shuffled order, {has}.",
    "static-mean": "The mean of what the general teacher chose for another seed's student, held still, {has}.",
    "static-tilted": "The best of the static mixtures that were searched {has}.",
}
_REPLAYS = {
    ("replayed", "replayed-shuffled"): "the recorded mixtures",
    ("yoked", "yoked-shuffled"): "the general teacher's mixtures",
}


def _updates(group: dict[str, Any]) -> float:
    return float(group["cost_to_mastery"]["updates"]["mean"])


def forgetful(trace: pl.DataFrame, teachers: list[str]) -> list[str]:
    """Of each teacher that watches for it: which students it saw forget what they did not rehearse, and since when."""
    if "forgets" not in trace.columns:
        return []
    watched = trace.drop_nulls("forgets")
    since = watched.filter(pl.col("forgets") > 0).group_by("teacher", "seed").agg(pl.col("updates").min())
    lines = []
    for teacher in teachers:
        lives = watched.filter(pl.col("teacher") == teacher)["seed"].n_unique()
        first = since.filter(pl.col("teacher") == teacher)["updates"].sort()
        if len(first):
            lines.append(
                f"{teacher}: {len(first)} of {lives} students were seen to forget what they did not rehearse, the "
                f"first after {first[0]:,} updates; from then on they were taught some of everything."
            )
    return lines

"""The figures of one suite, preset and student on its page: a row per entry, tests, what stands behind the names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.meta.evidence import FEWEST_SEEDS, Row
from benchmarks.statistics import REFERENCES, holm, probability_of_improvement, seeds_needed
from benchmarks.statistics.power import MOST
from benchmarks.store import read_json
from benchmarks.studies.records.known import Known, sign_of
from benchmarks.studies.records.look import FOLDER
from benchmarks.studies.records.run import RESULTS, SOURCES, TEACHERS, Run, entries

SAME = "no pair differs"
_LEVEL = 0.05


def section(one: Known, results: Path = RESULTS) -> list[str]:
    """The figures of one suite, preset and student, which lie in ``results``."""
    to_uniform, to_rule = (one.rows(reference) for reference in REFERENCES)
    lines = [
        "",
        f"### `--preset {one.preset}`, {one.student}",
        "",
        *([f"`{command}` lives them.", ""] if (command := _own_command(one)) else []),
        f"Budget {one.budget:,} updates. Restricted means; 95 % bootstrap intervals from {FEWEST_SEEDS} seeds on, the "
        f"general teacher's over its six networks too ([statistics](../statistics.md)).{_samples(one)}{_seconds(one)}",
        "",
        "| teacher | seeds | mastered | updates | area under curve | tokens | forward-equivalents "
        "| P(faster than uniform) | of uniform's | of target-deficit's |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in sorted(to_uniform.values(), key=lambda row: row.mean):
        lives = one.lifetimes[row.name].values()
        area = sum(life["area_under_curve"] for life in lives) / len(lives)
        sign = ">= " if row.solved < row.num else ""
        tokens, forwards = (
            f"{sign}{sum(life[unit] for life in lives) / len(lives) / 1e6:,.1f} M"
            for unit in ("tokens", "forward_equivalents")
        )
        bounds = f" [{row.low:,.0f}, {row.high:,.0f}]" if row.num_seeds >= FEWEST_SEEDS else ""
        against = [
            "" if row.name == reference else ratio_to(found[row.name], found.get(reference))
            for reference, found in zip(REFERENCES, (to_uniform, to_rule), strict=True)
        ]
        lines.append(
            f"| {row.name} | {row.num_seeds} | {row.solved} | {cost_of(row)}{bounds} | {area:.3f} | "
            f"{tokens} | {forwards} | {_faster(one, row.name)} | {' | '.join(against)} |"
        )
    return [*lines, "", *comparisons(one), *flags(one, results), *_taught(one, results)]


def _taught(one: Known, results: Path) -> list[str]:
    """The figure of what teachers did, where that was kept (`look --out`)."""
    name = f"{one.suite}-{one.preset}-{one.student}"
    if not (file := results / FOLDER / f"{name}.json").exists():
        return []
    found = read_json(file)
    last = found["first_seed"] + found["seeds"] - 1
    caption = (
        f"Seeds {found['first_seed']} to {last}. Mean mixture of the lifetimes under way (as long as half of them are) "
        "and how far each arm had come."
    )
    return ["", f"![what teachers taught, and what that came to]({FOLDER}/{name}.svg)", "", caption]


def _faster(one: Known, name: str) -> str:
    """The probability of improvement on uniform sampling, not of pairs; nothing where it has not lived."""
    costs = [[cost[0] for cost in one.costs(entry).values()] for entry in (name, "uniform")]
    return f"{probability_of_improvement(*costs)['value']:.2f}" if name != "uniform" and costs[1] else ""


def _seconds(one: Known) -> str:
    """What a lifetime takes, though no two of them need have had a core to themselves."""
    seconds = [life["seconds"] for own in one.lifetimes.values() for life in own.values()]
    return f" A lifetime took {min(seconds):,.0f} to {max(seconds):,.0f} s on a core, many beside other work."


def _samples(one: Known) -> str:
    """The fingerprint of what students were taught and tested on."""
    known = {life.get("fingerprint") for found in one.lifetimes.values() for life in found.values()} - {None}
    return f" Samples `{'`, `'.join(sorted(known))}`." if known else ""


def flags(one: Known, results: Path = RESULTS) -> list[str]:
    """What stands behind the names that are no teacher at its defaults."""
    known = entries(one.suite, f"{one.suite}-{one.preset}-{one.student}", results)
    own = [(name, known[name]) for name in one.lifetimes if known.get(name, f"--teacher {name}") != f"--teacher {name}"]
    said = ", ".join(f"{name} `{line}`" for name, line in own)
    return [f"Teachers at their defaults (`--teacher NAME`), but: {said}."] if said else []


def _own_command(one: Known) -> str:
    """What runs it, where the page's own command does not: with another student than the preset's."""
    preset: Any = one.preset
    student = None if one.student == one.set_up.student else one.student
    if not student and one.preset == "small":
        return ""
    command = Run(preset=preset, student=student).command(one.suite)
    return command if set(one.lifetimes) == set(TEACHERS) else f"{command} --teachers {' '.join(one.lifetimes)}"


def comparisons(one: Known) -> list[str]:
    """The primary comparisons, and the rest against uniform sampling, Holm-corrected."""
    to_uniform, to_rule = (one.rows(reference) for reference in REFERENCES)
    own = {
        reference: found["general"]
        for reference, found in zip(REFERENCES, (to_uniform, to_rule), strict=True)
        if "general" in found and found["general"].num_pairs >= FEWEST_SEEDS
    }
    if not own:
        return ["Too few seeds for tests."]
    fixed = "Not fixed beforehand, as they are of the small set-up" if one.set_up.variant else "Fixed beforehand"
    said = f"{fixed} (sign-flip tests): general against "
    said += ", against ".join(
        f"{name} p = {row.p:.2g} ({row.num_pairs} pairs{_open(one, name, row.p)})" for name, row in own.items()
    )
    said += "."
    enough = {name: row for name, row in to_uniform.items() if row.num_pairs >= FEWEST_SEEDS}
    rivals = [row for name, row in enough.items() if name in TEACHERS and name not in ("uniform", "general")]
    own_sources = SOURCES.get(one.suite, {})
    controls = [row for name, row in enough.items() if name not in TEACHERS and name not in own_sources]
    sources = [row for name, row in enough.items() if name in own_sources]
    told = [f"Descriptive, against uniform: the others of the eight, {_corrected(rivals)}"]
    told += [f"controls, tuned settings and other gates, {_corrected(controls)}"] if controls else []
    told += [f"what the source proposes, {_corrected(sources)}"] if sources else []
    others = [row.name for row in sources if "uncertain" in own_sources[row.name]]
    apart = f" {', '.join(others)} are of another student than uniform sampling's row." if others else ""
    return [said, f"{'; '.join(told)}.{apart}"]


def _open(one: Known, reference: str, p: float) -> str:
    """How many pairs it would take, where these do not tell the general teacher and a reference apart."""
    needed = pairs_needed(one, "general", reference)
    return "" if p <= _LEVEL else f"; {needed}" if needed == SAME else f"; to tell them apart: {needed}"


def pairs_needed(one: Known, name: str, reference: str) -> str:
    """Of two entries, so that four studies in five would call them different: a guess from the pairs there are."""
    differences = [own - other for own, other in one.costs(name, reference).values()]
    if not any(differences):
        return SAME
    needed = seeds_needed(differences)
    return f"over {MOST:,}" if needed is None else f"{needed:,}"


def _corrected(rows: list[Row]) -> str:
    """Their p values, Holm-corrected over them: a family that no row of another one changes."""
    values = zip(rows, holm([row.p for row in rows]), strict=True)
    return f"Holm-corrected over {len(rows)}: {', '.join(f'{row.name} {p:.2g}' for row, p in values)}"


def ratio_to(row: Row, reference: Row | None, with_test: bool = False, own: Row | None = None) -> str:
    """A ratio with its bounds; ``own`` says who mastered, where the row itself does not."""
    ratio = _ratio(row, with_test)
    return _sign(own or row, reference) + ratio if ratio and reference is not None else ratio


def _sign(row: Row, reference: Row) -> str:
    return sign_of(row.solved < row.num, reference.solved < reference.num)


def cost_of(row: Row) -> str:
    """A restricted mean, of censored lifetimes a bound."""
    return f"{'>= ' if row.solved < row.num else ''}{row.mean:,.0f}"


def _ratio(row: Row, with_test: bool = False) -> str:
    if np.isnan(row.ratio):
        return ""
    enough = row.num_pairs >= FEWEST_SEEDS
    bounds = f" [{row.ratio_low:.2f}, {row.ratio_high:.2f}]" if enough else ""
    return f"{row.ratio:.2f}{bounds}{f' ({row.p:.2g})' if with_test and enough else ''}"

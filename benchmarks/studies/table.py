"""The table of teachers in docs/teachers/README.md, from the committed figures.

``python -m benchmarks.studies.table`` writes it between the page's two markers; ``--check`` only says whether it is up
to date.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.statistics import interval
from benchmarks.store import UserError, read_json, write_text
from benchmarks.studies.league import ENTRIES, Entry
from benchmarks.terminal import from_command_line, guarded, say

RESULTS = Path("benchmarks/results")
PAGE = Path("docs/teachers/README.md")
BEGIN, END = "<!-- table: python -m benchmarks.studies.table -->", "<!-- end of table -->"
_ARMS = 1_000  # the size at which a decision is quoted

PAPERS = {
    "uniform": "",
    "stratified": "",
    "target-only": "",
    "naive": "Zaremba, Sutskever 2014",
    "mixed": "Zaremba, Sutskever 2014",
    "combined": "Zaremba, Sutskever 2014; Matiisen et al. 2017",
    "look-back-forward": "Collier, Beel 2018",
    "mastery-gate": "Wald 1945; Ville 1939",
    "linear-pacing": "Platanios et al. 2019",
    "competence-pacing": "Platanios et al. 2019",
    "root-pacing": "Platanios et al. 2019",
    "length-warmup": "Li et al. 2022",
    "exp3": "Bubeck, Cesa-Bianchi 2012",
    "exp3-fixed": "Auer et al. 2002",
    "exp3s": "Graves et al. 2017",
    "exp3s-tuned": "Graves et al. 2017",
    "exp3s-paper": "Graves et al. 2017",
    "exp3-ix": "Neu 2015",
    "tsallis-inf": "Zimmert, Seldin 2021",
    "exp4": "Auer et al. 2002",
    "ucb1": "Auer et al. 2002",
    "d-ucb": "Garivier, Moulines 2011",
    "sw-ucb": "Garivier, Moulines 2011",
    "gaussian-thompson": "Agrawal, Goyal 2013; Raj, Kalyani 2017",
    "beta-thompson": "Agrawal, Goyal 2013; Raj, Kalyani 2017",
    "epsilon-greedy": "Auer et al. 2002",
    "boltzmann": "Sutton, Barto 2018",
    "tscl-online": "Matiisen et al. 2017",
    "tscl-online-signed": "Matiisen et al. 2017",
    "tscl-naive": "Matiisen et al. 2017",
    "tscl-window": "Matiisen et al. 2017",
    "tscl-sampling": "Matiisen et al. 2017",
    "fast-slow": "Kanitscheider et al. 2021",
    "alp-gmm": "Portelas et al. 2019",
    "learnability": "Rutherford et al. 2024",
    "target-deficit": "ours",
    "sec": "Chen et al. 2025",
    "dump": "Wang et al. 2025",
    "adarft": "Shi et al. 2025",
    "loss-proportional": "heuristic",
    "odm": "Albalak et al. 2023",
    "skill-it": "Chen et al. 2023",
    "odm-code": "Albalak et al. 2023",
    "prioritized-replay": "Jiang et al. 2021",
}


def feedback_of(entry: Entry) -> str:
    """What the teacher learns from, in words."""
    made = entry.make()
    kind = made.feedback
    if kind == "any":
        return "any (reads no gains)"
    full = " or full" if "feedback" in entry.settings() else ""
    return f"bandit, semi-bandit{full}; {entry.signal.replace('_', ' ')}"


def _mean(lifetimes: dict[str, Any]) -> float:
    return float(np.mean([life["updates"] for life in lifetimes.values()]))


def _within_one_budget(entries: dict[str, Any]) -> dict[str, Any]:
    """All lifetimes as they were at the smallest budget of any: later mastery counts as none."""
    budget = min((life["budget"] for lives in entries.values() for life in lives.values()), default=0)
    cut = {"updates": budget, "mastered": False}
    return {
        name: {seed: life if life["updates"] <= budget else life | cut for seed, life in lives.items()}
        for name, lives in entries.items()
    }


def cost(lifetimes: dict[str, Any]) -> str:
    """Mean updates to mastery, restricted to the budget, its 95 % bootstrap interval, and how many mastered."""
    if not lifetimes:
        return ""
    values = [float(life["updates"]) for life in lifetimes.values()]
    solved = sum(life["mastered"] for life in lifetimes.values())
    sign = "" if solved == len(values) else ">= "
    bounds = interval(values)
    span = f" [{bounds[0]:,.0f}, {bounds[1]:,.0f}]" if bounds else ""
    return f"{sign}{np.mean(values):,.0f}{span}; {solved}/{len(values)}"


def regret_of(name: str, cases: list[dict[str, Any]]) -> str:
    """The regret tests of an entry: measured, its bound, how it grows."""
    found = []
    for case in cases:
        if case["case"].split(",")[0] == name:
            bound = "" if case["bound"] is None else f" <= {case['bound']:,.0f}"
            verdict = "" if case["holds"] else " (FAILS)"
            kind = ", ".join([case["setting"], *case["case"].split(", ")[1:]])
            kind = case["setting"] if kind == f"{case['setting']}, {case['setting']}" else kind
            grows = "" if case["growth"] is None else f", t^{case['growth']:.2f}"
            found.append(f"{kind} {case['measured']:,.0f}{bound}{grows}{verdict}")
    return "; ".join(found)


def _lifetimes(suite: str) -> dict[str, Any]:
    file = RESULTS / "teachers" / f"{suite}-lstm.json"
    return _within_one_budget(read_json(file)["lifetimes"]) if file.exists() else {}


def table() -> str:
    """The table in Markdown, sorted by the cost on addition-small."""
    scripted = read_json(RESULTS / "teachers" / "scripted.json")["updates"]
    small, large = _lifetimes("addition-small"), _lifetimes("addition")
    cases = read_json(RESULTS / "regret.json")["cases"]
    scale = {
        r["teacher"]: r["microseconds"]
        for r in read_json(RESULTS / "scale.json")["records"]
        if r["arms"] == _ARMS and r["rows"] == 1
    }
    heads = (
        *("teacher", "paper", "feedback", "us per decision", "regret (measured <= bound, growth)"),
        *("scripted: updates", "addition-small: updates; mastered", "addition: updates; mastered"),
    )
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name in sorted(ENTRIES, key=lambda n: _mean(small[n]) if n in small else np.inf):
        cells = (
            f"`{name}`",
            PAPERS[name],
            feedback_of(ENTRIES[name]),
            f"{scale[name]:,.0f}" if name in scale else "",
            regret_of(name, cases),
            f"{np.mean(scripted[name]):,.0f}" if name in scripted else "",
            cost(small.get(name, {})),
            cost(large.get(name, {})),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


@dataclass(frozen=True)
class Options:
    """Writes or checks the table."""

    check: bool = False
    """Only say whether the page is up to date (exit code 2 if not)."""


def main() -> None:
    """Writes the table between the markers of the page."""
    options = from_command_line(Options, "python -m benchmarks.studies.table")
    page = PAGE.read_text(encoding="utf-8")
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise UserError(f"{PAGE} must hold the markers {BEGIN} and {END} once each")
    head, tail = page.split(BEGIN)[0], page.split(END)[1]
    made = f"{head}{BEGIN}\n{table()}\n{END}{tail}"
    if options.check:
        if made != page:
            raise UserError(f"{PAGE} is not up to date: python -m benchmarks.studies.table")
        say(f"{PAGE} is up to date")
        return
    write_text(PAGE, made)
    say(f"{PAGE} written")


if __name__ == "__main__":
    raise SystemExit(guarded(main))

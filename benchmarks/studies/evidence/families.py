"""Families that teachers are compared on, and the teachers."""

from __future__ import annotations

from pathlib import Path

from benchmarks.meta.evidence import Family
from benchmarks.studies.league import ENTRIES, Entry

RESULTS = Path("benchmarks/results/general")
TRAINED = tuple(f"general-{i}" for i in range(6))

# No family or student of these was seen in meta-training, in tuning, or in choosing what to ship, but for addition,
# which is a validation family since traces on it were looked at. Budgets were fixed beforehand, at least 1.5 times
# uniform's median on seeds 100 and 101. Four skills that have nothing to do with one another have no known order.
FAMILIES: dict[str, Family] = {
    "addition-4": Family("addition", {"digits": 4}, 15_000),
    "addition-4-wrong": Family("addition-reordered", {"digits": 4, "told": "wrong", "order_seed": 0}, 15_000),
    "mixed": Family("mixed", {}, 6_000),
    "mixed-known": Family("mixed", {}, 4_000, "lstm-experienced"),
    "repeat-copy-wrong": Family("repeat-copy-reordered", {}, 5_000),
    "stack": Family("stack", {"stacks": (1, 2, 4), "actions": (1, 2, 4, 8)}, 4_000),
}

_RULES = ("combined", "mastery-gate", "target-deficit", "learnability", "tscl-sampling", "exp3s-tuned")
OTHERS: dict[str, Entry] = {name: ENTRIES[name] for name in ("uniform", "target-only", *_RULES)}
RULE = "target-deficit"  # the best hand rule on the validation families (addition, copy, reverse), fixed beforehand
GENERAL: dict[str, Entry] = {
    name: Entry("general", options={"path": str(RESULTS / "teachers" / name)})
    for name in (*TRAINED, "shuffled-reward", "random-frozen")
}


def yoked(name: str, runs: Path) -> dict[str, Entry]:
    """Controls that replay what the general teacher chose in another lifetime, open-loop: in its order, or shuffled."""
    path = str(runs / name / "schedules" / "{seed}.json")
    return {
        "yoked": Entry("replayed", options={"path": path}),
        "yoked-shuffled": Entry("replayed", options={"path": path, "shuffled": True}),
    }

"""Families that teachers are compared on, and the teachers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.flags import settings_of
from benchmarks.meta.evidence import Family
from benchmarks.settings import STUDENTS
from benchmarks.store import UserError
from benchmarks.studies.league import ENTRIES, Entry

RESULTS = Path("benchmarks/results/general")
SCHEDULES = RESULTS / "schedules"
TRAINED = tuple(f"general-{i}" for i in range(6))
CORES_OF_TRAINING = 2
"""That a teacher's training had, all of which are charged; a lifetime has one."""

# Validation families: traces on them were looked at before the simulation changed. On the others no teacher was
# trained, tuned, looked at or chosen (what ships was chosen on simulated students). Budgets were fixed beforehand, at
# least 1.5 times uniform's median on seeds 100 and 101.
FAMILIES: dict[str, Family] = {
    "skills": Family("skills", {}, 6_000),  # four skills that have nothing to do with one another: no known order
    "skills-known": Family("skills", {}, 4_000, "lstm-experienced"),  # it has trained on every second arm
    # The order is told wrong. Uniform took a Transformer-64 4,600 updates on seed 100; on seeds 100 and 101 a TCN 800
    # and 1,000, an LSTM-32 12,000 and 12,300, an LSTM-256 3,000 and 2,400, a GRU-128 7,200 and 5,100.
    # How students that forget are taught was chosen on the TCN.
    "repeat-copy-wrong": Family(
        "repeat-copy-reordered",
        {},
        5_000,
        budgets={"transformer": 7_000, "tcn": 2_000, "lstm-32": 20_000, "gru": 12_000},
        validation_students=("tcn",),
    ),
    "stack": Family("stack", {"stacks": (1, 2, 4), "actions": (1, 2, 4, 8)}, 4_000),  # the order is told right
    # Three clauses in random order, of which one to three must be followed: a known chain. Uniform on seeds 100 and
    # 101: 2,500 and 3,000.
    "lego": Family("lego", {"chains": (1, 2, 3), "clauses": 3, "every_value": True}, 6_000),
    "addition-4": Family("addition", {"digits": 4}, 15_000, validation=True),
    "addition-4-wrong": Family(
        "addition-reordered", {"digits": 4, "told": "wrong", "order_seed": 0}, 15_000, validation=True
    ),
    "reverse": Family("reverse", {"lengths": (1, 2, 3, 4, 5, 6)}, 5_000, validation=True),
    "copy": Family("copy", {"lengths": (1, 2, 3, 4, 5, 6, 7, 8)}, 6_000, validation=True),
}

SIZES: dict[str, tuple[str, dict[str, object]]] = {
    "lstm-32": ("lstm", {"width": 32}),
    "lstm-256": ("lstm", {"width": 256}),
}
"""Students of other sizes than a student's own one: its name, and what is set."""

_RULES = ("combined", "mastery-gate", "target-deficit", "learnability", "tscl-sampling", "exp3s-tuned")
OTHERS: dict[str, Entry] = {name: ENTRIES[name] for name in ("uniform", "target-only", *_RULES)}
RULE = "target-deficit"  # the hand rule that it is compared with, fixed beforehand
# The rule, watching for forgetting as the general teacher does: the same as the rule for students that do not forget.
WATCHING: dict[str, Entry] = {f"{RULE}+rehearsal": Entry(f"{RULE}+rehearsal")}
BANDIT = "exp3s-tuned"  # .. and, as a description, the best of the other teachers on addition
# Controls and the fine-tuned teacher were run before students were watched for forgetting, and are run so since.
GENERAL: dict[str, Entry] = {
    name: Entry("general", options={"path": str(RESULTS / "teachers" / name), **watching})
    for names, watching in ((TRAINED, {}), (("shuffled-reward", "random-frozen", "fine-tuned"), {"rehearsal": 0.0}))
    for name in names
}


def student_settings(name: str) -> tuple[str, dict[str, Any]]:
    """A student's name on the command line, and all its settings.

    Raises:
        UserError: there is none of this name.
    """
    own, changed = SIZES.get(name, (name, {}))
    if own not in STUDENTS:
        raise UserError(f"unknown student {name!r}; there are: {', '.join((*STUDENTS, *SIZES))}")
    return own, {**settings_of(STUDENTS[own]), **changed}


def yoked(name: str) -> dict[str, Entry]:
    """Controls that replay what the general teacher chose in another lifetime, open-loop, again and again.

    In its order, or shuffled.
    """
    path = str(SCHEDULES / name / "{seed}.json")
    return {
        "yoked": Entry("replayed", options={"path": path, "again": True}),
        "yoked-shuffled": Entry("replayed", options={"path": path, "shuffled": True}),
    }

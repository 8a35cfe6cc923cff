"""Suites that choices may be made on: no family of the evidence; suites of record share tasks with them.

By name: ``benchmarks.studies.validation:several``. Round 16 of docs/research/general-teacher.md chose on them, as
``paceline bench benchmarks.studies.validation:several --students lstm --teachers target-deficit,learnability,general
--batch-size 128 --evaluate-every 100 --budget 4000`` does.
"""

from __future__ import annotations

from envs import Suite
from envs.tasks import AssociativeRecall, Copy, Dyck, ModularArithmetic, Reordered, Reverse, shared_vocabulary


def several() -> Suite:
    """Reversal, modular arithmetic, recall and copying in one vocabulary: no order between them."""
    tasks = shared_vocabulary(
        [
            Reverse(lengths=(1, 2, 4)),
            ModularArithmetic(lengths=(2, 3), depths=(0,)),
            AssociativeRecall(items=(2, 3), item_length=1),
            Copy(lengths=(1, 2, 4)),
        ],
        announce=True,
    )
    return Suite(tasks, name="several")


def brackets() -> Suite:
    """Reversal, recall and brackets in one vocabulary."""
    tasks = shared_vocabulary(
        [
            Reverse(lengths=(1, 2, 4)),
            AssociativeRecall(items=(2, 3, 4), item_length=1),
            Dyck(depths=(2, 3), lengths=(4, 8)),
        ],
        announce=True,
    )
    return Suite(tasks, name="brackets")


def reverse_wrong() -> Suite:
    """Reversal of one to six symbols, the order told wrong."""
    return Suite([Reordered(Reverse(lengths=(1, 2, 3, 4, 5, 6)), "wrong", 0)], name="reverse-wrong")


def copy_untold() -> Suite:
    """Copying one to six symbols, no order told."""
    return Suite([Reordered(Copy(lengths=(1, 2, 3, 4, 5, 6)), "nothing", 0)], name="copy-untold")


def modular_wrong() -> Suite:
    """Sums and products of two to four operands modulo five, the order told wrong."""
    return Suite([Reordered(ModularArithmetic(lengths=(2, 3, 4), depths=(0,)), "wrong", 0)], name="modular-wrong")

"""Where a student fails, stage by stage: a sequence that it gets wrong, what was expected, what it said."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from benchmarks.sequences import columns
from envs import Split, Student, Suite, stack
from envs.batch import IGNORE, Batch
from envs.suite import symbols_of

_SEQUENCES = 16  # of an arm that are looked at, apart from those that the ladder judges by
_INDEX = 1
FAILURE = {
    "updates": pl.Int64,
    "arm": pl.Int64,
    "arm_name": pl.String,
    "taught": pl.Boolean,
    "wrong": pl.Int64,
    "looked_at": pl.Int64,
    "input": pl.String,
    "expected": pl.String,
    "got": pl.String,
}
"""Columns of a table of failures."""


class Failures:
    """Collects, at every evaluation, one wrong sequence of each arm that has any among sixteen held-out ones.

    A student without ``answers(batch)`` is not looked at.

    Args:
        suite: the arms.
    """

    def __init__(self, suite: Suite):
        self._suite = suite
        self._batches: dict[int, Batch] = {}
        self.rows: list[dict[str, Any]] = []

    def look(self, student: Student, updates: int) -> None:
        """Adds a row for each arm that fails: updates, arm, how many of sixteen, and the three lines."""
        answers = getattr(student, "answers", None)
        if answers is None:
            return
        for arm in range(self._suite.num_arms + self._suite.num_beyond):
            if arm not in self._batches:
                self._batches[arm] = stack([self._suite.batch(arm, _INDEX, 0, Split.TEST, _SEQUENCES)])
            batch = self._batches[arm]
            asked = batch.targets[0] != IGNORE
            got = answers(batch)[0]
            wrong = np.nonzero(((got != batch.targets[0]) & asked).any(axis=1))[0]
            if len(wrong):
                lines = self._lines(arm, batch, got, int(wrong[0]))
                self.rows.append(
                    {
                        "updates": updates,
                        "arm": arm,
                        "arm_name": self._suite.arm_name(arm),
                        "taught": arm < self._suite.num_arms,
                        "wrong": len(wrong),
                        "looked_at": len(asked),
                        **dict(zip(("input", "expected", "got"), lines, strict=True)),
                    }
                )

    def _lines(self, arm: int, batch: Batch, got: Any, row: int) -> list[str]:
        symbols = symbols_of(self._suite.task_of(arm)[0])
        targets = batch.targets[0, row]
        asked = targets != IGNORE
        end = int(np.flatnonzero(asked).max()) + 1

        def name(token: int) -> str:
            # A student may say what is no symbol of this task: another task's of its suite, or one of its own.
            return _printable(symbols[token]) if token < len(symbols) else f"<{token}>"

        def written(tokens: Any, mask: Any) -> list[str]:
            pairs = zip(tokens[:end].tolist(), mask[:end], strict=True)
            return [name(token) if shown else "." for token, shown in pairs]

        inputs = written(batch.tokens[0, row], np.ones_like(asked))
        return columns([("", inputs), ("", written(targets, asked)), ("", written(got[row], asked))])

    def state_dict(self) -> dict[str, Any]:
        """Rows so far."""
        return {"rows": list(self.rows)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where ``state_dict`` was taken."""
        self.rows = list(state["rows"])


def _printable(text: str) -> str:
    """One line, whatever a task's symbols are."""
    return text if text.isprintable() else repr(text)[1:-1]


def stages(rows: list[dict[str, Any]], evaluations: list[int], most: int = 3) -> list[dict[str, Any]]:
    """The worst arms at an early, a middle and the last evaluation that a lifetime had.

    Args:
        rows: of ``Failures``.
        evaluations: updates at which it was evaluated, increasing.
        most: arms of each stage.
    """
    places = dict.fromkeys(evaluations[min(len(evaluations) - 1, len(evaluations) * k // 4)] for k in (1, 2, 4))
    shown = []
    for updates in places:
        then = sorted((row for row in rows if row["updates"] == updates), key=lambda row: (-row["wrong"], row["arm"]))
        shown += then[:most]
    return shown

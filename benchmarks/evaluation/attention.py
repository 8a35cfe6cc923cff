"""How steady a student's attention is, from one evaluation to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from envs import Batch, Split, Student, Suite, stack
from envs.batch import Floats
from envs.progress.inside import divergence

NAME = "attention_stability"
"""The column of the results that holds it."""
_SEQUENCES = 4  # of an arm, apart from those that the ladder judges by and those whose failures are shown
_INDEX = 2
LONGEST = 256
"""Tokens of a sequence up to which an arm is looked at."""
MOST = 4_194_304
"""Attention weights of an arm's sequences up to which they are kept between two evaluations: 16 MiB."""


class AttentionStability:
    """Compares, at every evaluation, a student's attention on four held-out sequences of each arm with the last one's.

    Stability is 1 minus the Jensen-Shannon divergence in units of log 2, mean over layers, heads and positions: 1, the
    student attends as it did; 0, to other tokens altogether. A student without ``attention(batch)``, or whose model
    does not attend by ``scaled_dot_product_attention``, is not looked at, nor is an arm of sequences over 256 tokens or
    with more than 4 million weights in its four.

    Args:
        suite: the arms.

    Reference: S. Jain and B. Wallace, Attention is not Explanation (2019), arXiv:1902.10186, section 3.
    """

    def __init__(self, suite: Suite):
        self._suite = suite
        self._batches: dict[int, Batch] = {}
        self._last: dict[int, Floats] = {}
        self._skipped: set[int] = set()
        self._attends = True

    def look(self, student: Student) -> list[float | None] | None:
        """The stability of each arm, those beyond the taught range behind them, None where there is nothing to compare.

        None instead of the list: the student does not attend.
        """
        attention = getattr(student, "attention", None)
        if attention is None or not self._attends:
            return None
        found: list[float | None] = []
        for arm in range(self._suite.num_arms + self._suite.num_beyond):
            try:
                found.append(self._compared(arm, attention))
            except ValueError:  # its model attends otherwise, or not at all
                self._attends = False
                return None
        return found

    def _compared(self, arm: int, attention: Callable[[Batch], Floats]) -> float | None:
        if arm not in self._batches:
            self._batches[arm] = stack([self._suite.batch(arm, _INDEX, 0, Split.TEST, _SEQUENCES)])
        if arm in self._skipped or self._batches[arm].tokens.shape[-1] > LONGEST:
            return None
        now = np.asarray(attention(self._batches[arm]))[0].astype(np.float32)  # (layers, B, heads, T, T)
        if now.size > MOST:
            self._skipped.add(arm)
            return None
        last, self._last[arm] = self._last.get(arm), now
        return None if last is None else float(1 - divergence(last, now).mean())

    def state_dict(self) -> dict[str, Any]:
        """The attention at the last evaluation, by arm."""
        return {str(arm): weights.copy() for arm, weights in self._last.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where ``state_dict`` was taken."""
        self._last = {int(arm): np.array(weights) for arm, weights in state.items()}


def results_table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The ladder's rows, with the stability of a student that attends as a column of numbers."""
    steady = {NAME: pl.Float64} if NAME in rows[0] else {}  # none at the first evaluation, maybe the only one
    return pl.DataFrame(rows, schema_overrides=steady)

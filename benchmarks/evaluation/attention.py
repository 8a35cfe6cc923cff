"""How steady a student's attention is, from one evaluation to the next."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from benchmarks.store import describe
from envs import Batch, Split, Student, Suite, stack
from envs.batch import Floats
from envs.progress.inside import divergence

_log = logging.getLogger("paceline")
NAME = "attention_stability"
"""The column of the results that holds it."""
_SEQUENCES = 4  # of an arm, apart from those that the ladder judges by and those whose failures are shown
_INDEX = 2
LONGEST = 256
"""Tokens of a sequence up to which an arm is looked at."""
MOST = 8_388_608
"""Attention weights of all arms together up to which they are kept between two evaluations: 32 MiB."""


class AttentionStability:
    """Compares, at every evaluation, a student's attention on four held-out sequences of each arm with the last one's.

    Stability is 1 minus the Jensen-Shannon divergence in units of log 2, mean over layers, heads and positions: 1, the
    student attends as it did; 0, to other tokens altogether. A student without ``attention(batch)``, or whose model
    does not attend by ``scaled_dot_product_attention``, is not looked at, nor is an arm of sequences over 256 tokens,
    nor those with which the weights that are kept would be more than 8 million. Whatever goes wrong is said once.

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
        if not callable(attention) or not self._attends:
            return None
        try:
            return [self._compared(arm, attention) for arm in range(self._suite.num_arms + self._suite.num_beyond)]
        except _NotSeen as error:
            self._attends = False
            if not isinstance(error.why, ValueError):  # by which a model says that it attends otherwise, or not at all
                _log.warning("attention is not looked at: %s", describe(error.why))
            return None

    def _compared(self, arm: int, attention: Callable[[Batch], Floats]) -> float | None:
        if arm in self._skipped:
            return None
        if arm not in self._batches:
            one, self._batches[arm] = (
                stack([self._suite.batch(arm, _INDEX, 0, Split.TEST, size)]) for size in (1, _SEQUENCES)
            )
            kept = sum(weights.size for other, weights in self._last.items() if other < arm)  # also after a resume
            if one.tokens.shape[-1] > LONGEST or kept + _SEQUENCES * _seen(attention, one).size > MOST:
                self._skipped.add(arm)
                return None
        last, now = self._last.get(arm), _seen(attention, self._batches[arm])
        if not np.isfinite(now).all():
            return None
        self._last[arm] = now
        return None if last is None else float(1 - divergence(last, now).mean())

    def state_dict(self) -> dict[str, Any]:
        """The attention at the last evaluation, by arm."""
        return {str(arm): weights.copy() for arm, weights in self._last.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where ``state_dict`` was taken."""
        self._last = {int(arm): np.array(weights) for arm, weights in state.items()}


class _NotSeen(Exception):
    """Whatever a student raised when its attention was asked for."""

    def __init__(self, why: Exception):
        self.why = why


def _seen(attention: Callable[[Batch], Floats], batch: Batch) -> Floats:
    """Attention weights of the first learner, ``(layers, B, heads, T, T)``."""
    try:
        seen: Floats = np.asarray(attention(batch))[0].astype(np.float32)
    except Exception as error:  # a measure beside the lifetime never ends it
        raise _NotSeen(error) from error
    return seen


def results_table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The ladder's rows, with the stability of a student that attends as a column of numbers."""
    steady = {NAME: pl.Float64} if NAME in rows[0] else {}  # none at the first evaluation, maybe the only one
    return pl.DataFrame(rows, schema_overrides=steady)

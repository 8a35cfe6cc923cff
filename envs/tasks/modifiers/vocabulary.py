"""One vocabulary for several tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from envs.batch import IGNORE, Batch, Floats, Ints
from envs.suite import Axis, Difficulty, Split, Task, symbols_of, threshold_of


@dataclass(frozen=True)
class Relabelled:
    """The inner task in a vocabulary that holds its symbols, perhaps with a token in front that names the task.

    Worked example, ``1+1=20`` (answer reversed) of an addition that shares with copying a and b, both announced: the
    vocabulary is ``a b | 0 1 2 3 4 5 6 7 8 9 + = <copy> <addition>``, numbered from 0::

        inner       tokens       1  10   1  11   2
                    targets      .   .   .   2   0        ('.' is IGNORE)
        relabelled  tokens  16   4  13   4  14   5
                    targets  .   .   .   .   5   3

    Each token becomes the token with the same symbol; padding too, so the step can be undone. The announcement is not
    scored, and no event of the series: its time label is -1. Loss-based competence keeps its anchors, though chance is
    a little worse in a larger vocabulary.

    Attributes:
        inner: the task.
        symbols: ``(V,)``, the vocabulary.
        announcement: the symbol put in front of every sequence; None: none.

    Raises:
        ValueError: symbols that repeat, or that lack one of the inner task's or the announcement.
    """

    inner: Task
    symbols: tuple[str, ...]
    announcement: str | None = None

    clean_held_out: ClassVar[bool] = False
    keeps_rows: ClassVar[bool] = True
    identity_at_easiest: ClassVar[bool] = False

    def __post_init__(self) -> None:
        own = symbols_of(self.inner)
        wanted = own if self.announcement is None else (*own, self.announcement)
        if len(set(self.symbols)) != len(self.symbols) or len(set(wanted)) != len(wanted):
            raise ValueError(f"symbols must be distinct, to be told apart; task {self.inner.name!r} in {self.symbols}")
        if missing := [symbol for symbol in wanted if symbol not in set(self.symbols)]:
            raise ValueError(f"the vocabulary lacks {missing[0]!r} of task {self.inner.name!r}; it has {self.symbols}")

    @property
    def name(self) -> str:
        """The inner task's."""
        return self.inner.name

    @property
    def vocab_size(self) -> int:
        """V of the shared vocabulary."""
        return len(self.symbols)

    @property
    def mastery(self) -> float:
        """The inner task's."""
        return self.inner.mastery

    def threshold(self, difficulty: Difficulty) -> float:
        """The inner task's."""
        return threshold_of(self.inner, difficulty)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The inner task's."""
        return self.inner.axes

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """The inner task's."""
        return self.inner.beyond

    @property
    def version(self) -> str:
        """The vocabulary, and the inner task's version."""
        digest = hashlib.sha256("\n".join(self.symbols).encode()).hexdigest()[:16]
        return f"Relabelled-1 symbols={digest} announcement={self.announcement} of {self.inner.version}"

    @property
    def wrong_labels(self) -> Any:
        """The inner task's, if it has wrong labels."""
        return getattr(self.inner, "wrong_labels", None)

    @property
    def expected_targets(self) -> Callable[[Ints], Ints] | None:
        """The inner task's, put in the vocabulary; None if it has none."""
        return None if getattr(self.inner, "expected_targets", None) is None else self._expected_targets

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sequences of the inner task, ``(B, T)``, or ``(B, T + 1)`` where they are announced."""
        batch = self.inner.sample(rng, difficulty, batch_size, split)
        tokens, targets, times = self._codes[batch.tokens], self._coded(batch.targets), batch.times
        if self.announcement is not None:
            own_times = np.broadcast_to(np.arange(tokens.shape[1]), tokens.shape) if times is None else times
            tokens = _after(self.symbols.index(self.announcement), tokens)
            targets, times = _after(IGNORE, targets), _after(-1, own_times)
        return replace(batch, tokens=tokens, targets=targets, times=times)

    def competence(self, loss: Floats, token_accuracy: Floats, sequence_accuracy: Floats) -> Floats:
        """The inner task's."""
        return self.inner.competence(loss, token_accuracy, sequence_accuracy)

    @cached_property
    def _codes(self) -> Ints:
        """The token here of each token of the inner task."""
        place = {symbol: token for token, symbol in enumerate(self.symbols)}
        return np.array([place[symbol] for symbol in symbols_of(self.inner)], dtype=np.int64)

    def _coded(self, targets: Ints) -> Ints:
        return np.where(targets == IGNORE, IGNORE, self._codes[np.maximum(targets, 0)])

    def _expected_targets(self, tokens: Ints) -> Ints:
        back = np.zeros(self.vocab_size, dtype=np.int64)
        back[self._codes] = np.arange(len(self._codes))
        announced = self.announcement is not None
        targets = self._coded(np.asarray(self.inner.expected_targets(back[tokens[:, int(announced) :]])))  # type: ignore[attr-defined]
        return _after(IGNORE, targets) if announced else targets


def shared_vocabulary(tasks: Sequence[Task], announce: bool = False) -> list[Task]:
    """The tasks in one vocabulary: all their symbols, in order of first appearance (digits are the same in all).

    Args:
        tasks: the tasks, synthetic and real alike.
        announce: put a token in front of every sequence that names its task, ``<name>``. These come last.

    Returns:
        The tasks in the same order, each ``Relabelled``. What is declared about single tokens or columns (an ordered
        range, records) is left behind: augment a task first, then share.

    Raises:
        ValueError: no task, two tasks of one name, or an announcement that is a symbol already.
    """
    names = [task.name for task in tasks]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"a shared vocabulary needs at least one task and distinct names; got {names}")
    symbols = list(dict.fromkeys(symbol for task in tasks for symbol in symbols_of(task)))
    announcements = [f"<{name}>" for name in names] if announce else []
    if taken := set(announcements) & set(symbols):
        raise ValueError(f"{min(taken)!r} is a symbol already: give the task another name, or do not announce")
    vocabulary = (*symbols, *announcements)
    return [Relabelled(t, vocabulary, f"<{t.name}>" if announce else None) for t in tasks]


def _after(first: int, rows: Ints) -> Ints:
    """Rows ``(B, T)`` with one more column in front."""
    longer = np.empty((rows.shape[0], rows.shape[1] + 1), dtype=np.int64)  # np.pad takes longer than all the rest
    longer[:, 0], longer[:, 1:] = first, rows
    return longer

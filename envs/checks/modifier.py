"""The laws of a modifier, a task that wraps another. Each law is a function; its docstring is the law."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from envs.batch import Batch, Ints
from envs.checks.task import check_task, inputs_targets_and_times_are_aligned
from envs.suite import Difficulty, Split, Task, symbols_of

_BATCH = 64


class Modifier(Task, Protocol):
    """A task around another.

    It may claim (the defaults are for one that claims nothing):

    - ``clean_held_out`` (True): PROBE and TEST are the inner task's own samples.
    - ``keeps_rows`` (True): row b of a TRAIN batch comes from row b of the inner batch of the same generator.
    - ``moved_events(difficulty)`` (0): the share of events, at most, whose value at their time label changes.
    - ``identity_at_easiest`` (False): at the easiest value of the added axis TRAIN is the inner task's too.
    """

    @property
    def inner(self) -> Task:
        """The task that is modified."""


def keeps_the_laws_of_a_task(modifier: Modifier) -> None:
    """A modifier is a task, and keeps every law of ``envs.checks.check_task``."""
    check_task(modifier)


def held_out_samples_are_clean(modifier: Modifier) -> None:
    """PROBE and TEST are the inner task's samples for the same generator, whatever the value of the added axis.

    A modifier that has to change them says ``clean_held_out = False``; then they are at least the same at every value.
    """
    clean = getattr(modifier, "clean_held_out", True)
    for difficulty, split in itertools.product(_taught(modifier), (Split.PROBE, Split.TEST)):
        got = _drawn(modifier, difficulty, split)
        expected = (
            _drawn(modifier.inner, _own(modifier, difficulty), split)
            if clean
            else _drawn(modifier, {**difficulty, **_easiest(modifier)}, split)
        )
        source = "the inner task's" if clean else "those at the added axis' easiest value"
        assert _same(got, expected), (
            f"{split.name} samples at {dict(difficulty)} are not {source}: modify TRAIN alone, or claim less by "
            "clean_held_out = False"
        )


def alignment_is_kept(modifier: Modifier) -> None:
    """What was aligned stays so: tokens, targets and time labels move together.

    A scored target is the next input (or what ``expected_targets`` says, up to ``wrong_labels``) and time labels rise;
    and each row of a TRAIN batch has at each time label the symbol that the inner row has there, but for a share
    ``moved_events``. The second is asked of modifiers that keep rows; time label -1 is no event of the inner row.
    """
    inputs_targets_and_times_are_aligned(modifier)
    if not getattr(modifier, "keeps_rows", True):
        return
    moved_events = getattr(modifier, "moved_events", None)
    for difficulty in _taught(modifier):
        got = _drawn(modifier, difficulty, Split.TRAIN)
        clean = _drawn(modifier.inner, _own(modifier, difficulty), Split.TRAIN)
        times = _times(got)
        here, there = _written(modifier, got.tokens), _written(modifier.inner, clean.tokens)
        same = (times[:, :, None] == _times(clean)[:, None, :]) & (here[:, :, None] == there[:, None, :])  # (B, T', T)
        moved = ~same.any(axis=2) & (times >= 0)
        share = 0.0 if moved_events is None else moved_events(difficulty)
        most = share + 5 * np.sqrt(share * (1 - share) / _BATCH)  # events of a row may move together
        if moved.sum() > most * (times >= 0).sum():
            row, column = np.argwhere(moved)[0]
            raise AssertionError(
                f"{moved.sum()} of {(times >= 0).sum()} events at {dict(difficulty)} are not those of the inner task "
                f"at their time, where at most a share of {share} may change: at row {row}, time {times[row, column]} "
                f"got {here[row, column]!r} (a modifier that draws other rows says keeps_rows = False)"
            )


def easiest_value_changes_nothing(modifier: Modifier) -> None:
    """If ``identity_at_easiest`` is claimed, TRAIN at the easiest added value is the inner task's, same generator."""
    if not getattr(modifier, "identity_at_easiest", False):
        return
    for difficulty in _taught(modifier):
        easiest = {**difficulty, **_easiest(modifier)}
        got, expected = (
            _drawn(modifier, easiest, Split.TRAIN),
            _drawn(modifier.inner, _own(modifier, easiest), Split.TRAIN),
        )
        assert _same(got, expected), f"TRAIN samples at {easiest} are not the inner task's, as identity_at_easiest says"


MODIFIER_LAWS: tuple[Callable[[Modifier], None], ...] = (
    keeps_the_laws_of_a_task,
    held_out_samples_are_clean,
    alignment_is_kept,
    easiest_value_changes_nothing,
)


def check_modifier(modifier: Modifier) -> None:
    """Checks every law of a modifier.

    Raises:
        AssertionError: names the first broken law, what was expected and what came.
    """
    for law in MODIFIER_LAWS:
        try:
            law(modifier)
        except AssertionError as error:
            raise AssertionError(f"{law.__name__}: {error}") from error


def _easiest(modifier: Modifier) -> Difficulty:
    """The axes that the modifier adds, at their easiest values."""
    inner = {axis.name for axis in modifier.inner.axes}
    return {axis.name: axis.values[0] for axis in modifier.axes if axis.name not in inner}


def _own(modifier: Modifier, difficulty: Difficulty) -> Difficulty:
    return {axis.name: difficulty[axis.name] for axis in modifier.inner.axes}


def _taught(modifier: Modifier) -> Iterator[Difficulty]:
    """Every value that the modifier adds, at the inner task's easiest and hardest."""
    added = _easiest(modifier)
    values = [axis.values if axis.name in added else (axis.values[0], axis.values[-1]) for axis in modifier.axes]
    for corner in itertools.product(*values):
        yield dict(zip((axis.name for axis in modifier.axes), corner, strict=True))


def _drawn(task: Task, difficulty: Difficulty, split: Split) -> Batch:
    return task.sample(np.random.default_rng(0), difficulty, _BATCH, split)


def _times(batch: Batch) -> Ints:
    return np.broadcast_to(np.arange(batch.tokens.shape[1]), batch.tokens.shape) if batch.times is None else batch.times


def _written(task: Task, tokens: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.str_]]:
    return np.array(symbols_of(task))[tokens]


def _same(a: Batch, b: Batch) -> bool:
    return all(np.array_equal(x, y) for x, y in ((a.tokens, b.tokens), (a.targets, b.targets), (_times(a), _times(b))))

"""The laws of a task. Each law is a function that raises ``AssertionError``; its docstring is the law."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from envs.batch import IGNORE, Batch
from envs.suite import Difficulty, Split, Task, symbols_of, threshold_of

_BATCH = 64


def _difficulties(task: Task) -> Iterator[Difficulty]:
    """The corners of the taught range, every value of the first axis, and all beyond."""
    first = {axis.name: axis.values[0] for axis in task.axes}
    for axis in task.axes:
        for value in axis.values:
            yield {**first, axis.name: value}
    yield {axis.name: axis.values[-1] for axis in task.axes}
    yield from task.beyond


def _splits(task: Task, difficulty: Difficulty) -> tuple[Split, ...]:
    return (Split.TEST,) if any(dict(difficulty) == dict(b) for b in task.beyond) else tuple(Split)


def _samples(task: Task, batch_size: int = _BATCH, seed: int = 0) -> Iterator[tuple[Difficulty, Split, Batch]]:
    for difficulty in _difficulties(task):
        for split in _splits(task, difficulty):
            yield difficulty, split, task.sample(np.random.default_rng(seed), difficulty, batch_size, split)


@contextmanager
def watched_stream() -> Iterator[Callable[[], bool]]:
    """Tells whether numpy's global generator is as it was; puts it in an odd state first, and back at the end."""

    def words() -> bytes:
        state = np.random.get_state(legacy=False)  # noqa: NPY002
        assert isinstance(state, dict)
        return bytes(state["state"]["key"].tobytes()) + repr((state["state"]["pos"], state["gauss"])).encode()

    kept = np.random.get_state(legacy=False)  # noqa: NPY002
    np.random.seed(20_191_027)  # noqa: NPY002  (a generator seeded with 0 before would hide one seeded with 0 again)
    before = words()
    try:
        yield lambda: words() == before
    finally:
        np.random.set_state(kept)  # noqa: NPY002


def _thresholds(task: Task) -> Iterator[tuple[Difficulty, float]]:
    """Every taught difficulty, and the competence from which it counts as mastered."""
    for values in itertools.product(*(axis.values for axis in task.axes)):
        difficulty = dict(zip((axis.name for axis in task.axes), values, strict=True))
        yield difficulty, threshold_of(task, difficulty)


def described(task: Task) -> None:
    """Name, vocabulary, axes, mastery and version are there and make sense."""
    assert isinstance(task.name, str) and task.name, f"name must be a non-empty string; got {task.name!r}"
    assert isinstance(task.version, str) and task.version, f"version must be a non-empty string; got {task.version!r}"
    assert task.vocab_size >= 2, f"vocab_size must be at least 2; got {task.vocab_size}"
    assert 0 < task.mastery <= 1, f"mastery must be in (0, 1]; got {task.mastery}"
    assert task.axes, "a task needs at least one difficulty axis; got none"
    for axis in task.axes:
        assert axis.values, f"axis {axis.name!r} has no values"
        assert len(set(axis.values)) == len(axis.values), f"axis {axis.name!r} repeats a value: {axis.values}"
    for difficulty, threshold in _thresholds(task):
        assert 0 < threshold <= 1, f"threshold must be in (0, 1]; got {threshold} at {difficulty}"


def batches_have_the_right_shape(task: Task) -> None:
    """Tokens and targets are int64 (B, T), for any B asked for."""
    for size in (1, 7):
        for difficulty, _, batch in _samples(task, size):
            got = batch.tokens.shape
            assert len(got) == 2 and got[0] == size, f"asked for {size} sequences at {difficulty}; got shape {got}"


def tokens_are_in_the_vocabulary(task: Task) -> None:
    """Every token, and every target that is not IGNORE, lies in [0, vocab_size)."""
    for difficulty, _, batch in _samples(task):
        for what, values in (("token", batch.tokens), ("target", batch.targets[batch.targets != IGNORE])):
            low, high = int(values.min(initial=0)), int(values.max(initial=0))
            assert 0 <= low and high < task.vocab_size, (
                f"{what}s must be in [0, {task.vocab_size}); got {low} to {high} at {difficulty}"
            )


def every_sequence_has_a_target(task: Task) -> None:
    """Each sequence has at least one position with a loss."""
    for difficulty, _, batch in _samples(task):
        assert (batch.targets != IGNORE).any(axis=1).all(), f"a sequence at {difficulty} has no target but IGNORE"


def same_generator_same_batch(task: Task) -> None:
    """Sampling is a pure function of the generator: the same state gives the same batch, however often it is asked."""
    for (difficulty, _, a), (_, _, b) in zip(_samples(task), _samples(task), strict=True):
        same = np.array_equal(a.tokens, b.tokens) and np.array_equal(a.targets, b.targets)
        assert same, f"the same generator gave two different batches at {difficulty}: draw from rng alone"


def other_generator_other_batch(task: Task) -> None:
    """The generator is used: another seed gives another batch."""
    for (difficulty, _, a), (_, _, b) in zip(_samples(task), _samples(task, seed=1), strict=True):
        assert not np.array_equal(a.tokens, b.tokens), f"two seeds gave the same batch at {difficulty}: use rng"


def global_generator_untouched(task: Task) -> None:
    """Numpy's global generator is neither used nor seeded."""
    with watched_stream() as untouched:
        list(_samples(task))
        assert untouched(), "sampling moved numpy's global generator: draw from rng alone"


def competence_is_bounded_and_monotone(task: Task) -> None:
    """Competence is elementwise in [0, 1], never falls when every score gets better, and reaches mastery."""
    loss = np.linspace(np.log(task.vocab_size) * 1.5, 0.0, 50).reshape(5, 10)
    accuracy = np.linspace(0.0, 1.0, 50).reshape(5, 10)
    got = task.competence(loss, accuracy, accuracy)
    assert np.shape(got) == loss.shape, f"competence must keep the shape {loss.shape}; got {np.shape(got)}"
    assert (got >= 0).all() and (got <= 1).all(), f"competence must be in [0, 1]; got {got.min()} to {got.max()}"
    assert (np.diff(got.ravel()) >= 0).all(), "competence fell although loss and accuracies improved"
    for difficulty, threshold in _thresholds(task):
        best = got.ravel()[-1]
        assert best >= threshold, f"perfect scores give competence {best}, mastered from {threshold} on at {difficulty}"


def beyond_is_out_of_the_taught_range(task: Task) -> None:
    """Difficulties beyond have the task's axes and are not taught."""
    for difficulty in task.beyond:
        names = {axis.name for axis in task.axes}
        assert set(difficulty) == names, f"beyond must name the axes {sorted(names)}; got {dict(difficulty)}"
        taught = all(difficulty[axis.name] in axis.values for axis in task.axes)
        assert not taught, f"{dict(difficulty)} is listed as beyond the taught range, and is taught"


def inputs_targets_and_times_are_aligned(task: Task) -> None:
    """A scored target is the next input token, and time labels rise along each row.

    (A target in the last column has no next input: only ``expected_targets`` can hold it against the inputs.)
    A task whose targets are not its next tokens (labels per position, answers without teacher forcing) says so by a
    method ``expected_targets(tokens) -> targets``, an independent recomputation, which must give the targets that were
    sampled. One whose training labels are wrong on purpose says how often: ``wrong_labels(difficulty) -> share``.
    """
    expected_targets = getattr(task, "expected_targets", None)
    wrong_labels = getattr(task, "wrong_labels", None)
    for difficulty, split, batch in _samples(task, 4 * _BATCH):
        scored = batch.targets != IGNORE
        if expected_targets is not None:
            expected = np.asarray(expected_targets(batch.tokens))
            places = scored | (expected != IGNORE)
        else:
            expected = np.roll(batch.tokens, -1, axis=1)
            places = scored.copy()
            places[:, -1] = False
        wrong = (expected != batch.targets)[places]
        share = wrong_labels(difficulty) if wrong_labels is not None and split is Split.TRAIN else 0.0
        most = share * len(wrong) + 5 * np.sqrt(share * (1 - share) * len(wrong))
        if wrong.sum() > most:
            row, column = np.argwhere(places & (expected != batch.targets))[0]
            raise AssertionError(
                f"{wrong.sum()} of {len(wrong)} scored targets at {difficulty} ({split.name}) are not what the inputs "
                f"say: at row {row}, position {column} expected {expected[row, column]}, "
                f"got {batch.targets[row, column]}"
            )
        if batch.times is not None:
            inside = batch.times >= 0
            rises = np.diff(batch.times, axis=1) > 0
            assert (rises | ~inside[:, 1:]).all(), f"time labels at {difficulty} do not rise along a row"
            assert inside[scored].all(), f"a scored position at {difficulty} has no time label"


def symbols_name_every_token(task: Task) -> None:
    """If the task has ``symbols``, they are V distinct strings."""
    symbols = symbols_of(task)
    assert len(symbols) == task.vocab_size == len(set(symbols)), (
        f"symbols must be {task.vocab_size} distinct strings, one per token; got {len(symbols)}, "
        f"{len(set(symbols))} of them distinct"
    )


TASK_LAWS: tuple[Callable[[Task], None], ...] = (
    described,
    batches_have_the_right_shape,
    tokens_are_in_the_vocabulary,
    every_sequence_has_a_target,
    same_generator_same_batch,
    other_generator_other_batch,
    global_generator_untouched,
    competence_is_bounded_and_monotone,
    beyond_is_out_of_the_taught_range,
    inputs_targets_and_times_are_aligned,
    symbols_name_every_token,
)


def check_task(task: Task) -> None:
    """Checks every law of a task.

    Raises:
        AssertionError: names the first broken law, what was expected and what came.
    """
    for law in TASK_LAWS:
        try:
            law(task)
        except AssertionError as error:
            raise AssertionError(f"{law.__name__}: {error}") from error

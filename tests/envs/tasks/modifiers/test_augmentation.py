from dataclasses import dataclass, replace

import numpy as np
import pytest

from envs import IGNORE, Addition, Axis, Batch, Split
from envs.checks import check_task
from envs.checks.modifier import check_modifier
from envs.tasks import Copy
from envs.tasks.exact import ExactTask
from envs.tasks.modifiers.augmentation import (
    Augmented,
    CausalShuffle,
    Jitter,
    ShiftAnchors,
    Subsample,
    added_variance,
)
from envs.tasks.modifiers.data_scale import DataScale
from envs.tasks.modifiers.label_noise import LabelNoise


@dataclass(frozen=True)
class Walk(ExactTask):
    """Windows of a walk over ten bins, each at its own start."""

    name: str = "walk"
    symbols = tuple("0123456789")
    axes = (Axis("window", (4, 20)),)
    stream = True
    ordered_tokens = (0, 10)

    def sample(self, rng, difficulty, batch_size, split):
        steps = rng.integers(-1, 2, (batch_size, int(difficulty["window"]) + 1)).cumsum(axis=1)
        values = np.clip(rng.integers(0, 10, (batch_size, 1)) + steps, 0, 9)
        times = rng.integers(0, 1000, (batch_size, 1)) + np.arange(values.shape[1] - 1)
        return Batch(values[:, :-1].copy(), values[:, 1:].copy(), times=times)


@dataclass(frozen=True)
class Records(ExactTask):
    """Letters with a digit each, then the question for one letter: ``a 1 b 2 c 3 ? b`` is answered by ``2``."""

    name: str = "records"
    symbols = tuple("abcdefghijklmnop0123456789?")
    axes = (Axis("records", (3, 6)),)

    def sample(self, rng, difficulty, batch_size, split):
        n = int(difficulty["records"])
        letters = rng.permuted(np.tile(np.arange(16), (batch_size, 1)), axis=1)[:, :n]
        digits = rng.integers(16, 26, (batch_size, n))
        asked = rng.integers(0, n, (batch_size, 1))
        question = np.concatenate([np.full((batch_size, 1), 26), np.take_along_axis(letters, asked, axis=1)], axis=1)
        tokens = np.concatenate([np.stack([letters, digits], axis=2).reshape(batch_size, -1), question], axis=1)
        targets = np.full_like(tokens, IGNORE)
        targets[:, -1:] = np.take_along_axis(digits, asked, axis=1)
        return Batch(tokens, targets)

    def exchangeable(self, difficulty):
        return np.arange(2 * int(difficulty["records"])).reshape(-1, 2)


LONG, MANY = {"window": 20}, {"records": 6}


def pair(task, augmentation, at, strength, size=300, seed=0):
    """The clean and the augmented batch of one generator."""
    augmented = Augmented(task, augmentation, (0.0, strength))
    difficulty = {**at, augmentation.name: strength}
    return tuple(
        t.sample(np.random.default_rng(seed), d, size, Split.TRAIN) for t, d in ((task, at), (augmented, difficulty))
    )


def events(tokens, targets, times):
    """One row as a mapping from time to value; the last target comes at the next whole time."""
    values, moments = [*tokens, targets[-1]], [*times, times[-1] + 1]
    return dict(zip(moments, values, strict=True))


def rows(batch):
    return zip(batch.tokens.tolist(), batch.targets.tolist(), batch.times.tolist(), strict=True)


def test_jitter_moves_events_by_one_bin_as_inputs_and_as_targets():
    clean, moved = pair(Walk(), Jitter(), LONG, 0.3)
    changed = []
    for (was, last, _), (now, targets, times) in zip(rows(clean), rows(moved), strict=True):
        assert targets[:-1] == now[1:]  # the same event keeps one value wherever it stands
        assert times == list(range(times[0], times[0] + 20))
        steps = [b - a for a, b in zip([*was, last[-1]], [*now, targets[-1]], strict=True)]
        assert set(steps) <= {-1, 0, 1} and 0 <= min(now) and max(now) <= 9
        changed += [step != 0 for step, value in zip(steps, [*was, last[-1]], strict=True) if 0 < value < 9]
    assert clean.times.tolist() == moved.times.tolist()
    assert np.mean(changed) == pytest.approx(0.3, abs=0.03)
    both_ways = np.sign(moved.tokens - clean.tokens)[(clean.tokens > 0) & (clean.tokens < 9)]
    assert abs((both_ways > 0).mean() - (both_ways < 0).mean()) < 0.05


def test_jitter_leaves_padding_and_tokens_off_the_scale_alone():
    batch = Batch(np.array([[5, 9, 0, 0]]), np.array([[9, IGNORE, IGNORE, IGNORE]]), times=np.array([[0, 1, -1, -1]]))

    class Scale:
        ordered_tokens = (0, 9)  # 9 is a mark, not a number

    moved = Jitter().apply(np.random.default_rng(0), batch, 1.0, Scale(), {})
    assert moved.tokens[0, 0] in (4, 6) and moved.tokens[0, 1:].tolist() == [9, 0, 0]
    assert moved.targets.tolist() == batch.targets.tolist()


def test_subsample_keeps_events_at_their_times_in_their_order():
    clean, fewer = pair(Walk(), Subsample(), LONG, 0.3)
    assert fewer.tokens.shape == (300, round(0.7 * 21) - 1)
    gaps = set()
    for before, after in zip(rows(clean), rows(fewer), strict=True):
        known, (tokens, targets, times) = events(*before), after
        assert all(known[time] == token for time, token in zip(times, tokens, strict=True))
        assert targets[:-1] == tokens[1:]  # the next event kept
        assert targets[-1] in [value for time, value in known.items() if time > times[-1]]
        gaps |= set(np.diff(times).tolist())
    assert min(gaps) == 1 and max(gaps) >= 3
    assert all((fewer.times - clean.times[:, :1] == place).any() for place in range(20))  # any event may stay


def test_shifted_windows_start_elsewhere_and_keep_events_at_their_times():
    clean, later = pair(Walk(), ShiftAnchors(), LONG, 0.25)
    assert later.tokens.shape == (300, 15)
    for before, (tokens, targets, times) in zip(rows(clean), rows(later), strict=True):
        known = events(*before)
        assert times == list(range(times[0], times[0] + 15))
        assert [known[t] for t in times] == tokens and [known[t + 1] for t in times] == targets
    starts = np.bincount(later.times[:, 0] - clean.times[:, 0])
    assert len(starts) == 6 and starts.min() > 25  # uniform over 0 .. 5: 50 each


def test_shuffled_records_stay_whole_before_their_question_with_the_same_answer():
    clean, shuffled = pair(Records(), CausalShuffle(), MANY, 0.3, 2000)
    task = Records()
    for now, targets, was in zip(
        shuffled.tokens.tolist(), shuffled.targets.tolist(), clean.tokens.tolist(), strict=True
    ):
        written = "".join(task.symbols[t] for t in now)
        records = {written[i : i + 2] for i in range(0, 12, 2)}
        assert records == {"".join(task.symbols[t] for t in was[i : i + 2]) for i in range(0, 12, 2)}
        assert now[12:] == was[12:]
        answer = next(record[1] for record in records if record[0] == written[-1])
        assert targets == [IGNORE] * 13 + [task.symbols.index(answer)]
    assert shuffled.targets.tolist() == clean.targets.tolist() and shuffled.times is None
    share = (shuffled.tokens != clean.tokens).any(axis=1).mean()
    assert share == pytest.approx(0.3, abs=0.05)
    firsts = np.bincount(pair(Records(), CausalShuffle(), MANY, 1.0, 6000)[1].tokens[:, 0], minlength=16)
    assert (abs(firsts - 375) < 4 * np.sqrt(375)).all()


def test_the_worked_examples_of_the_docstrings():
    def reached(augmentation, tokens, targets, strength, task):
        """All that a row can become, as (tokens, targets, times)."""
        batch = Batch(np.tile(tokens, (2000, 1)), np.tile(targets, (2000, 1)))
        after = augmentation.apply(np.random.default_rng(0), batch, strength, task, {"records": 3})
        times = np.tile(np.arange(len(tokens)), (2000, 1)) if after.times is None else after.times
        return list(rows(replace(after, times=times)))

    three = ([3, 6, 7], [6, 7, 4])
    assert ([3, 5, 7], [5, 7, 4], [0, 1, 2]) in reached(Jitter(), *three, 0.3, Walk())
    assert ([3, 7], [7, 4], [0, 2]) in reached(Subsample(), *three, 0.25, Walk())
    four = ([3, 6, 7, 4], [6, 7, 4, 5])
    assert ([6, 7, 4], [7, 4, 5], [1, 2, 3]) in reached(ShiftAnchors(), *four, 0.25, Walk())
    coded = [Records.symbols.index(s) for s in "a1b2c3?b"]
    answer = [IGNORE] * 7 + [Records.symbols.index("2")]
    got = reached(CausalShuffle(), coded, answer, 1.0, Records())
    assert ([Records.symbols.index(s) for s in "c3a1b2?b"], answer, list(range(8))) in got


@pytest.mark.parametrize("augmentation", [Jitter(), Subsample(), ShiftAnchors()])
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_the_ends_of_strength(augmentation, strength):
    task = Augmented(Walk(), augmentation, (0.0, 1.0))
    at = {"window": 4, augmentation.name: strength}
    got = task.sample(np.random.default_rng(0), at, 50, Split.TRAIN)
    clean = Walk().sample(np.random.default_rng(0), {"window": 4}, 50, Split.TRAIN)
    if strength == 0:
        assert list(rows(got)) == list(rows(clean))
    else:
        assert got.tokens.shape[1] >= 1 and (got.targets != IGNORE).all()


AUGMENTED = [Augmented(Walk(), a) for a in (Jitter(), Subsample(), ShiftAnchors())] + [
    Augmented(Records(), CausalShuffle()),
    LabelNoise(Augmented(Walk(), Jitter())),
    Augmented(Augmented(Walk(), Jitter()), Subsample()),
    Augmented(DataScale(Records(), (512, 64)), CausalShuffle()),
]


@pytest.mark.parametrize("task", AUGMENTED, ids=lambda task: task.name)
def test_keeps_the_laws(task):
    check_task(task)
    check_modifier(task)


def test_added_variance_grows_with_the_strength():
    for task, augmentation, at in (
        (Walk(), Jitter(), LONG),
        (Walk(), Subsample(), LONG),
        (Walk(), ShiftAnchors(), LONG),
        (Records(), CausalShuffle(), MANY),
    ):
        augmented = Augmented(task, augmentation)
        added = [added_variance(task, augmented, {**at, augmentation.name: s}) for s in (0.0, 0.1, 0.3)]
        assert added[0] == 0 < added[1] < added[2], augmentation
    # Jitter at 0.3 moves that share of tokens, less half of those at the two ends of the scale.
    jittered = Augmented(Walk(), Jitter())
    ends = np.isin(Walk().sample(np.random.default_rng(0), LONG, 4000, Split.TRAIN).tokens, (0, 9)).mean()
    got = added_variance(Walk(), jittered, {**LONG, "jitter": 0.3}, 4000)
    assert got == pytest.approx(0.3 * (1 - ends / 2), abs=0.01)


def test_what_comes_from_the_inner_task():
    task = Augmented(Walk(), Subsample(), (0.0, 0.5))
    assert (task.name, task.vocab_size, task.symbols, task.mastery) == ("walk-subsample", 10, Walk.symbols, 0.98)
    assert [dict(b) for b in task.beyond] == [{**b, "subsample": 0.0} for b in Walk().beyond]
    assert Walk().version in task.version and "Subsample() strengths=(0.0, 0.5)" in task.version
    assert task.stream and task.ordered_tokens == (0, 10)
    assert Augmented(Records(), CausalShuffle()).exchangeable(MANY).shape == (6, 2)
    with pytest.raises(AttributeError, match="Augmented has no attribute 'exchangeable'"):  # columns are others now
        task.exchangeable  # noqa: B018


@pytest.mark.parametrize(
    ("inner", "augmentation", "message"),
    [
        (Copy(), Jitter(), r"jitter needs ordered_tokens, the range .*; task 'copy' does not declare it"),
        (Copy(), Subsample(), r"subsample needs stream, that every .*; task 'copy' does not declare it"),
        (Addition(), ShiftAnchors(), r"shift needs stream, that every .*; task 'addition' does not declare it"),
        (Walk(), CausalShuffle(), r"shuffle needs exchangeable, the columns .*; task 'walk' does not declare it"),
        (LabelNoise(Walk()), Jitter(), r"jitter needs ordered_tokens, .*; task 'walk-noise' does not declare it"),
        (Augmented(Walk(), Jitter()), Jitter(), r"task 'walk-jitter' has an axis 'jitter' already"),
    ],
)
def test_a_task_that_does_not_meet_the_need_is_refused(inner, augmentation, message):
    with pytest.raises(ValueError, match=message):
        Augmented(inner, augmentation)


@pytest.mark.parametrize("strengths", [(), (0.3, 0.1), (-0.1,), (0.5, 1.5)])
def test_strengths_out_of_range_are_refused(strengths):
    with pytest.raises(ValueError, match=r"strengths must be increasing in \[0, 1\]; got \["):
        Augmented(Walk(), Jitter(), strengths)


class NoStream(Walk):
    """Says that it is a stream, and asks for what came in."""

    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        return replace(batch, targets=batch.tokens.copy())


class FarColumns(Records):
    def exchangeable(self, difficulty):
        return np.array([[0, 1], [40, 41]])


class ScoredRecords(Records):
    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        return replace(batch, targets=np.concatenate([batch.tokens[:, 1:], batch.targets[:, -1:]], axis=1))


@pytest.mark.parametrize(
    ("inner", "augmentation", "message"),
    [
        (NoStream(), Jitter(), "jitter needs scored targets that are the next token"),
        (NoStream(), Subsample(), "in a stream every target is the next token"),
        (NoStream(), ShiftAnchors(), "in a stream every target is the next token"),
        (FarColumns(), CausalShuffle(), r"columns \(R, W\) of 8; got \[\[0, 1\], \[40, 41\]\]"),
        (ScoredRecords(), CausalShuffle(), "an event of an exchangeable record is scored"),
    ],
)
def test_a_task_that_declares_what_it_is_not_is_refused(inner, augmentation, message):
    task = Augmented(inner, augmentation)
    at = {inner.axes[0].name: inner.axes[0].values[0], augmentation.name: 0.1}
    with pytest.raises(ValueError, match=message):
        task.sample(np.random.default_rng(0), at, 4, Split.TRAIN)

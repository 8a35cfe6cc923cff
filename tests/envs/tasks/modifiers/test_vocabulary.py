from dataclasses import replace

import numpy as np
import pytest

from envs import IGNORE, Addition, Split, Suite
from envs.checks import check_task
from envs.checks.modifier import check_modifier
from envs.suite import symbols_of
from envs.tasks import Copy, TextTask
from envs.tasks.modifiers.label_noise import LabelNoise
from envs.tasks.modifiers.vocabulary import Relabelled, shared_vocabulary

ADD, COPY = Addition((1, 2)), Copy(lengths=(2, 4), num_symbols=2)


def text(tmp_path):
    for i in range(10):
        (tmp_path / f"{i}.txt").write_bytes(f"{i}: a sum of 12 + {i} = {12 + i}, written out at length".encode() * 4)
    return TextTask(tmp_path, contexts=(8, 16))


def written(task, batch):
    """Tokens and scored targets as symbols."""
    symbols = symbols_of(task)
    return [
        ([symbols[t] for t in tokens], [None if t == IGNORE else symbols[t] for t in targets])
        for tokens, targets in zip(batch.tokens.tolist(), batch.targets.tolist(), strict=True)
    ]


def drawn(task, corner=-1, split=Split.TRAIN):
    at = {axis.name: axis.values[corner] for axis in task.axes}
    return task.sample(np.random.default_rng(0), at, 50, split)


@pytest.mark.parametrize("announce", [False, True])
def test_samples_read_the_same_as_before(announce, tmp_path):
    tasks = [ADD, COPY, text(tmp_path), LabelNoise(COPY)]
    shared = shared_vocabulary(tasks, announce)
    assert len({task.symbols for task in shared}) == 1
    for before, after in zip(tasks, shared, strict=True):
        for split in Split:
            old, new = written(before, drawn(before, split=split)), written(after, drawn(after, split=split))
            if announce:
                assert all((tokens[0], targets[0]) == (f"<{before.name}>", None) for tokens, targets in new)
                new = [(tokens[1:], targets[1:]) for tokens, targets in new]
            assert old == new


def test_symbols_come_in_order_of_first_appearance_and_digits_are_shared(tmp_path):
    add, copy, words = shared_vocabulary([ADD, COPY, text(tmp_path)])
    assert add.symbols[:15] == (*"0123456789+=", "a", "b", "|")
    assert add.vocab_size == 256 and len(set(add.symbols)) == 256  # every one of them is a byte as well
    bytes_of_digits = words.symbols.index("7"), words.symbols.index("+")
    assert bytes_of_digits == (7, 10)
    assert Suite([add, copy, words]).vocab_size == 256


def test_the_announcement_is_no_event_of_the_series(tmp_path):
    words = text(tmp_path)
    times = drawn(shared_vocabulary([words], announce=True)[0]).times
    assert times[:, 0].tolist() == [-1] * 50
    assert times[:, 1:].tolist() == drawn(words).times.tolist()
    synthetic = shared_vocabulary([COPY], announce=True)[0]
    assert drawn(synthetic).times.tolist() == [[-1, *range(8)]] * 50
    assert drawn(shared_vocabulary([COPY])[0]).times is None


def test_the_worked_example_of_the_docstring():
    add = shared_vocabulary([COPY, ADD], announce=True)[1]
    assert " ".join(add.symbols) == "a b | 0 1 2 3 4 5 6 7 8 9 + = <copy> <addition>"
    at = {"digits": 1}
    old = ADD.sample(np.random.default_rng(0), at, 2000, Split.TRAIN)
    new = add.sample(np.random.default_rng(0), at, 2000, Split.TRAIN)
    row = old.tokens.tolist().index([1, 10, 1, 11, 2])
    assert old.targets[row].tolist() == [IGNORE] * 3 + [2, 0]
    assert new.tokens[row].tolist() == [16, 4, 13, 4, 14, 5]
    assert new.targets[row].tolist() == [IGNORE] * 4 + [5, 3]


class Doubled(Addition):
    """Asks at each position for the token that came in."""

    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        return replace(batch, targets=np.where(batch.targets == IGNORE, IGNORE, batch.tokens))

    def expected_targets(self, tokens):
        targets = np.full_like(tokens, IGNORE)
        for row, line in enumerate(tokens.tolist()):
            equals = line.index(11)
            targets[row, equals:] = line[equals:]
        return targets


@pytest.mark.parametrize("announce", [False, True])
def test_keeps_the_laws(announce, tmp_path):
    tasks = [COPY, ADD, text(tmp_path), LabelNoise(COPY), Doubled((1, 2), name="doubled")]
    for task in shared_vocabulary(tasks, announce):
        check_task(task)
        check_modifier(task)


def test_expected_targets_and_wrong_labels_are_mapped():
    copy, noisy, doubled = shared_vocabulary([COPY, LabelNoise(COPY), Doubled(name="doubled")], announce=True)
    batch = drawn(doubled)
    assert doubled.expected_targets(batch.tokens).tolist() == batch.targets.tolist()
    assert copy.expected_targets is None and copy.wrong_labels is None
    assert noisy.wrong_labels({"noise": 0.3}) == pytest.approx(0.3)


def test_what_comes_from_the_inner_task():
    add = shared_vocabulary([ADD, COPY])[0]
    assert (add.name, add.axes, add.beyond, add.mastery) == (ADD.name, ADD.axes, ADD.beyond, ADD.mastery)
    assert ADD.version in add.version and add.version != shared_vocabulary([ADD])[0].version


@pytest.mark.parametrize(
    ("tasks", "announce", "message"),
    [
        ([], False, r"at least one task and distinct names; got \[\]"),
        ([ADD, ADD], False, r"at least one task and distinct names; got \['addition', 'addition'\]"),
        ([Relabelled(ADD, (*ADD.symbols, "<addition>"))], True, r"'<addition>' is a symbol already"),
    ],
)
def test_tasks_that_cannot_share_are_refused(tasks, announce, message):
    with pytest.raises(ValueError, match=message):
        shared_vocabulary(tasks, announce)


@pytest.mark.parametrize(
    ("symbols", "announcement", "message"),
    [
        ((*ADD.symbols, "+"), None, r"symbols must be distinct.*'addition'"),
        (ADD.symbols, "+", r"symbols must be distinct.*'addition'"),
        (tuple("0123456789+"), None, r"the vocabulary lacks '=' of task 'addition'"),
        (ADD.symbols, "<add>", r"the vocabulary lacks '<add>' of task 'addition'"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(symbols, announcement, message):
    with pytest.raises(ValueError, match=message):
        Relabelled(ADD, symbols, announcement)

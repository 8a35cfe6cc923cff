import statistics
from collections import Counter

import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.formal.listops import ListOps

VALUE = {
    "[MIN": min,
    "[MAX": max,
    "[MED": lambda digits: int(statistics.median(digits)),
    "[SM": lambda digits: sum(digits) % 10,
}


def read(words):
    """Value, depth, and the number of arguments of each operator, outermost first, of the expression at the front."""
    word = words.pop(0)
    if word not in VALUE:
        return int(word), 0, []
    inside = []
    while words[0] != "]":
        inside.append(read(words))
    words.pop(0)
    sizes = [len(inside), *(size for _, _, inner in inside for size in inner)]
    return VALUE[word]([value for value, _, _ in inside]), 1 + max(depth for _, depth, _ in inside), sizes


def answers(task, depth, arguments, length, size=100):
    """Reads, checks and yields each sequence's words and answer."""
    difficulty = {"depth": depth, "arguments": arguments, "length": length}
    batch = task.sample(np.random.default_rng(0), difficulty, size, Split.TRAIN)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        assert (targets[:-1] == IGNORE).all()
        yield [task.symbols[t] for t in tokens], task.symbols[targets[-1]]


DIFFICULTIES = [(2, 2, 2), (2, 3, 4), (3, 2, 2), (4, 3, 4), (5, 2, 3), (3, 5, 2), (4, 4, 8)]


@pytest.mark.parametrize(("depth", "arguments", "length"), DIFFICULTIES)
def test_answers_are_the_values(depth, arguments, length):
    for words, answer in answers(ListOps(), depth, arguments, length):
        value, found, sizes = read(words)
        assert not words
        assert str(value) == answer
        assert found == depth
        assert sizes == [length] + [arguments] * (length * (depth - 1))


@pytest.mark.parametrize(("depth", "arguments", "length"), DIFFICULTIES)
def test_no_answer_is_frequent(depth, arguments, length):
    counts = Counter(answer for _, answer in answers(ListOps(), depth, arguments, length, 3000))
    assert len(counts) == 10
    assert max(counts.values()) < 0.3 * 3000


def test_the_deeper_expression_stands_at_any_place():
    firsts = [words[2:5] for words, _ in answers(ListOps(), 3, 3, 2, 4000)]  # the arguments of the first spine
    places = Counter(first.index("[MIN") for first in firsts if "[MIN" in first)
    assert set(places) == {0, 1, 2}
    assert min(places.values()) > 270  # a quarter of a third each: 333 expected, sd 17


def test_operators_are_equally_frequent():
    counts = Counter(word for words, _ in answers(ListOps(), 3, 2, 2, 1000) for word in words)
    assert all(counts[operator] / 5000 == pytest.approx(0.25, abs=0.03) for operator in VALUE)


def test_the_worked_example_of_the_docstring():
    class Scripted:
        draws = iter([[5, 4], [3, 2], [1, 1], [7, 0, 1, 0], [1]])  # digits, operators, places, digits, root

        def integers(self, low, high, size):
            return np.reshape(next(self.draws), size)

    task = ListOps()
    batch = task.sample(Scripted(), {"depth": 2, "arguments": 2, "length": 2}, 1, Split.TRAIN)
    assert " ".join(task.symbols[t] for t in batch.tokens[0]) == "[MAX [SM 7 5 ] [MED 1 4 ] ]"
    assert batch.targets.tolist() == [[IGNORE] * 9 + [2]]


def test_keeps_the_laws_of_a_task():
    check_task(ListOps())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depths": (1, 2)}, r"depths must be increasing whole numbers from 2 on; got \[1, 2\]"),
        ({"arguments": (1,)}, r"arguments must be increasing whole numbers from 2 on; got \[1\]"),
        ({"lengths": (1, 2)}, r"lengths must be increasing whole numbers from 2 on; got \[1, 2\]"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ListOps(**settings)

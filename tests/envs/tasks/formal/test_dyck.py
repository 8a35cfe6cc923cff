from collections import Counter
from itertools import accumulate, product

import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.formal.dyck import Dyck

CLOSES = dict(zip("([{<", ")]}>", strict=True))


def texts(task, depth, length, size=200):
    """Prefix and scored answer of each sequence, as text."""
    batch = task.sample(np.random.default_rng(0), {"depth": depth, "length": length}, size, Split.TRAIN)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        prefix = "".join(task.symbols[t] for t in tokens).split("=")[0]
        assert (targets[: len(prefix)] == IGNORE).all()
        yield prefix, "".join(task.symbols[t] for t in targets if t != IGNORE)


DIFFICULTIES = [(2, 2), (2, 8), (2, 9), (4, 16), (6, 32), (8, 32), (10, 10), (6, 48), (3, 5)]


@pytest.mark.parametrize("num_kinds", [2, 4])
@pytest.mark.parametrize(("depth", "length"), DIFFICULTIES)
def test_answers_close_what_is_open(depth, length, num_kinds):
    for prefix, answer in texts(Dyck(num_kinds=num_kinds), depth, length):
        open_, deepest = [], 0
        for bracket in prefix:
            if bracket in CLOSES:
                open_.append(bracket)
            else:
                assert CLOSES[open_.pop()] == bracket
            deepest = max(deepest, len(open_))
        assert (len(prefix), deepest) == (length, depth)
        assert open_ and answer == "".join(CLOSES[b] for b in reversed(open_)) + "$"


def test_every_shape_is_equally_likely():
    def good(steps):
        heights = list(accumulate(steps))
        return min(heights) >= 0 and max(heights) == 3 and heights[-1] > 0

    shapes = {steps for steps in product((1, -1), repeat=8) if good(steps)}
    size = 300 * len(shapes)
    drawn = Counter(tuple(1 if b in CLOSES else -1 for b in prefix) for prefix, _ in texts(Dyck(), 3, 8, size))
    assert set(drawn) == shapes
    assert min(drawn.values()) > 215 and max(drawn.values()) < 385  # 300 expected, sd 17


@pytest.mark.parametrize(("depth", "length"), [(2, 8), (4, 16), (6, 32)])
def test_no_answer_is_frequent(depth, length):
    counts = Counter(answer for _, answer in texts(Dyck(), depth, length, 2000))
    assert max(counts.values()) < 0.3 * 2000  # at depth 2 and even length there are four: two brackets of two kinds


def test_the_worked_example_of_the_docstring():
    task = Dyck()
    batch = task.sample(np.random.default_rng(0), {"depth": 3, "length": 6}, 3000, Split.TRAIN)
    tokens = [task.symbols.index(c) for c in "([()][=])"]
    width = len(tokens)
    row = next(r for r in range(3000) if batch.tokens[r, :width].tolist() == tokens)
    expected = [IGNORE] * 6 + [task.symbols.index(c) for c in "])$"]
    assert batch.targets[row].tolist() == expected + [IGNORE] * (batch.tokens.shape[1] - width)


def test_keeps_the_laws_of_a_task():
    check_task(Dyck())
    check_task(Dyck(depths=(3,), lengths=(3,), num_kinds=4, out_of_range=()))


def test_a_very_long_prefix_does_not_overflow():
    prefix, _ = next(texts(Dyck(), 5, 3000, 1))
    assert len(prefix) == 3000


def test_beyond_brings_the_length_that_a_depth_needs():
    task = Dyck(depths=(2, 4), lengths=(4, 5))
    assert [tuple(d.values()) for d in task.beyond] == [(6, 6), (8, 8), (4, 6), (4, 7)]
    asked = ({"depth": 3, "length": 99},)
    assert Dyck(out_of_range=asked).beyond == asked


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depths": (1, 2)}, r"depths must be increasing whole numbers from 2 on; got \[1, 2\]"),
        ({"lengths": (16, 8)}, r"lengths must be increasing whole numbers from 2 on; got \[16, 8\]"),
        ({"depths": (9,)}, r"a prefix 9 deep needs at least that length; got length 8"),
        ({"out_of_range": ({"depth": 9, "length": 8},)}, r"a prefix 9 deep needs at least that length; got length 8"),
        ({"num_kinds": 1}, r"num_kinds must be in \[2, 4\]; got 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Dyck(**settings)

import re
from collections import Counter

import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.arithmetic.modular import ModularArithmetic


def texts(task, length, depth, size=200):
    """Expression and answer of each sequence, as text."""
    difficulty = {"length": length, "depth": depth}
    batch = task.sample(np.random.default_rng(0), difficulty, size, Split.TRAIN)
    assert batch.tokens.shape == (size, 2 * length + 2 * depth)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        text = "".join(task.symbols[t] for t in tokens)
        assert text.endswith("=") and (targets[:-1] == IGNORE).all()
        yield text[:-1], task.symbols[targets[-1]]


def depth_of(text):
    heights = np.cumsum([(c == "(") - (c == ")") for c in text])
    assert heights[-1] == 0
    return max(heights)


DIFFICULTIES = [(2, 0), (2, 1), (4, 2), (4, 3), (10, 0), (10, 3), (12, 3), (6, 5)]


@pytest.mark.parametrize("modulus", [2, 5, 10])
@pytest.mark.parametrize(("length", "depth"), DIFFICULTIES)
def test_answers_are_what_python_says(length, depth, modulus):
    for text, answer in texts(ModularArithmetic(modulus=modulus), length, depth):
        assert eval(text) % modulus == int(answer)
        assert len(re.findall(r"\d", text)) == length
        assert depth_of(text) == depth
        assert text.count("(") == depth
        assert not re.search(r"\(\d\)", text)  # every bracket holds an operation


def test_the_nest_stands_anywhere_and_opens_on_either_side():
    shapes = Counter(
        re.sub(r"\d", "x", re.sub(r"[-+*]", "o", text)) for text, _ in texts(ModularArithmetic(), 4, 2, 4000)
    )
    expected = {f"{a}{nest}{b}" for nest in ("((xox)ox)", "(xo(xox))") for a, b in (("xo", ""), ("", "ox"))}
    assert set(shapes) == expected
    assert min(shapes.values()) > 850  # 1,000 expected, sd 27


def test_operands_of_an_expression_are_independent():
    numbers = np.array(
        [[int(d) for d in re.findall(r"\d", text)] for text, _ in texts(ModularArithmetic(), 4, 1, 5000)]
    )
    equal = [(numbers[:, i] == numbers[:, j]).mean() for i in range(4) for j in range(i)]
    assert max(equal) < 0.23 and min(equal) > 0.17  # a fifth expected, sd 0.006


@pytest.mark.parametrize(("length", "depth"), DIFFICULTIES)
def test_no_answer_is_frequent(length, depth):
    counts = Counter(answer for _, answer in texts(ModularArithmetic(), length, depth, 3000))
    assert len(counts) == 5
    assert max(counts.values()) < 0.32 * 3000


def test_only_the_operators_asked_for():
    seen = {c for text, _ in texts(ModularArithmetic(operators="-*"), 8, 2) for c in text}
    assert seen == set("01234-*()")


def test_the_worked_example_of_the_docstring():
    task = ModularArithmetic(lengths=(4,), depths=(2,))
    batch = task.sample(np.random.default_rng(0), {"length": 4, "depth": 2}, 300_000, Split.TRAIN)
    tokens = [task.symbols.index(c) for c in "3-(2*(4+1))="]
    row = np.flatnonzero((batch.tokens == tokens).all(axis=1))[0]
    assert batch.targets[row].tolist() == [IGNORE] * 11 + [3]


def test_keeps_the_laws_of_a_task():
    check_task(ModularArithmetic())
    check_task(ModularArithmetic(lengths=(2,), depths=(1,), modulus=10, operators="+"))


def test_beyond_brings_the_operands_that_a_depth_needs():
    task = ModularArithmetic(lengths=(3,), depths=(1, 2))
    assert [tuple(d.values()) for d in task.beyond] == [(6, 2), (9, 2), (4, 3), (5, 4)]
    asked = ({"length": 9, "depth": 1},)
    assert ModularArithmetic(out_of_range=asked).beyond == asked


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lengths": (1, 2)}, r"lengths must be increasing whole numbers from 2 on; got \[1, 2\]"),
        ({"depths": (-1,)}, r"depths must be increasing whole numbers from 0 on; got \[-1\]"),
        ({"lengths": (3, 9)}, r"brackets 3 deep need at least 4 operands; got length 3"),
        ({"out_of_range": ({"length": 4, "depth": 9},)}, r"brackets 9 deep need at least 10 operands; got length 4"),
        ({"modulus": 11}, r"modulus must be in \[2, 10\].*; got 11"),
        ({"operators": "+/"}, r"operators must be one or more of '\+-\*', each once; got '\+/'"),
        ({"operators": "++"}, r"each once; got '\+\+'"),
        ({"operators": ""}, r"one or more of .*; got ''"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ModularArithmetic(**settings)

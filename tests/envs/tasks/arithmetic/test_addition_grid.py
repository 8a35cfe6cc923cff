import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.arithmetic.addition_grid import AdditionGrid


def texts(task, first, second, size=60):
    """Question and scored answer of each sequence, as text."""
    batch = task.sample(np.random.default_rng(0), {"first": first, "second": second}, size, Split.TRAIN)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        question = "".join(task.symbols[t] for t in tokens).split("=")[0]
        yield question, "".join(task.symbols[t] for t in targets if t != IGNORE)


@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 4), (4, 1), (5, 5), (25, 3)])
def test_answers_are_the_sums(first, second, reverse):
    for question, answer in texts(AdditionGrid(reversed_answer=reverse), first, second):
        left, right = question.split("+")
        assert (len(left), len(right), len(answer)) == (first, second, max(first, second) + 1)
        assert int(answer[::-1] if reverse else answer) == int(left) + int(right)


def test_operands_are_uniform_over_the_numbers_of_their_length():
    lefts, rights = zip(*(question.split("+") for question, _ in texts(AdditionGrid(), 1, 2, 20_000)), strict=True)
    assert np.bincount([int(left) for left in lefts], minlength=10).min() > 1_780  # 2,000 expected, sd 42
    counts = np.bincount([int(right) for right in rights], minlength=100)
    assert counts[:10].sum() == 0
    assert counts[10:].min() > 150  # 222 expected, sd 15


def test_the_worked_example_of_the_docstring():
    task = AdditionGrid()
    batch = task.sample(np.random.default_rng(0), {"first": 1, "second": 2}, 9_000, Split.TRAIN)
    tokens = [task.symbols.index(c) for c in "7+85=29"]
    row = next(r for r in range(9_000) if batch.tokens[r].tolist() == tokens)
    assert batch.targets[row].tolist() == [IGNORE] * 4 + [2, 9, 0]


@pytest.mark.parametrize("reverse", [True, False])
def test_keeps_the_laws_of_a_task(reverse):
    check_task(AdditionGrid(reversed_answer=reverse))


def test_beyond_are_longer_numbers_on_either_side():
    task = AdditionGrid(first=(1, 2), second=(1, 3))
    assert [tuple(d.values()) for d in task.beyond] == [(3, 3), (4, 3), (2, 5), (2, 7)]


@pytest.mark.parametrize("axis", ["first", "second"])
def test_digits_out_of_order_are_refused(axis):
    with pytest.raises(ValueError, match=rf"{axis} must be increasing whole numbers from 1 on; got \[2, 2\]"):
        AdditionGrid(**{axis: (2, 2)})

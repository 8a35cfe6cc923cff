import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.arithmetic.multiplication import Multiplication


@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 3), (3, 1), (4, 4), (12, 12), (20, 2)])
def test_answers_are_the_products(first, second, reverse):
    task = Multiplication(reversed_answer=reverse)
    batch = task.sample(np.random.default_rng(0), {"first": first, "second": second}, 60, Split.TRAIN)
    answers = set()
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        left, right = "".join(task.symbols[t] for t in tokens).split("=")[0].split("*")
        answer = "".join(task.symbols[t] for t in targets if t != IGNORE)
        answers.add(answer)
        assert (len(left), len(right), len(answer)) == (first, second, first + second)
        assert int(answer[::-1] if reverse else answer) == int(left) * int(right)
    assert len(answers) > 15


def test_the_largest_product_does_not_overflow():
    class Nines:
        def integers(self, low, high, size):
            return np.full(size, 9)

    batch = Multiplication().sample(Nines(), {"first": 12, "second": 12}, 1, Split.TEST)
    answer = "".join(str(t) for t in batch.targets[0] if t != IGNORE)
    assert int(answer[::-1]) == (10**12 - 1) ** 2


def test_the_worked_example_of_the_docstring():
    task = Multiplication()
    batch = task.sample(np.random.default_rng(0), {"first": 2, "second": 1}, 9_000, Split.TRAIN)
    tokens = [task.symbols.index(c) for c in "47*6=28"]
    row = next(r for r in range(9_000) if batch.tokens[r].tolist() == tokens)
    assert batch.targets[row].tolist() == [IGNORE] * 4 + [2, 8, 2]


@pytest.mark.parametrize("reverse", [True, False])
def test_keeps_the_laws_of_a_task(reverse):
    check_task(Multiplication(reversed_answer=reverse))


@pytest.mark.parametrize("axis", ["first", "second"])
def test_digits_out_of_order_are_refused(axis):
    with pytest.raises(ValueError, match=rf"{axis} must be increasing whole numbers from 1 on; got \[0, 1\]"):
        Multiplication(**{axis: (0, 1)})

import numpy as np
import pytest

import envs
from envs import IGNORE, Split
from envs.checks import check_task


def read(row, targets, reverse):
    """The oracle: reads a sequence as text and returns whether its answer is the sum."""
    text = "".join("0123456789+="[t] for t in row)
    left, right = text.split("=")[0].split("+")
    answer = [t for t in targets if t != IGNORE]
    digits = "".join(map(str, answer[::-1] if reverse else answer))
    return int(left) + int(right) == int(digits), len(left), len(right), len(digits)


@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize("digits", [1, 2, 5, 25])
def test_answers_are_the_sums(digits, reverse):
    task = envs.Addition(digits=(digits,), reversed_answer=reverse)
    batch = task.sample(np.random.default_rng(0), {"digits": digits}, 50, Split.TRAIN)
    assert batch.tokens.shape == (50, 3 * digits + 2)
    for row, targets in zip(batch.tokens, batch.targets, strict=True):
        assert read(row, targets, reverse) == (True, digits, digits, digits + 1)


def test_the_worked_example_of_the_docstring():
    task = envs.Addition(digits=(2,))

    class Fixed:
        def integers(self, low, high, size):
            return np.array([[[0, 7]], [[0, 5]]]) if len(size) == 3 else np.array([[4], [8]])

    batch = task.sample(Fixed(), {"digits": 2}, 1, Split.TRAIN)
    assert batch.tokens.tolist() == [[4, 7, 10, 8, 5, 11, 2, 3]]
    assert batch.targets.tolist() == [[IGNORE] * 5 + [2, 3, 1]]


@pytest.mark.parametrize("reverse", [True, False])
def test_keeps_the_laws_of_a_task(reverse):
    check_task(envs.Addition(digits=range(1, 6), reversed_answer=reverse))


@pytest.mark.parametrize("digits", [(), (0, 1), (2, 1), (1, 1)])
def test_refuses_digits_out_of_order(digits):
    with pytest.raises(ValueError, match="digits must be increasing whole numbers from 1 on"):
        envs.Addition(digits=digits)

import numpy as np
import pytest

from envs import IGNORE, Split, Suite
from envs.checks import check_task
from envs.tasks.arithmetic.tscl import TSCLAddition


def sampled(task, difficulty, size=60):
    return task.sample(np.random.default_rng(0), difficulty, size, Split.TRAIN)


def read(task, batch):
    """Operands as text and the scored answer as text, of each sequence."""
    width = 2 * task.max_digits + 1
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        question = "".join(task.symbols[t] for t in tokens[:width][::-1])
        left, right = question.rstrip(" ").split("+")
        yield left, right, "".join(task.symbols[t] for t in targets[width:])


DIFFICULTIES = [
    (1, 9, {"digits": 1}),
    (1, 9, {"digits": 9}),
    (1, 18, {"digits": 18}),
    (2, 9, {"first": 1, "second": 9}),
    (2, 9, {"first": 4, "second": 2}),
    (2, 3, {"first": 3, "second": 3}),
]


@pytest.mark.parametrize(("dims", "max_digits", "difficulty"), DIFFICULTIES)
def test_answers_are_the_sums_padded_with_blanks(dims, max_digits, difficulty):
    task = TSCLAddition(dims=dims, max_digits=max_digits)
    for left, right, answer in read(task, sampled(task, difficulty)):
        assert left == str(int(left)) and right == str(int(right))  # no leading zeros, no blanks inside
        assert answer == str(int(left) + int(right)).ljust(max_digits + 1)


@pytest.mark.parametrize(("dims", "max_digits", "difficulty"), DIFFICULTIES)
def test_the_layout(dims, max_digits, difficulty):
    task = TSCLAddition(dims=dims, max_digits=max_digits)
    batch = sampled(task, difficulty)
    assert batch.tokens.shape == (60, 3 * max_digits + 2)
    assert (batch.targets[:, : 2 * max_digits + 1] == IGNORE).all()
    assert (batch.targets[:, 2 * max_digits + 1 :] != IGNORE).all()
    assert (batch.tokens[:, 2 * max_digits + 1 :] == 0).all()  # no teacher forcing: the decoder sees blanks
    assert np.array_equal(task.expected_targets(batch.tokens), batch.targets)


def test_characters_are_numbered_as_the_authors_sort_them():
    assert list(TSCLAddition().symbols) == sorted(set("0123456789+ "))


def test_one_dimension_drops_leading_zeros():
    task = TSCLAddition()
    operands = [len(left) for left, _, _ in read(task, sampled(task, {"digits": 2}, 10_000))]
    assert np.mean(np.array(operands) == 1) == pytest.approx(0.1, abs=0.015)
    assert max(operands) == 2


def test_two_dimensions_have_exact_lengths_and_miss_the_largest_number():
    task = TSCLAddition(dims=2)
    pairs = [(a, b) for a, b, _ in read(task, sampled(task, {"first": 1, "second": 2}, 10_000))]
    assert {int(a) for a, _ in pairs} == set(range(1, 9))
    assert {int(b) for _, b in pairs} == set(range(10, 99))


def test_the_worked_example_of_the_docstring():
    task = TSCLAddition(max_digits=2)
    batch = sampled(task, {"digits": 2}, 50_000)
    tokens = [task.symbols.index(c) for c in " 58+7   "]
    row = np.flatnonzero((batch.tokens == tokens).all(axis=1))[0]
    assert batch.targets[row].tolist() == [IGNORE] * 5 + [task.symbols.index(c) for c in "92 "]


@pytest.mark.parametrize("dims", [1, 2])
def test_keeps_the_laws_of_a_task(dims):
    check_task(TSCLAddition(dims=dims, max_digits=4))
    check_task(TSCLAddition(dims=dims, max_digits=6, digits=(1, 2, 4)))


def test_the_papers_tasks():
    assert Suite([TSCLAddition()]).num_arms == 9
    assert Suite([TSCLAddition(dims=2)]).num_arms == 81
    assert TSCLAddition().beyond == ()


def test_beyond_stays_within_the_fixed_width():
    assert TSCLAddition(digits=(1, 2, 3), max_digits=4).beyond == ({"digits": 4},)
    assert len(TSCLAddition(dims=2, digits=(1, 2, 3), max_digits=9).beyond) == 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dims": 3}, r"dims must be 1 .* or 2 .*; got 3"),
        ({"max_digits": 19}, r"max_digits must be in \[1, 18\]; got 19"),
        ({"max_digits": 0}, r"max_digits must be in \[1, 18\]; got 0"),
        ({"digits": (2, 1)}, r"digits must be increasing whole numbers from 1 on; got \[2, 1\]"),
        ({"digits": (1, 10)}, r"at most max_digits = 9 digits.*; got 10: raise max_digits"),
        ({"out_of_range": ({"digits": 11},)}, r"at most max_digits = 9 digits.*; got 11: raise max_digits"),
        ({"mastery": 1.5}, r"mastery must be in \(0, 1\]; got 1.5"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        TSCLAddition(**settings)

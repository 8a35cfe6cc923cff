from collections import Counter

import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.formal.stack import StackManipulation


def words(task, stack, actions, size=200):
    """Initial stack, actions and scored answer of each sequence, as lists of words."""
    batch = task.sample(np.random.default_rng(0), {"stack": stack, "actions": actions}, size, Split.TRAIN)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        question = [task.symbols[t] for t in tokens]
        question = question[: question.index("=")]
        assert (targets[: len(question)] == IGNORE).all()
        yield question[:stack], question[stack:], [task.symbols[t] for t in targets if t != IGNORE]


@pytest.mark.parametrize(("num_symbols", "pop_share"), [(2, 1 / 3), (2, 0.8), (26, 0.5), (3, 0)])
@pytest.mark.parametrize(("stack", "actions"), [(1, 1), (1, 8), (8, 1), (8, 8), (16, 8), (8, 16)])
def test_answers_are_the_final_stack(stack, actions, num_symbols, pop_share):
    task = StackManipulation(num_symbols=num_symbols, pop_share=pop_share)
    for initial, acts, answer in words(task, stack, actions):
        assert len(initial) == stack and len(acts) == actions and all(len(s) == 1 and s.isalpha() for s in initial)
        current = list(initial)
        for act in acts:
            if act == "-":
                current = current[:-1]
            else:
                assert act[0] == "+"
                current.append(act[1])
        assert answer == [*current[::-1], "$"]


@pytest.mark.parametrize("share", [0, 1 / 3, 0.7])
def test_pops_are_as_frequent_as_asked(share):
    drawn = [act for _, acts, _ in words(StackManipulation(pop_share=share), 2, 8, 1000) for act in acts]
    assert drawn.count("-") / 8000 == pytest.approx(share, abs=0.03)


def test_an_empty_stack_happens_and_stays_empty():
    answers = [answer for _, _, answer in words(StackManipulation(pop_share=0.9), 1, 8)]
    assert 50 < answers.count(["$"]) < 200


@pytest.mark.parametrize(("stack", "actions", "most"), [(1, 1, 0.4), (2, 2, 0.2), (8, 8, 0.02)])
def test_no_answer_is_frequent(stack, actions, most):
    counts = Counter("".join(answer) for _, _, answer in words(StackManipulation(), stack, actions, 2000))
    assert max(counts.values()) < most * 2000  # (1, 1): a third is empty, the rest has four answers


def test_the_worked_example_of_the_docstring():
    task = StackManipulation()
    batch = task.sample(np.random.default_rng(0), {"stack": 4, "actions": 3}, 5000, Split.TRAIN)
    tokens = [task.symbols.index(w) for w in "a b b a +b - - = b b a".split()]
    row = next(r for r in range(5000) if batch.tokens[r, :11].tolist() == tokens)
    expected = [IGNORE] * 7 + [task.symbols.index(w) for w in "b b a $".split()]
    assert batch.targets[row].tolist() == expected + [IGNORE] * (batch.tokens.shape[1] - 11)


def test_keeps_the_laws_of_a_task():
    check_task(StackManipulation())
    check_task(StackManipulation(num_symbols=26, pop_share=0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stacks": (0, 1)}, r"stacks must be increasing whole numbers from 1 on; got \[0, 1\]"),
        ({"actions": ()}, r"actions must be increasing whole numbers from 1 on; got \[\]"),
        ({"num_symbols": 27}, r"num_symbols must be in \[2, 26\]; got 27"),
        ({"pop_share": 1.0}, r"pop_share must be in \[0, 1\): something must be pushed; got 1.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        StackManipulation(**settings)

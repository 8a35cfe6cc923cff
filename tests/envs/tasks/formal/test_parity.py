import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.formal.parity import Parity


def sampled(task, length, size=400):
    return task.sample(np.random.default_rng(0), {"length": length}, size, Split.TRAIN)


@pytest.mark.parametrize("length", [1, 2, 7, 40])
def test_answers_say_whether_the_ones_are_even(length):
    task = Parity()
    batch = sampled(task, length)
    answers = []
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        text = "".join(task.symbols[t] for t in tokens)
        answers.append(task.symbols[targets[-1]])
        assert len(text) == length + 1 and text[-1] == "=" and set(text[:-1]) <= set("01")
        assert answers[-1] == ("odd" if text.count("1") % 2 else "even")
        assert (targets[:-1] == IGNORE).all()
    assert 0.4 < answers.count("odd") / 400 < 0.6  # sd 0.025


def test_the_worked_example_of_the_docstring():
    task = Parity()
    batch = sampled(task, 5)
    row = next(r for r in range(400) if batch.tokens[r].tolist() == [1, 0, 1, 1, 0, 2])
    assert task.symbols[2] == "="
    assert batch.targets[row].tolist() == [IGNORE] * 5 + [task.symbols.index("odd")]


def test_keeps_the_laws_of_a_task():
    check_task(Parity())


def test_lengths_out_of_order_are_refused():
    with pytest.raises(ValueError, match=r"lengths must be increasing whole numbers from 1 on; got \[\]"):
        Parity(lengths=())

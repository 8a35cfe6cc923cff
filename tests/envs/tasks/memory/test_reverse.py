import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.memory.reverse import Reverse


def sampled(task, difficulty, size=40):
    return task.sample(np.random.default_rng(0), difficulty, size, Split.TRAIN)


def as_in_docstring(task, tokens, targets):
    """Tokens over targets, as the worked example of a docstring writes them, blanks squeezed."""
    under = ["." if t == IGNORE else task.symbols[t] for t in targets]
    return " ".join(["tokens", *(task.symbols[t] for t in tokens), "targets", *under])


@pytest.mark.parametrize("difficulty", [{"length": 1, "pattern": "random"}, *Reverse((1, 5)).beyond])
def test_answers_are_the_question_backwards(difficulty):
    task = Reverse(lengths=(1, 5))
    batch = sampled(task, difficulty)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        text = [task.symbols[t] for t in tokens]
        question = text[: text.index("|")]
        assert [task.symbols[t] for t in targets if t != IGNORE] == question[::-1]
        assert len(question) == difficulty["length"]


def test_the_worked_example_of_the_docstring():
    task = Reverse(lengths=(3,), num_symbols=4)
    batch = sampled(task, {"length": 3, "pattern": "random"}, 1000)
    shown = " ".join(Reverse.__doc__.split())
    assert any(as_in_docstring(task, *row) in shown for row in zip(batch.tokens, batch.targets, strict=True))


def test_longer_sequences_and_unseen_patterns_lie_beyond():
    assert [tuple(d.values()) for d in Reverse((2, 4)).beyond] == [
        (6, "random"),
        (8, "random"),
        (4, "runs"),
        (4, "motif"),
    ]
    assert Reverse(out_of_range=({"length": 99, "pattern": "random"},)).beyond == ({"length": 99, "pattern": "random"},)


def test_keeps_the_laws_of_a_task():
    check_task(Reverse())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lengths": (4, 2)}, r"lengths must be increasing whole numbers from 1 on; got \[4, 2\]"),
        ({"num_symbols": 27}, r"num_symbols must be in \[2, 26\]; got 27"),
        ({"mastery": 0}, r"mastery must be in \(0, 1\]; got 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Reverse(**settings)

import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks import Copy


def sampled(task, difficulty, size=40):
    return task.sample(np.random.default_rng(0), difficulty, size, Split.TRAIN)


@pytest.mark.parametrize(
    "difficulty", [{"length": n, "pattern": p} for n in (1, 5) for p in ("random", "runs", "motif")]
)
def test_answers_are_the_question_again(difficulty):
    task = Copy(lengths=(1, 5))
    batch = sampled(task, difficulty)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        question = list(tokens[: list(tokens).index(task.num_symbols)])
        assert question == [t for t in targets if t != IGNORE]
        assert len(question) == difficulty["length"]


def test_the_worked_example_of_the_docstring():
    task = Copy(lengths=(3,), num_symbols=4)
    batch = sampled(task, {"length": 3, "pattern": "random"}, 500)
    row = next(r for r in range(500) if batch.tokens[r, :3].tolist() == [1, 0, 3])
    assert [task.symbols[t] for t in batch.tokens[row]] == list("bad|ba")
    assert batch.targets[row].tolist() == [IGNORE] * 3 + [1, 0, 3]


def test_keeps_the_laws_of_a_task():
    check_task(Copy())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lengths": (4, 2)}, r"lengths must be increasing whole numbers from 1 on; got \[4, 2\]"),
        ({"num_symbols": 1}, r"num_symbols must be in \[2, 26\]; got 1"),
        ({"mastery": 0}, r"mastery must be in \(0, 1\]; got 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Copy(**settings)

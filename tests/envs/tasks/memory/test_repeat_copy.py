import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.memory.repeat_copy import RepeatCopy


def sampled(task, difficulty, size=40):
    return task.sample(np.random.default_rng(0), difficulty, size, Split.TRAIN)


def as_in_docstring(task, tokens, targets):
    """Tokens over targets, as the worked example of a docstring writes them, blanks squeezed."""
    under = ["." if t == IGNORE else task.symbols[t] for t in targets]
    return " ".join(["tokens", *(task.symbols[t] for t in tokens), "targets", *under])


@pytest.mark.parametrize(
    "difficulty",
    [
        *({"length": n, "repeats": r, "pattern": "random"} for n in (1, 3) for r in (1, 2)),
        *RepeatCopy((1, 3), (1, 2)).beyond,
    ],
)
def test_answers_are_as_many_copies_as_the_token_says_and_an_end(difficulty):
    task = RepeatCopy(lengths=(1, 3), repeats=(1, 2))
    batch = sampled(task, difficulty)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        text = [task.symbols[t] for t in tokens]
        count = next(symbol for symbol in text if symbol.startswith("x"))
        question = text[: text.index(count)]
        assert [task.symbols[t] for t in targets if t != IGNORE] == [*(question * int(count[1:])), "$"]
        assert (len(question), int(count[1:])) == (difficulty["length"], difficulty["repeats"])


def test_the_worked_example_of_the_docstring():
    task = RepeatCopy(lengths=(2,), repeats=(3,), num_symbols=4)
    batch = sampled(task, {"length": 2, "repeats": 3, "pattern": "random"}, 200)
    shown = " ".join(RepeatCopy.__doc__.split())
    assert any(as_in_docstring(task, *row) in shown for row in zip(batch.tokens, batch.targets, strict=True))


def test_every_number_of_repeats_has_a_token_of_its_own():
    task = RepeatCopy(lengths=(1, 2), repeats=(1, 4), num_symbols=3)
    assert task.symbols == ("a", "b", "c", "$", "x1", "x4", "x7", "x10")
    own = RepeatCopy(repeats=(2,), num_symbols=2, out_of_range=({"length": 1, "repeats": 20, "pattern": "random"},))
    assert own.symbols == ("a", "b", "$", "x2", "x20")


def test_the_curriculum_of_graves_is_169_arms():
    lengths, repeats, patterns = RepeatCopy(range(1, 14), range(1, 14)).axes
    assert len(lengths.values) * len(repeats.values) * len(patterns.values) == 169


def test_longer_more_often_and_unseen_patterns_lie_beyond():
    beyond = [tuple(d.values()) for d in RepeatCopy((1, 3), (1, 2)).beyond]
    random = [(5, 2, "random"), (7, 2, "random"), (3, 3, "random"), (3, 4, "random")]
    assert beyond == [*random, (3, 2, "runs"), (3, 2, "motif")]


def test_keeps_the_laws_of_a_task():
    check_task(RepeatCopy())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lengths": (0, 2)}, r"lengths must be increasing whole numbers from 1 on; got \[0, 2\]"),
        ({"repeats": (3, 3)}, r"repeats must be increasing whole numbers from 1 on; got \[3, 3\]"),
        ({"num_symbols": 1}, r"num_symbols must be in \[2, 26\]; got 1"),
        ({"mastery": 1.5}, r"mastery must be in \(0, 1\]; got 1.5"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        RepeatCopy(**settings)

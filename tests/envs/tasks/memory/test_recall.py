import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.memory.recall import AssociativeRecall, drawn_distinct


def sampled(task, difficulty, size=60):
    return task.sample(np.random.default_rng(0), difficulty, size, Split.TRAIN)


def as_in_docstring(task, tokens, targets):
    """Tokens over targets, as the worked example of a docstring writes them, blanks squeezed."""
    under = ["." if t == IGNORE else task.symbols[t] for t in targets]
    return " ".join(["tokens", *(task.symbols[t] for t in tokens), "targets", *under])


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("items", [2, 3, 5, 6])
def test_the_answer_is_what_followed_the_one_place_of_the_query(length, items):
    task = AssociativeRecall(items=(2, 3), item_length=length, num_symbols=6, out_of_range=({"items": 6},))
    batch = sampled(task, {"items": items})
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        listed, rest = "".join(task.symbols[t] for t in tokens).split("?")
        found = listed.split(";")[1:]
        query, given = rest[:length], rest[length:]
        answer = "".join(task.symbols[t] for t in targets if t != IGNORE)
        assert len(found) == len(set(found)) == items and all(len(item) == length for item in found)
        assert found[found.index(query) + 1] == answer and answer[:-1] == given


def test_the_worked_example_of_the_docstring():
    task = AssociativeRecall(items=(3,), item_length=2, num_symbols=4)
    batch = sampled(task, {"items": 3}, 60_000)
    wanted = [task.symbols.index(symbol) for symbol in ";ac;ba;dd?bad"]
    row = next(iter(np.nonzero((batch.tokens == wanted).all(axis=1))[0]))
    shown = " ".join(AssociativeRecall.__doc__.split())
    assert as_in_docstring(task, batch.tokens[row], batch.targets[row]) in shown


def test_every_item_but_the_last_is_asked_for_equally_often_and_answers_vary():
    batch = sampled(AssociativeRecall(item_length=1), {"items": 4}, 6000)
    listed, query = batch.tokens[:, 1:8:2], batch.tokens[:, 9]
    asked = (listed == query[:, None]).argmax(axis=1)
    assert abs(np.bincount(asked, minlength=4) - [2000, 2000, 2000, 0]).max() < 200
    assert np.bincount(batch.targets[:, -1]).max() < 6000 * 0.15  # of 8 symbols


@pytest.mark.parametrize("among", [3, 4])
def test_distinct_draws_are_uniform_over_arrangements(among):
    drawn = drawn_distinct(np.random.default_rng(0), (24_000, 3), among)
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    expected = 24_000 / (6 if among == 3 else 24)
    assert len(counts) == 24_000 / expected
    assert abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_keeps_the_laws_of_a_task():
    check_task(AssociativeRecall())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"items": (1, 2)}, r"items must be increasing whole numbers from 2 on; got \[1, 2\]"),
        ({"num_symbols": 1}, r"num_symbols must be in \[2, 26\]; got 1"),
        ({"item_length": 0}, r"item_length must be in \[1, 12\]; got 0"),
        (
            {"items": (2, 3), "item_length": 2, "num_symbols": 2},
            r"a list of 5 distinct items needs as many; 2 symbols at item_length 2 make 4: raise num_symbols",
        ),
        ({"items": (9,), "item_length": 1, "out_of_range": ()}, r"a list of 9 distinct items needs as many"),
        ({"item_length": 1, "out_of_range": ({"items": 9},)}, r"a list of 9 distinct items needs as many"),
        ({"mastery": 0}, r"mastery must be in \(0, 1\]; got 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        AssociativeRecall(**settings)

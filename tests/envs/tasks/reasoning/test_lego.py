import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.reasoning.lego import Lego


def sampled(task, chain, size=60):
    return task.sample(np.random.default_rng(0), {"chain": chain}, size, Split.TRAIN)


def as_in_docstring(task, tokens, targets):
    """Tokens over targets, as the worked example of a docstring writes them, blanks squeezed."""
    under = ["." if t == IGNORE else task.symbols[t] for t in targets]
    return " ".join(["tokens", *(task.symbols[t] for t in tokens), "targets", *under])


def followed(clauses, variable):
    """The value of a variable and the number of clauses it takes to find it."""
    sign, source = clauses[variable]
    value, steps = (1, 0) if source == "1" else followed(clauses, source)
    return (value if sign == "+" else -value), steps + 1


@pytest.mark.parametrize(
    ("settings", "num_clauses"), [({}, [3, 5, 8, 10]), ({"clauses": 1}, [1, 3, 6, 8]), ({"clauses": 6}, [6, 6, 6, 8])]
)
def test_the_answer_is_found_by_following_as_many_clauses_as_the_chain_says(settings, num_clauses):
    task = Lego(chains=(1, 3, 6), out_of_range=({"chain": 8},), **settings)
    for chain, expected in zip((1, 3, 6, 8), num_clauses, strict=True):
        batch = sampled(task, chain)
        for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
            text, asked = "".join(task.symbols[t] for t in tokens).split("?")
            clauses = {clause[0]: (clause[2], clause[3]) for clause in text[:-1].split(";")}
            value, steps = followed(clauses, asked)
            assert (len(clauses), steps) == (expected, chain)
            assert [task.symbols[t] for t in targets if t != IGNORE] == ["+" if value > 0 else "-"]


def test_every_value_is_asked_for_along_the_chain():
    task = Lego(every_value=True)
    batch = sampled(task, 4)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        text, dialogue = "".join(task.symbols[t] for t in tokens).split("?")
        clauses = {clause[0]: (clause[2], clause[3]) for clause in text[:-1].split(";")}
        variables = dialogue[::2]
        assert [followed(clauses, variable)[1] for variable in variables] == [1, 2, 3, 4]
        answers = ["+" if followed(clauses, variable)[0] > 0 else "-" for variable in variables]
        scored = np.nonzero(targets != IGNORE)[0]
        assert [task.symbols[t] for t in tokens[scored]] == list(variables)
        assert [task.symbols[t] for t in targets[scored]] == answers


def test_the_worked_example_of_the_docstring_up_to_the_names():
    task = Lego(clauses=3)
    batch = sampled(task, 2, 1000)
    shown = " ".join(Lego.__doc__.split())
    found = False
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        names = list(dict.fromkeys(t for t in tokens.tolist() if t < 26))
        renamed = [2 - names.index(t) if t < 26 else t for t in tokens.tolist()]  # c, b, a as they turn up
        found = found or as_in_docstring(task, renamed, targets) in shown
    assert found


def test_no_place_of_a_clause_and_no_count_of_signs_gives_the_answer_away():
    task = Lego()
    batch = sampled(task, 3, 4000)
    minus = task.symbols.index("-")
    answer = batch.targets[:, -1] == minus
    clauses = batch.tokens[:, :25].reshape(4000, 5, 5)
    assert abs(answer.mean() - 0.5) < 0.04
    parity = (clauses[:, :, 2] == minus).sum(axis=1) % 2 == 1
    assert abs((parity == answer).mean() - 0.5) < 0.04
    asked = (clauses[:, :, 0] == batch.tokens[:, -1:]).argmax(axis=1)
    assert abs(np.bincount(asked) - 800).max() < 130


def test_where_the_chain_ends_with_the_question_the_parity_of_the_signs_is_the_answer():
    task = Lego(clauses=1)
    batch = sampled(task, 3)
    minus = task.symbols.index("-")
    parity = (batch.tokens[:, 2::5] == minus).sum(axis=1) % 2 == 1
    assert ((batch.targets[:, -1] == minus) == parity).all()


@pytest.mark.parametrize("settings", [{}, {"clauses": 5}, {"every_value": True}])
def test_keeps_the_laws_of_a_task(settings):
    check_task(Lego(**settings))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"chains": (2, 1)}, r"chains must be increasing whole numbers from 1 on; got \[2, 1\]"),
        ({"clauses": 0}, r"clauses must be at least 1, or None .*; got 0"),
        ({"chains": (23,), "out_of_range": ({"chain": 25},)}, r"one of 26 letters; .* has 27: shorten chains"),
        ({"chains": (25,), "out_of_range": ()}, r"has 27: shorten chains"),
        ({"clauses": 27}, r"has 27: shorten chains or out_of_range, or lower clauses"),
        ({"mastery": 0}, r"mastery must be in \(0, 1\]; got 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Lego(**settings)

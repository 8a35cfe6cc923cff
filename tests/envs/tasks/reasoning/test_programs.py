import ast
import contextlib
import io
import re

import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.reasoning.programs import OPERATORS, Programs


def sampled(task, length, nesting, size=100, seed=0):
    return task.sample(np.random.default_rng(seed), {"length": length, "nesting": nesting}, size, Split.TRAIN)


def texts(task, batch):
    """Program and answer of each row."""
    symbols = ["\n" if symbol == "\\n" else symbol for symbol in task.symbols]
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        scored = np.nonzero(targets != IGNORE)[0]
        program = "".join(symbols[t] for t in tokens[: scored[0] + 1])
        yield program, "".join(symbols[t] for t in targets[scored])


def printed(program):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(program, {})
    return out.getvalue()


def num_operations(program):
    """Loops, conditionals and arithmetic: an assignment's operation is the sum or difference that follows it."""
    nodes = list(ast.walk(ast.parse(program)))
    return sum(isinstance(node, ast.For | ast.IfExp | ast.BinOp) for node in nodes)


@pytest.mark.parametrize(("length", "nesting"), [(1, 1), (1, 3), (2, 2), (3, 3), (3, 5), (5, 3), (1, 8)])
def test_answers_are_what_python_prints(length, nesting):
    task = Programs(lengths=(1, 5), nestings=(1, 5), out_of_range=({"length": 1, "nesting": 8},))
    batch = sampled(task, length, nesting, 300)
    for program, answer in texts(task, batch):
        assert printed(program) == answer[:-1] + "\n" and answer[-1] == "$"
        assert num_operations(program) == nesting
        constants = r"(?<=\()\d(?=\*)|(?<=\*)\d(?=\))|(?<=range\()\d(?=\))"
        numbers = re.findall(r"\d+", program if length == 1 else re.sub(constants, "", program))
        assert {len(number) for number in numbers} == {length}
        names = re.findall(r"^([a-h])=", program, re.MULTILINE)
        assert len(names) == len(set(names))


@pytest.mark.parametrize(("length", "nesting"), [(10, 8), (15, 3)])
def test_the_largest_results_are_exact(length, nesting):
    task = Programs((length,), (nesting,), out_of_range=())
    products = Programs((length,), (nesting,), operators=("multiply",), out_of_range=())
    for drawn_from in (task, products):
        for program, answer in texts(drawn_from, sampled(drawn_from, length, nesting)):
            assert printed(program) == answer[:-1] + "\n"


@pytest.mark.parametrize(
    ("operator", "sign"),
    [("add", "+"), ("subtract", "-"), ("multiply", "*"), ("choose", "if"), ("assign", "="), ("loop", "for")],
)
def test_operators_can_be_chosen(operator, sign):
    task = Programs(operators=(operator,))
    for program, answer in texts(task, sampled(task, 2, 2, 50)):
        assert sign in program and printed(program) == answer[:-1] + "\n"
        assert ("=" in program) == (operator in ("assign", "loop")) and ("for" in program) == (operator == "loop")


def test_every_operator_is_drawn_equally_often():
    task = Programs()
    marks = {"loop": "for", "choose": "if", "assign": "=", "multiply": "*", "add": "+", "subtract": "-"}
    kinds = [next(k for k, m in marks.items() if m in program) for program, _ in texts(task, sampled(task, 1, 1, 6000))]
    assert all(abs(kinds.count(operator) - 1000) < 150 for operator in OPERATORS)


def test_the_worked_example_of_the_docstring():
    task = Programs(operators=("subtract", "assign"))
    wanted = "a=7\nprint((3-(a+5)))\n"
    for seed in range(100):
        batch = sampled(task, 1, 2, 20_000, seed)
        coded = [task.symbols.index("\\n" if c == "\n" else c) for c in wanted + "-9"]
        rows = np.nonzero((batch.tokens[:, : len(coded)] == coded).all(axis=1))[0]
        if len(rows):
            break
    tokens, targets = batch.tokens[rows[0], : len(coded)], batch.targets[rows[0]]
    assert (targets[len(coded) :] == IGNORE).all()
    under = ["." if t == IGNORE else task.symbols[t] for t in targets[: len(coded)]]
    line = " ".join(["tokens", *(task.symbols[t] for t in tokens), "targets", *under])
    assert line in " ".join(Programs.__doc__.split())


def test_answers_vary():
    task = Programs()
    for nesting in (1, 3):
        answers = [answer for _, answer in texts(task, sampled(task, 1, nesting, 2000))]
        assert max(answers.count(answer) for answer in set(answers)) < 2000 * 0.12


def test_keeps_the_laws_of_a_task():
    check_task(Programs())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lengths": (0,)}, r"lengths must be increasing whole numbers from 1 on; got \[0\]"),
        ({"nestings": (0, 1)}, r"nestings must be increasing whole numbers from 1 on; got \[0, 1\]"),
        ({"operators": ()}, r"operators must be some of add, .*, each once; got \[\]"),
        ({"operators": ("add", "divide")}, r"operators must be some of .*; got \['add', 'divide'\]"),
        ({"operators": ("add", "add")}, r"operators must be some of .*; got \['add', 'add'\]"),
        ({"nestings": (7,)}, r"nesting must be at most 8 and .*; got length=3, nesting=14: shorten"),
        ({"nestings": (9,), "out_of_range": ()}, r"got length=3, nesting=9: shorten"),
        ({"lengths": (8,), "nestings": (3,)}, r"length \+ nesting at most 18; got length=16, nesting=3"),
        ({"mastery": 0}, r"mastery must be in \(0, 1\]; got 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Programs(**settings)

import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.memory.selective_copy import SelectiveCopy


def sampled(task, difficulty, size=40):
    return task.sample(np.random.default_rng(0), difficulty, size, Split.TRAIN)


def as_in_docstring(task, tokens, targets):
    """Tokens over targets, as the worked example of a docstring writes them, blanks squeezed."""
    under = ["." if t == IGNORE else task.symbols[t] for t in targets]
    return " ".join(["tokens", *(task.symbols[t] for t in tokens), "targets", *under])


@pytest.mark.parametrize(
    "difficulty",
    [
        *({"symbols": n, "blanks": m, "pattern": "random"} for n in (1, 4) for m in (0, 3)),
        *SelectiveCopy((1, 4), (0, 3)).beyond,
    ],
)
def test_answers_are_the_question_without_blanks(difficulty):
    task = SelectiveCopy(counts=(1, 4), blanks=(0, 3))
    batch = sampled(task, difficulty)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        text = [task.symbols[t] for t in tokens]
        question = text[: text.index("|")]
        kept = [symbol for symbol in question if symbol != "_"]
        assert [task.symbols[t] for t in targets if t != IGNORE] == kept
        assert (len(kept), question.count("_")) == (difficulty["symbols"], difficulty["blanks"])


def test_the_worked_example_of_the_docstring():
    task = SelectiveCopy(counts=(2,), blanks=(3,), num_symbols=4)
    batch = sampled(task, {"symbols": 2, "blanks": 3, "pattern": "random"}, 2000)
    shown = " ".join(SelectiveCopy.__doc__.split())
    assert any(as_in_docstring(task, *row) in shown for row in zip(batch.tokens, batch.targets, strict=True))


def test_every_choice_of_places_is_equally_likely():
    batch = sampled(SelectiveCopy(), {"symbols": 2, "blanks": 3, "pattern": "random"}, 10_000)
    blank = SelectiveCopy().symbols.index("_")
    _, counts = np.unique(batch.tokens[:, :5] == blank, axis=0, return_counts=True)
    assert len(counts) == 10  # 5 choose 2
    assert abs(counts - 1000).max() < 5 * np.sqrt(10_000 * 0.1 * 0.9)


def test_more_symbols_more_blanks_and_unseen_patterns_lie_beyond():
    beyond = [tuple(d.values()) for d in SelectiveCopy((1, 4), (0, 3)).beyond]
    random = [(7, 3, "random"), (10, 3, "random"), (4, 6, "random"), (4, 9, "random")]
    assert beyond == [*random, (4, 3, "runs"), (4, 3, "motif")]


def test_keeps_the_laws_of_a_task():
    check_task(SelectiveCopy())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"counts": (0,)}, r"counts must be increasing whole numbers from 1 on; got \[0\]"),
        ({"blanks": (-1, 2)}, r"blanks must be increasing whole numbers from 0 on; got \[-1, 2\]"),
        ({"num_symbols": 1}, r"num_symbols must be in \[2, 26\]; got 1"),
        ({"mastery": 0}, r"mastery must be in \(0, 1\]; got 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        SelectiveCopy(**settings)

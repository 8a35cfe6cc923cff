import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.tasks.memory.multi_query import MultiQueryRecall


def sampled(task, vocabulary, length, pairs, size=60):
    difficulty = {"vocabulary": vocabulary, "length": length, "pairs": pairs}
    return task.sample(np.random.default_rng(0), difficulty, size, Split.TRAIN)


def as_in_docstring(task, tokens, targets):
    """Tokens over targets, as the worked example of a docstring writes them, blanks squeezed."""
    under = ["." if t == IGNORE else task.symbols[t] for t in targets]
    return " ".join(["tokens", *(task.symbols[t] for t in tokens), "targets", *under])


@pytest.mark.parametrize("filler", [True, False])
@pytest.mark.parametrize(
    ("vocabulary", "length", "pairs"), [(16, 32, 2), (16, 32, 8), (32, 33, 4), (64, 64, 8), (64, 128, 8), (64, 64, 16)]
)
def test_each_key_comes_again_once_and_its_value_is_scored(filler, vocabulary, length, pairs):
    task = MultiQueryRecall(random_filler=filler)
    batch = sampled(task, vocabulary, length, pairs)
    assert batch.tokens.shape == (60, length - 1)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        text = [task.symbols[t] for t in tokens]
        told = dict(zip(text[0 : 2 * pairs : 2], text[1 : 2 * pairs : 2], strict=True))
        assert len(told) == pairs and all(key[0] == "k" and value[0] == "v" for key, value in told.items())
        later = [t for t in range(2 * pairs, length - 1) if text[t][0] == "k"]
        assert sorted(text[t] for t in later) == sorted(told)
        assert [t for t in range(length - 1) if targets[t] != IGNORE] == later
        assert [task.symbols[targets[t]] for t in later] == [told[text[t]] for t in later]
        assert all(int(symbol[1:]) < vocabulary // 2 for symbol in text if symbol != "_")
        assert ("_" in text) == (not filler and length > 4 * pairs)


def test_the_worked_example_of_the_docstring():
    task = MultiQueryRecall(vocabularies=(8,), lengths=(10,), pairs=(2,))
    batch = sampled(task, 8, 10, 2, 200_000)
    wanted = [task.symbols.index(symbol) for symbol in "k3 v1 k0 v2 k0 v2 v0 v3 k3".split()]
    row = next(iter(np.nonzero((batch.tokens == wanted).all(axis=1))[0]))
    shown = " ".join(MultiQueryRecall.__doc__.split())
    assert as_in_docstring(task, batch.tokens[row], batch.targets[row]) in shown


@pytest.mark.parametrize("power", [1.0, 0.01])
def test_gaps_follow_the_power_law(power):
    task = MultiQueryRecall(lengths=(22,), pairs=(1,), power=power)
    places = (sampled(task, 16, 22, 1, 20_000).targets != IGNORE).argmax(axis=1)
    weights = np.arange(1, 11) ** (power - 1.0)
    expected = 20_000 * weights / weights.sum()
    got = np.bincount((places - 2) // 2, minlength=10)
    assert abs(got - expected).max() < 5 * np.sqrt(expected.max())


def test_answers_vary():
    targets = sampled(MultiQueryRecall(), 16, 32, 8, 1000).targets
    assert np.bincount(targets[targets != IGNORE]).max() < 8000 * 0.15  # of 8 values


def test_only_what_fits_lies_beyond():
    beyond = MultiQueryRecall(vocabularies=(16,), lengths=(32, 40), pairs=(2, 8)).beyond
    assert [tuple(d.values()) for d in beyond] == [(16, 48, 8), (16, 56, 8)]  # 14 and 20 pairs fit nowhere
    own = MultiQueryRecall(out_of_range=({"vocabulary": 128, "length": 64, "pairs": 2},))
    assert own.vocab_size == 129


def test_keeps_the_laws_of_a_task():
    check_task(MultiQueryRecall())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vocabularies": (8, 8)}, r"vocabularies must be increasing whole numbers from 4 on; got \[8, 8\]"),
        ({"lengths": (2,)}, r"lengths must be increasing whole numbers from 4 on; got \[2\]"),
        ({"pairs": (0,)}, r"pairs must be increasing whole numbers from 1 on; got \[0\]"),
        ({"power": 0}, r"power must be in \(0, 1\]; got 0 "),
        (
            {"lengths": (16, 64)},
            r"needs length >= 4 pairs and .* got {'vocabulary': 16, 'length': 16, 'pairs': 8}: raise",
        ),
        ({"vocabularies": (8,)}, r"vocabulary >= 2 pairs; got {'vocabulary': 8, 'length': 32, 'pairs': 8}"),
        (
            {"out_of_range": ({"vocabulary": 16, "length": 64, "pairs": 9},)},
            r"got {'vocabulary': 16, 'length': 64, 'pairs': 9}",
        ),
        ({"mastery": 0}, r"mastery must be in \(0, 1\]; got 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        MultiQueryRecall(**settings)

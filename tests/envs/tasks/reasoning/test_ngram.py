import math
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest

from envs import IGNORE, Split, Suite
from envs.checks import check_task
from envs.tasks.reasoning.ngram import NGram

RHYME = "the cat sat on the mat, and the rat ate the oats that the cat had on the mat."


def sampled(task, order, size=400):
    return task.sample(np.random.default_rng(0), {"order": order}, size, Split.TRAIN)


def texts(task, batch):
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        assert (targets != IGNORE).all()
        yield "".join(task.symbols[t] for t in [*tokens, targets[-1]])


def successors(text, order):
    """What follows each context in a circular text."""
    table = defaultdict(Counter)
    circle = text * (2 + order // len(text))
    for start in range(len(text)):
        table[circle[start : start + order]][circle[start + order]] += 1
    return table


@pytest.fixture(scope="module")
def standard():
    return NGram()


@pytest.mark.parametrize("order", [0, 1, 2, 5, 12])
def test_characters_follow_their_contexts_as_often_as_in_the_text(order):
    task = NGram(RHYME, orders=(order,), length=40, beyond_orders=())
    table = successors(RHYME.replace(" ", "_"), order)
    drawn = defaultdict(Counter)
    for text in texts(task, sampled(task, order)):
        for t in range(order, len(text)):
            drawn[text[t - order : t]][text[t]] += 1
    assert set(drawn) <= set(table)
    for context, counts in drawn.items():
        total, expected = sum(counts.values()), table[context]
        assert set(counts) <= set(expected)
        for character, count in expected.items():
            share = count / sum(expected.values())
            assert abs(counts[character] - share * total) <= 6 * math.sqrt(total * share * (1 - share)) + 1e-9


@pytest.mark.parametrize("order", [0, 1, 3, 12])
def test_entropies_are_those_of_the_model(order):
    text = RHYME.replace(" ", "_")
    bits = 0.0
    for counts in successors(text, order).values():
        total = sum(counts.values())
        bits -= sum(c * math.log2(c / total) for c in counts.values()) / len(text)
    assert NGram(RHYME, orders=(order,), beyond_orders=()).entropies[order] == pytest.approx(bits, abs=1e-9)


def test_higher_orders_are_easier_to_predict_for_who_sees_the_context(standard):
    bits = [standard.entropies[order] for order in range(11)]
    assert all(a > b > 0 for a, b in pairwise(bits))
    assert 3.9 < bits[0] < 4.4 and standard.entropies[12] < bits[10]


def test_the_start_is_uniform_over_the_text():
    task = NGram("abcdefgh", orders=(1,), length=3, beyond_orders=())
    first = sampled(task, 1, 8000).tokens[:, 0]
    assert abs(np.bincount(first, minlength=8)[:8] - 1000).max() < 150


def test_the_worked_example_of_the_docstring():
    task = NGram("abac", orders=(1,), length=4, beyond_orders=())
    lines = [" ".join(["tokens", *text[:-1], "targets", *text[1:]]) for text in set(texts(task, sampled(task, 1)))]
    assert any(line in " ".join(NGram.__doc__.split()) for line in lines)
    assert len(lines) == 2**2 + 2**3  # b or c: twice in a walk that starts at a, else three times


def test_text_comes_as_str_bytes_or_file_in_a_small_alphabet(tmp_path):
    text = "Ab,  c\n1.é"
    file = tmp_path / "text.txt"
    file.write_bytes(text.encode("latin-1"))
    tasks = [NGram(source, orders=(9,), beyond_orders=(), length=9) for source in (text, text.encode("latin-1"), file)]
    for task in tasks:
        assert set("".join(texts(task, sampled(task, 9, 50)))) == set("ab,_c.")
        assert task.version == tasks[0].version
    assert any("ab,_c_._" in walk for walk in texts(tasks[0], sampled(tasks[0], 9, 50)))


def test_the_version_follows_text_and_settings():
    versions = [NGram(RHYME), NGram(RHYME + "x"), NGram(RHYME, length=8), NGram(RHYME, orders=(1, 2))]
    assert len({task.version for task in versions}) == 4


def test_competence_is_linear_between_the_anchors():
    task = NGram(RHYME, start_bits=4, goal_bits=2)
    bits = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    np.testing.assert_allclose(task.competence(bits * np.log(2), bits, bits), [0, 0, 0.5, 1, 1])


def test_an_order_is_mastered_at_a_share_of_what_it_can_teach():
    """Entropy 3.0 between 4 and 2 bits: at half of the way a quarter of the competence; at most at ``mastery``."""
    task = NGram(RHYME, orders=(0, 1, 2), start_bits=4, goal_bits=2, mastery=0.9, share=0.5)
    task.entropies.update({0: 3.0, 1: 2.5, 2: 0.1})
    got = [task.threshold({"order": order}) for order in (0, 1, 2)]
    assert got == pytest.approx([0.9 * 0.25, 0.9 * 0.375, 0.9 * 0.975])
    assert NGram(RHYME, orders=(6,), mastery=0.9).threshold({"order": 6}) == 0.9
    assert Suite([task]).thresholds.tolist() == got


def test_keeps_the_laws_of_a_task(standard):
    check_task(standard)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"orders": (3, 1)}, r"orders must be increasing whole numbers from 0 on; got \[3, 1\]"),
        ({"orders": (13,)}, r"orders must be in \[0, 12\]; got \[12, 13\]"),
        ({"beyond_orders": (-1,)}, r"orders must be in \[0, 12\]; got \[-1, 0"),
        ({"length": 0}, r"length must be at least 1; got 0"),
        ({"start_bits": 2, "goal_bits": 2}, r"start_bits must be finite and exceed goal_bits"),
        ({"start_bits": math.inf}, r"start_bits must be finite"),
        ({"mastery": 0}, r"mastery and share be in \(0, 1\]; .* mastery=0"),
        ({"start_bits": 3.0}, r"order 0 has 3.\d\d bits .* below start_bits=3.0; raise start_bits"),
        ({"share": 1.5}, r"share be in \(0, 1\]; .* share=1.5"),
        ({"source": "1234"}, r"at least two different characters; got 1 in all"),
        ({"source": ""}, r"at least two different characters; got 0 in all"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        NGram(**{"source": RHYME, **settings})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cannot read text file .*missing"):
        NGram(tmp_path / "missing")

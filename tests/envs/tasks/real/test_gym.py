import random
import sys

import numpy as np
import pytest

from envs import IGNORE, Split
from envs.checks import check_task
from envs.checks.task import watched_stream
from envs.tasks.real.gym import ReasoningGymTask


def chain(**settings):
    return ReasoningGymTask("chain_sum", **{"question": "expression", "pool_size": 300, "num_levels": 3, **settings})


def read(task, batch):
    """Question and answer of each row, through the symbols."""
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        said = [" " if t == 32 else task.symbols[t] for t in tokens]
        scored = [task.symbols[t] for t in targets if t != IGNORE]
        at = said.index("SEP")
        assert scored[-1] == "END" and (targets[:at] == IGNORE).all() and targets[at] != IGNORE
        yield "".join(said[:at]), "".join(scored[:-1])


def test_answers_are_right_and_of_the_difficulty_asked_for():
    task = chain()
    difficulties = [{"num_terms": n, "num_digits": d} for n in (2, 3, 4) for d in (1, 2, 3)]
    for difficulty in (*difficulties, *task.beyond):
        for question, answer in read(task, task.sample(np.random.default_rng(0), difficulty, 40, Split.TEST)):
            parts = question.split(" ")
            total = int(parts[0])
            for sign, number in zip(parts[1::2], parts[2::2], strict=True):
                total += int(number) if sign == "+" else -int(number)
            assert total == int(answer)
            assert len(parts) // 2 + 1 == difficulty["num_terms"]
            assert {len(number) for number in parts[::2]} == {difficulty["num_digits"]}


def test_the_worked_example_of_the_docstring():
    task = chain(pool_size=2000)
    difficulty = {"num_terms": 2, "num_digits": 1}
    batches = [task.sample(np.random.default_rng(0), difficulty, 900, split) for split in Split]
    found = [(b, r) for b in batches for r in range(900) if bytes(b.tokens[r, :5].astype(np.uint8)) == b"4 - 9"]
    batch, row = found[0]
    assert [task.symbols[t] for t in batch.tokens[row]] == ["4", "␣", "-", "␣", "9", "SEP", "-", "5"]
    assert batch.targets[row].tolist() == [IGNORE] * 5 + [ord("-"), ord("5"), 257]


def test_keeps_the_laws_of_a_task():
    check_task(chain())


@pytest.mark.parametrize("generator", ["spell_backward", "count_bits", "pool_matrix", "base_conversion", "gcd"])
def test_other_generators_keep_the_laws_too(generator):
    task = ReasoningGymTask(generator, num_levels=1, num_beyond=0, pool_size=64, max_length=2000)
    check_task(task)
    again = ReasoningGymTask(generator, num_levels=1, num_beyond=0, pool_size=64, max_length=2000)
    difficulty = {axis.name: axis.values[0] for axis in task.axes}
    for split in Split:
        a, b = (t.sample(np.random.default_rng(0), difficulty, 64, split) for t in (task, again))
        np.testing.assert_array_equal(a.tokens, b.tokens)


def questions(task, difficulty, split):
    return {q for q, _ in read(task, task.sample(np.random.default_rng(0), difficulty, 4000, split))}


def test_no_question_is_in_two_splits_and_a_pool_does_not_depend_on_what_was_asked_before():
    easy, hard = {"num_terms": 2, "num_digits": 1}, {"num_terms": 3, "num_digits": 1}
    task = chain(pool_size=2000)
    found = {split: questions(task, easy, split) for split in Split}
    assert not (found[Split.TRAIN] & found[Split.PROBE] or found[Split.TRAIN] & found[Split.TEST])
    assert not found[Split.PROBE] & found[Split.TEST]
    assert len(set.union(*found.values())) == 200  # a + b and a - b: all there are
    assert 0.7 < len(found[Split.TRAIN]) / 200 < 0.9
    other = chain(pool_size=2000)
    other.sample(np.random.default_rng(1), hard, 5, Split.TEST)
    assert {split: questions(other, easy, split) for split in reversed(Split)} == found


def test_a_question_keeps_its_split_at_every_difficulty():
    axes = {"max_terms": (2, 4), "max_digits": (1, 2)}  # upper bounds: the harder holds the easier
    task = chain(axes=axes, settings={"min_digits": 1}, pool_size=3000)
    settings = [{"max_terms": n, "max_digits": d} for n in (2, 4) for d in (1, 2)]
    found = {split: set.union(*(questions(task, s, split) for s in settings)) for split in Split}
    assert set.intersection(questions(task, settings[0], Split.TRAIN), questions(task, settings[2], Split.TRAIN))
    assert not found[Split.TRAIN] & found[Split.TEST] and not found[Split.TRAIN] & found[Split.PROBE]


def test_axes_are_the_levels_of_the_curriculum():
    assert [(axis.name, axis.values) for axis in chain().axes] == [("num_terms", (2, 3, 4)), ("num_digits", (1, 2, 3))]
    assert chain().beyond == ({"num_terms": 5, "num_digits": 3}, {"num_terms": 4, "num_digits": 4})
    task = chain(axes={"num_terms": (3, 5)})
    assert task.axes[0].values == (3, 5) and task.beyond == ({"num_terms": 6},)
    assert chain(axes=["num_digits"], num_beyond=2).beyond == ({"num_digits": 4}, {"num_digits": 5})
    # Levels that are no scalars are numbered; a range that must be an interval has no last level of its own.
    assert ReasoningGymTask("calendar_arithmetic", ["tasks"]).axes[0].values[:2] == (0, 1)
    assert ReasoningGymTask("count_bits", num_levels=9).axes[0].values == (10, 1000, 1_000_000, 100_000_000)
    config = ReasoningGymTask("count_bits").configuration({"n": 1000})
    assert (config.min_n, config.max_n) == (1000, 1_000_000)


def test_a_generator_without_a_curriculum_takes_values_of_its_configuration():
    assert chain(axes={"max_digits": (1, 2)}).configuration({"max_digits": 2}).max_digits == 2
    with pytest.raises(ValueError, match=r"gsm_symbolic has no curriculum: give axes as a mapping .*: difficulty"):
        ReasoningGymTask("gsm_symbolic")
    task = ReasoningGymTask("gsm_symbolic", {"difficulty": (1.0,)}, pool_size=100, max_length=2000)
    check_task(task)


def test_settings_are_fixed_fields_of_the_configuration():
    task = chain(settings={"allow_negation": True})
    assert task.configuration({"num_terms": 2, "num_digits": 1}).allow_negation
    assert any("+ -" in q for q in questions(task, {"num_terms": 2, "num_digits": 1}, Split.TRAIN))
    assert task.version != chain().version


def test_a_generator_that_draws_from_the_global_streams_gets_its_own(monkeypatch):
    from reasoning_gym.arithmetic.chain_sum import ChainSumDataset

    def drawn(self, number):
        text = f"{random.random()} {np.random.random()}"  # noqa: NPY002
        return {"question": text, "answer": text, "metadata": {"expression": text}}

    monkeypatch.setattr(ChainSumDataset, "__getitem__", drawn)
    difficulty = {"num_terms": 2, "num_digits": 1}
    first = questions(chain(), difficulty, Split.TRAIN)
    random.seed(3)
    before = random.getstate()
    with watched_stream() as untouched:
        assert questions(chain(), difficulty, Split.TRAIN) == first
        assert untouched()
    assert random.getstate() == before


def test_competence_is_exact_match():
    scores = np.array([0.3, 0.2]), np.array([0.5, 0.9]), np.array([0.1, 0.8])
    np.testing.assert_array_equal(chain().competence(*scores), scores[2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"generator": "chain_sums"}, r"reasoning-gym has no generator 'chain_sums'; did you mean .*chain_sum"),
        ({"generator": "zzzz"}, "reasoning-gym has no generator 'zzzz'; there are: ab, acre"),
        ({"axes": ["num_term"]}, "chain_sum has no attribute 'num_term'; did you mean num_terms"),
        ({"axes": ["max_terms"]}, "'max_terms' is a field of chain_sum without levels: give its values"),
        ({"axes": {"num_terms": (3, 2)}}, r"levels of 'num_terms' .* in order; got \[3, 2\]"),
        ({"axes": {"num_terms": (2, 99)}}, r"levels of 'num_terms' of chain_sum must be among \[2, 3, .*got \[2, 99\]"),
        ({"settings": {"max_term": 1}}, "chain_sum has no setting 'max_term'; did you mean max_terms"),
        ({"settings": {"seed": 1}}, "chain_sum has no setting 'seed'"),
        ({"mastery": 0}, r"mastery in \(0, 1\]; got .*mastery=0"),
        ({"pool_size": 2}, "pool_size 3, .*pool_size=2"),
    ],
)
def test_arguments_that_do_not_do_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ReasoningGymTask(**{"generator": "chain_sum", **arguments})


@pytest.mark.parametrize(
    ("arguments", "difficulty", "message"),
    [
        ({"max_length": 20}, {"num_terms": 5}, r"a question with answer of \d+ tokens, more than max_length 20: raise"),
        ({"question": "moon"}, {"num_terms": 2}, "no metadata 'moon'; there are: source_dataset"),
        ({"axes": {"max_terms": (1,)}}, {"max_terms": 1}, r"chain_sum refuses \{'max_terms': 1\}: max_terms must be"),
        ({"settings": {"max_digits": 0}}, {"num_terms": 2}, "chain_sum refuses .*: max_digits must be"),
        ({"pool_size": 3}, {"num_terms": 2}, r"gave [123] distinct questions, none of them for .*: raise pool_size"),
        ({"generator": "propositional_logic", "axes": ["vars"]}, {"vars": 2}, "gives no reference answer .got None"),
    ],
)
def test_pools_that_do_not_do_are_refused(arguments, difficulty, message):
    task = ReasoningGymTask(**{"generator": "chain_sum", "axes": ["num_terms"], **arguments})
    with pytest.raises(ValueError, match=message):
        task.sample(np.random.default_rng(0), difficulty, 4, Split.TRAIN)


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    with pytest.raises(ImportError, match=r"pip install 'paceline\[reasoning\]'"):
        ReasoningGymTask("chain_sum")

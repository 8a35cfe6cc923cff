"""Every built-in suite keeps the laws of its tasks, also under modifiers, and can be listed, profiled and taught."""

import numpy as np
import pytest

from benchmarks.settings import STUDENTS, SUITES, TEACHERS, WRAPPERS, make_suite
from envs import Split
from envs.checks import check_modifier, check_task
from envs.tasks import (
    Augmented,
    CausalShuffle,
    Copy,
    DataScale,
    Forecast,
    Jitter,
    LabelNoise,
    Lego,
    MultiQueryRecall,
    NGram,
    Parity,
    RareEvents,
    Reverse,
    ShiftAnchors,
    Subsample,
    TextTask,
    TSCLAddition,
    shared_vocabulary,
)

NAMES = [name for name in SUITES if name != "hf"]  # which needs a data set


@pytest.mark.parametrize("name", NAMES)
def test_its_tasks_keep_the_laws_and_reach_beyond_what_is_taught(name):
    suite = make_suite(name, {})
    assert suite.name == name and suite.num_arms > 1 and suite.fingerprint == make_suite(name, {}).fingerprint
    for task in suite.tasks:
        check_task(task)
        if name != "tscl-addition":  # of one width: nothing longer fits
            assert task.beyond


def test_the_authors_format_reaches_beyond_where_there_is_room():
    check_task(TSCLAddition(digits=(1, 2, 3), max_digits=5))
    assert TSCLAddition(digits=(1, 2, 3), max_digits=5).beyond


def test_formal_languages_are_tested_as_far_beyond_as_is_asked():
    suite = make_suite("formal", {"operations": (2, 4), "tested": (1.5, 2.5)})
    assert (
        suite.num_arms == make_suite("formal", {}).num_arms
        and suite.fingerprint != make_suite("formal", {}).fingerprint
    )
    axes = {"modular_arithmetic": "length", "stack_manipulation": "actions"}
    beyond = {task.name: [d[axes.get(task.name, "length")] for d in task.beyond] for task in suite.tasks}
    assert beyond == {
        "parity": [12, 20],
        "modular_arithmetic": [6, 10],
        "stack_manipulation": [6, 10],
        "reverse": [6, 10],
        "copy": [6, 10],
    }
    for task in suite.tasks:
        check_task(task)


@pytest.mark.parametrize(
    "tested",
    [(1.0,), (0.5,), (-2.0,), (float("inf"),), (float("nan"),), (1e308,), (1.1,), (2.0, 2.0), (2.5, 1.5), (1.5, 1.6)],
    ids=str,
)
def test_what_is_taught_is_not_tested_as_beyond_nor_any_length_twice(tested):
    with pytest.raises(ValueError, match=r"come to ever longer ones; got .* for parity, whose longest is 4"):
        make_suite("formal", {"parities": (2, 4), "tested": tested})


@pytest.mark.parametrize(
    "task",
    [Copy(lengths=(2, 4)), Lego(chains=(1, 2)), Parity(lengths=(2, 8)), Forecast(granularities=(1,)), TSCLAddition()],
    ids=lambda task: task.name,
)
@pytest.mark.parametrize("modifier", [LabelNoise, DataScale, RareEvents])
def test_modifiers_of_data_fit_every_kind_of_task(task, modifier):
    check_modifier(modifier(task))


@pytest.mark.parametrize(
    "task",
    [
        Augmented(Forecast(granularities=(1,), horizons=(4,), contexts=(8, 16)), Jitter()),
        Augmented(TextTask(contexts=(16, 32)), Subsample()),
        Augmented(NGram(orders=(1, 2), length=32), Subsample()),
        Augmented(TextTask(contexts=(16, 32)), ShiftAnchors()),
        Augmented(Lego(chains=(1, 2)), CausalShuffle()),
        Augmented(MultiQueryRecall(vocabularies=(16,), lengths=(32,), pairs=(2, 4)), CausalShuffle()),
        LabelNoise(Augmented(Lego(chains=(1, 2)), CausalShuffle())),
        *shared_vocabulary([Copy(lengths=(2, 4)), Parity(lengths=(2, 4)), TextTask(contexts=(16,))], announce=True),
    ],
    ids=lambda task: task.name,
)
def test_augmentations_and_shared_vocabularies_of_real_tasks_stay_aligned(task):
    check_modifier(task)


def test_reversal_and_a_real_text_share_one_labelling_convention():
    """Synthetic and real data in one curriculum: equal signs are equal tokens, and each arm says what it is."""
    reverse, text = shared_vocabulary([Reverse(lengths=(2,)), TextTask(contexts=(16,))], announce=True)
    assert reverse.vocab_size == text.vocab_size
    for task, difficulty in ((reverse, {"length": 2, "pattern": "random"}), (text, {"context": 16, "domain": "json"})):
        batch = task.sample(np.random.default_rng(0), difficulty, 3, Split.TRAIN)
        assert {task.symbols[token] for token in batch.tokens[:, 0]} == {f"<{task.name}>"}
    assert reverse.symbols == text.symbols and len(set(text.symbols)) == len(text.symbols)


def test_rare_classes_are_a_row_of_the_ladder():
    suite = make_suite("tiers", {})
    names = [suite.arm_name(arm) for arm in range(suite.num_arms, suite.num_arms + suite.num_beyond)]
    assert any("tail=rare" in name for name in names) and any("pattern=motif" in name for name in names)
    assert not suite.arms.targets[suite.arms.tasks == 2].any()  # reversal is auxiliary
    assert set(suite.weights[suite.arms.tasks == 2]) == {0.5}


def test_no_name_is_of_two_components():
    """Flags are named for components: ``--skills.counts`` could not say whose it is."""
    names = [name for known in (SUITES, STUDENTS, TEACHERS, WRAPPERS) for name in known]
    assert sorted(names) == sorted(set(names))


def test_unrelated_skills_are_told_apart_and_all_count():
    suite = make_suite("skills", {})
    assert suite.num_arms == 12 and suite.arms.targets.all() and len(set(suite.arms.tasks)) == 4
    firsts = {arm: set(suite.batch(arm, 0, 0, Split.TRAIN, 4).tokens[:, 0].tolist()) for arm in range(12)}
    assert len(set.union(*firsts.values())) == 4 and all(len(first) == 1 for first in firsts.values())

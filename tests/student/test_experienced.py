import numpy as np
import pytest
import torch

from benchmarks.settings import make_student
from envs import Split, stack
from envs.checks import check_student
from student import GRU, Experienced, TorchStudent


def experienced(suite, num_learners=1, arms=(0,), updates=4, batch_size=8):
    inner = TorchStudent(lambda: GRU(suite.vocab_size, 8), num_learners)
    return Experienced(inner, suite, arms, updates, batch_size)


def test_keeps_the_laws_of_a_student(suite):
    check_student(lambda num_learners: experienced(suite, num_learners, arms=(0, 2)), suite)


def test_every_learner_has_its_own_past_and_every_step_its_own_batch(suite, monkeypatch):
    asked = []
    inner = suite.batch
    monkeypatch.setattr(type(suite), "batch", lambda self, *arguments: asked.append(arguments) or inner(*arguments))
    experienced(suite, 2, arms=(0, 1, 2), updates=30).reset([1, 2])
    pasts = [[(arm, index) for arm, index, seed, *_ in asked if seed == own] for own in (1, 2)]
    assert [len(past) for past in pasts] == [30, 30] and len(set(pasts[0])) == 30
    assert [arm for arm, _ in pasts[0]] != [arm for arm, _ in pasts[1]]
    assert {arm for arm, _ in pasts[0]} == {0, 1, 2}


def test_a_past_is_remembered_by_all_its_seeds(suite):
    student = experienced(suite, 2)
    student.reset([1, 2])
    second = [p.clone() for p in student.models[1].parameters()]
    student.reset([1, 3])
    assert not all(torch.equal(a, b) for a, b in zip(second, student.models[1].parameters(), strict=True))


def test_knows_what_it_was_taught_and_not_the_rest(suite):
    student = experienced(suite, updates=150, batch_size=32)
    student.reset([0])
    plain = student.inner
    known, unknown = (student.evaluate(stack([suite.batch(arm, 0, 0, Split.TEST, 64)])).loss.mean() for arm in (0, 2))
    plain.reset([0])
    before, before_unknown = (
        plain.evaluate(stack([suite.batch(arm, 0, 0, Split.TEST, 64)])).loss.mean() for arm in (0, 2)
    )
    assert known < 0.8 * before
    assert before - known > before_unknown - unknown


def test_a_reset_with_the_same_seeds_is_the_same_and_trains_once(suite, monkeypatch):
    student = experienced(suite)
    student.reset([3])
    first = [p.clone() for p in student.models[0].parameters()]
    batch = stack([suite.batch(1, 0, 3, Split.TRAIN, 8)])
    scores = student.train(batch)
    calls = []
    monkeypatch.setattr(student.inner, "train", calls.append)
    student.reset([3])
    assert not calls
    assert all(torch.equal(a, b) for a, b in zip(first, student.models[0].parameters(), strict=True))
    monkeypatch.undo()
    np.testing.assert_array_equal(student.train(batch).loss, scores.loss)
    student.reset([4])
    assert not all(torch.equal(a, b) for a, b in zip(first, student.models[0].parameters(), strict=True))


def test_its_past_holds_no_batch_of_its_lifetime(suite, monkeypatch):
    asked = []
    inner = suite.batch
    monkeypatch.setattr(type(suite), "batch", lambda self, *arguments: asked.append(arguments) or inner(*arguments))
    experienced(suite, arms=(0, 2)).reset([5])
    assert len(asked) == 4
    assert {arm for arm, *_ in asked} <= {0, 2}
    assert all(index >= 2**31 and seed == 5 and split is Split.TRAIN for _, index, seed, split, _ in asked)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": ()}, r"arms of the past must be some of 0 to 2; got \(\)"),
        ({"arms": (3,)}, r"some of 0 to 2; got \(3,\)"),
        ({"updates": 0}, "updates and batch_size must be at least 1; got 0 and 8"),
    ],
)
def test_mistakes_are_said(suite, changes, said):
    with pytest.raises(ValueError, match=said):
        experienced(suite, **changes)


def test_on_the_command_line_it_knows_every_second_arm(suite):
    student = make_student("lstm-experienced", suite, 1, {"width": 8, "past": 2})
    assert tuple(student.arms) == (0, 2)
    assert student.updates == 2
    assert make_student("lstm-experienced", suite, 1, {"width": 8, "knows": (1,)}).arms == (1,)

import numpy as np
import pytest

import envs
from envs import ScriptedStudent, Split, stack
from envs.checks import check_student


def chain(num_learners=1, **options):
    suite = envs.Suite([envs.Addition(digits=(1, 2, 3))])
    student = ScriptedStudent(suite, num_learners, **options)
    student.reset(list(range(num_learners)))
    return suite, student


def teach(suite, student, arm):
    return student.train(stack([suite.batch(arm, 0, k, Split.TRAIN, 4) for k in range(student.num_learners)]))


def test_the_best_curriculum_takes_exactly_best_updates():
    suite, student = chain(rate=0.13, spread=0.3)
    best = int(student.best_updates()[0])
    taken = 0
    for arm in range(3):
        while student.skills[0, arm] < 1:
            teach(suite, student, arm)
            taken += 1
    assert taken == best and student.best_updates()[0] == 0


def test_a_skill_waits_for_the_level_below():
    suite, student = chain(rate=0.5, spread=0.0)
    teach(suite, student, 1)
    assert student.skills.tolist() == [[0, 0, 0]]
    for _ in range(2):
        teach(suite, student, 0)
    teach(suite, student, 1)
    assert student.skills.tolist() == [[1, 0.5, 0]]


def test_scores_are_those_before_the_step_and_in_closed_form():
    suite, student = chain(rate=0.25, spread=0.0)
    scores = teach(suite, student, 0)
    np.testing.assert_allclose(scores.loss, np.log(12))
    np.testing.assert_allclose(teach(suite, student, 0).sequence_accuracy, 0.25)


def test_keeps_the_laws_of_a_student(suite):
    check_student(lambda num_learners: ScriptedStudent(suite, num_learners), suite)


@pytest.mark.parametrize("options", [{"rate": 0}, {"rate": 2}, {"spread": 1}])
def test_refuses_rates_out_of_range(options, suite):
    with pytest.raises(ValueError, match=r"rate must be in \(0, 1\] and spread in \[0, 1\)"):
        ScriptedStudent(suite, **options)

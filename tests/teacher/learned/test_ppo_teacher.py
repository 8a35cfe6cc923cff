import dataclasses

import numpy as np
import pytest
from teacher_support import chain, network_weights

import envs
import teacher
from envs.features import ARM_FEATURES
from teacher.checks import check_teacher
from teacher.learned.files import save_policy
from teacher.loop import Feedback


@pytest.fixture
def folder(tmp_path):
    return saved(tmp_path / "t")


def saved(where, features=ARM_FEATURES, seed=0, width=8):
    save_policy(where, network_weights(len(features), width, seed), features, {})
    return where


def test_it_keeps_the_laws_of_teachers(folder):
    check_teacher(lambda: teacher.PPOTeacher(str(folder)), learns=False)


def test_deployed_it_gives_a_mixture_of_its_own_in_every_suite(folder):
    grid = envs.Suite([envs.AdditionGrid(first=(1, 2), second=(1, 2)), envs.Copy(lengths=(2, 4))])
    for suite in (envs.Suite([envs.Addition(digits=(1,))]), grid):
        env = envs.CurriculumVectorEnv(suite, budget=60)
        rows = list(teacher.run(teacher.load_general(folder), env, seed=0))
        assert len(rows) == 6 and rows[-1].mixture.shape == (1, suite.num_arms)
        np.testing.assert_allclose(rows[-1].mixture.sum(axis=1), 1.0)
        if suite.num_arms > 1:
            assert np.ptp(rows[-1].mixture) > 1e-3


def test_a_floor_and_a_temperature(folder):
    suite = envs.Suite([envs.Addition(digits=(1, 2, 3))])
    obs, _ = envs.CurriculumVectorEnv(suite).reset(seed=0)

    def mixture(**options):
        made = teacher.load_general(folder, **options)
        made.reset(suite.arms, 1, 0)
        return made.act(obs)[0]

    plain = mixture()
    np.testing.assert_allclose(mixture(floor=0.3), 0.7 * plain + 0.1)
    warm = plain ** (1 / 5)
    np.testing.assert_allclose(mixture(temperature=5.0), warm / warm.sum(), rtol=1e-5)


class _Student:
    """What arms show, decision by decision: arm 0 only every third, lower each time if it forgets."""

    def __init__(self, forgets):
        self.forgets, self.decision = forgets, 0

    def feedback(self, num_arms):
        away = self.decision % 3 != 0
        count = np.full((1, num_arms), 8)
        count[0, 0] = 0 if away else 8
        competence = np.full((1, num_arms), 0.9)
        if self.forgets and self.decision % 2:
            competence[0, 0] = 0.2
        self.decision += 1
        nothing = np.zeros((1, num_arms))
        return Feedback(gain=nothing, loss=nothing, competence=np.where(count > 0, competence, 0.0), count=count)


@pytest.mark.parametrize("forgets", [False, True])
def test_a_student_that_forgets_is_given_some_of_everything(folder, forgets):
    suite = envs.Suite([envs.Addition(digits=(1, 2, 3))])
    obs, _ = envs.CurriculumVectorEnv(suite).reset(seed=0)
    watching, plain = teacher.load_general(folder), teacher.load_general(folder, rehearsal=0.0)
    student = _Student(forgets)
    for made in (watching, plain):
        made.reset(suite.arms, 1, 0)
    for _ in range(4):  # away, away, back and worse
        feedback = student.feedback(suite.num_arms)
        for made in (watching, plain):
            made.update(obs, made.act(obs), feedback)
    expected = plain.act(obs)
    if forgets:
        np.testing.assert_allclose(watching.diagnostics()["forgetting"], [0.7 / 4])
        expected = (1 - 0.375) * expected + 0.375 / 3
        np.testing.assert_allclose(watching.act(obs), expected)
    else:
        np.testing.assert_array_equal(watching.act(obs), expected)  # the same bits
    assert plain.diagnostics() == {}


def test_features_that_the_observation_lacks_are_named(tmp_path):
    other = saved(tmp_path / "other", features=("exists", "mood"))
    with pytest.raises(ValueError, match="reads the features mood, which the observation lacks"):
        teacher.PPOTeacher(str(other)).reset(chain(3), 1, 0)


def test_a_teacher_that_changed_since_the_run_began_is_refused(folder):
    env = envs.CurriculumVectorEnv(budget=60)
    taught = teacher.PPOTeacher(str(folder))
    run = teacher.run(taught, env, seed=0)
    next(run)
    state = teacher.snapshot(taught, env)
    saved(folder, seed=1)
    with pytest.raises(ValueError, match="has changed since the run began"):
        list(teacher.run(teacher.PPOTeacher(str(folder)), envs.CurriculumVectorEnv(budget=60), seed=0, state=state))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"temperature": 0.0}, "temperature must be above 0 and finite; got 0.0"),
        ({"floor": 1.5}, r"floor must be in \[0, 1\]; got 1.5"),
        ({"rehearsal": -0.1}, r"rehearsal must be in \[0, 1\]; got -0.1"),
    ],
)
def test_what_is_out_of_range_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        teacher.PPOTeacher(**options)


def test_nothing_is_loaded_until_it_is_needed():
    made = teacher.PPOTeacher("/nowhere")
    assert dataclasses.asdict(made)["path"] == "/nowhere"
    with pytest.raises(ValueError, match="cannot read the teacher /nowhere"):
        made.reset(chain(2), 1, 0)
    with pytest.raises(ValueError, match="cannot read the teacher /nowhere"):
        teacher.load_general("/nowhere")

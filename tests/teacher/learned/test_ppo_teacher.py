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


@pytest.mark.parametrize("forgets", [False, True])
def test_a_student_that_forgets_is_given_some_of_everything(folder, forgets):
    suite = envs.Suite([envs.Addition(digits=(1, 2, 3))])
    obs, _ = envs.CurriculumVectorEnv(suite).reset(seed=0)
    watching, plain = teacher.load_general(folder), teacher.load_general(folder, rehearsal=0.0)
    for made in (watching, plain):
        made.reset(suite.arms, 1, 0)
    for decision in range(18):  # arm 0 is shown, away, back
        count, competence = np.full((1, 3), 32), np.full((1, 3), 0.9)
        count[0, 0] = 0 if decision % 3 == 1 else 32
        competence[0, 0] = 0.1 if forgets and decision % 3 == 2 else 0.9
        feedback = Feedback(np.zeros((1, 3)), np.zeros((1, 3)), competence, count)
        for made in (watching, plain):
            made.update(obs, made.act(obs), feedback)
    np.testing.assert_allclose(watching.diagnostics()["mean_fall"], [6 * 0.8 / 26 if forgets else 0.0], atol=1e-12)
    if forgets:
        np.testing.assert_allclose(watching.act(obs), 0.5 * plain.act(obs) + 0.5 / 3)
    else:
        np.testing.assert_array_equal(watching.act(obs), plain.act(obs))  # the same bits
    assert watching.diagnostics()["forgets"] == [forgets] and plain.diagnostics() == {}


def test_rows_that_forget_and_rows_that_do_not_are_apart_and_go_on_from_a_checkpoint(folder):
    suite = envs.Suite([envs.Addition(digits=(1, 2, 3))])
    obs = np.repeat(envs.CurriculumVectorEnv(suite).reset(seed=0)[0], 2, axis=0)

    def started(num_envs):
        made = teacher.load_general(folder)
        made.reset(suite.arms, num_envs, 0)
        return made

    def shown(
        decision,
    ):  # the first row forgets what it shows, is away from, comes back to; from decision 24 all is well
        count, competence = np.full((2, 3), 32), np.full((2, 3), 0.9)
        count[:, 0] = 0 if decision % 3 == 1 else 32
        competence[0, 0] = 0.1 if decision % 3 == 2 and decision < 24 else 0.9
        competence[:, 2] = 0.2 if decision < 27 else 0.9  # far from mastery, then near it
        return competence, count

    def learn(made, decision, rows):
        competence, count = (value[rows] for value in shown(decision))
        nothing = np.zeros(competence.shape)
        made.update(obs[rows], made.act(obs[rows]), Feedback(nothing, nothing, competence, count))
        return made.act(obs[rows])

    both, alone, resumed = started(2), (started(1), started(1)), started(2)
    for decision in range(30):
        given = learn(both, decision, slice(0, 2))
        for k in range(2):
            np.testing.assert_array_equal(given[k : k + 1], learn(alone[k], decision, slice(k, k + 1)))
        if decision == 25:
            resumed.load_state_dict(both.state_dict())
        if decision > 25:
            np.testing.assert_array_equal(given, learn(resumed, decision, slice(0, 2)))
    assert both.diagnostics()["forgets"].tolist() == [1.0, 0.0]
    np.testing.assert_allclose(given[0], [1 / 3] * 3)  # near mastery: all targets alike
    assert np.ptp(given[1]) > 1e-3


@pytest.mark.parametrize("options", [{"floor": 0.4}, {"rehearsal": 0.4}])
def test_padding_gets_nothing_of_what_is_spread(folder, options):
    students = envs.SimulatedStudents(6, envs.Population(num_arms=(2, 9)))
    obs, _ = students.reset(seed=0)
    exists = students.lifetimes.structure.exists
    made = teacher.load_general(folder, **options)
    made.reset(students.arms, 6, 0)
    state = made.state_dict()
    state["forgets"][:4] = True
    made.load_state_dict(state)
    spread = np.full(6, 0.4) if "floor" in options else np.array([0.4] * 4 + [0.0] * 2)
    assert not exists.all() and not made.act(obs)[~exists].any()
    least = (spread / exists.sum(axis=1))[:, None]
    assert (made.act(obs) >= np.where(exists, least, 0.0) - 1e-12).all()
    np.testing.assert_allclose(made.act(obs).sum(axis=1), 1.0)


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

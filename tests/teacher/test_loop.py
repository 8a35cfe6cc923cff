import numpy as np
import pytest

import envs
import student
import teacher
from teacher import Combined, Exp3, Exp3S, Uniform, run, snapshot


def scripted_env(num_envs=2, **options):
    return envs.CurriculumVectorEnv(num_envs=num_envs, budget=300, **options)


def torch_env(suite):
    learners = student.TorchStudent(lambda: student.LSTM(12, 8), 2)
    return envs.CurriculumVectorEnv(suite, learners, budget=100, batch_size=8, signal="PG")


def flat(row):
    return [row.decision, row.mixture, row.feedback.gain, row.feedback.count, row.reward, *row.info.values()]


@pytest.mark.parametrize("make", [Uniform, Combined, Exp3, Exp3S], ids=lambda m: m.__name__)
@pytest.mark.parametrize("kind", ["scripted", "torch"])
def test_stop_and_resume_equals_uninterrupted(make, kind, suite):
    def env():
        return scripted_env() if kind == "scripted" else torch_env(suite)

    whole = [flat(row) for row in run(make(), env(), seed=7)]
    first, first_env = make(), env()
    for row in run(first, first_env, seed=7):
        if row.decision == 3:
            state = snapshot(first, first_env)
            break
    rest = [flat(row) for row in run(make(), env(), seed=7, state=state)]
    assert len(rest) == len(whole) - 4
    for ours, theirs in zip(rest, whole[4:], strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_finished_lifetime_resumes_to_nothing():
    taught, env = Uniform(), scripted_env()
    list(run(taught, env, seed=0))
    assert list(run(Uniform(), scripted_env(), seed=0, state=snapshot(taught, env))) == []


def test_feedback_that_the_teacher_does_not_assume_is_refused():
    with pytest.raises(ValueError, match=r"Exp3 assumes full feedback, the environment gives sampled: .*probe='all'"):
        next(run(Exp3(feedback="full"), scripted_env()))
    with pytest.raises(ValueError, match="Exp3S assumes sampled feedback, the environment gives full"):
        next(run(Exp3S(), scripted_env(probe="all")))
    next(run(Uniform(), scripted_env(probe="all")))


def test_the_known_best_curriculum_beats_uniform_on_the_scripted_chain():
    """Combined is close to the optimum, uniform about A times it, and EXP3.S lies between."""

    def updates_to_mastery(taught):
        env = envs.CurriculumVectorEnv(num_envs=4, budget=3000)
        done = np.full(4, 3000)
        for row in run(taught, env, seed=0):
            mastered = (env.student.skills >= 1).all(axis=1)
            done = np.where(mastered & (done == 3000), row.info["updates"], done)
            if (done < 3000).all():
                break
        return done.mean()

    env = envs.CurriculumVectorEnv(num_envs=4)
    env.reset(seed=0)
    best = env.student.best_updates().mean()
    combined, exp3s, uniform = (updates_to_mastery(t) for t in (Combined(), Exp3S(eta=0.1), Uniform()))
    assert best <= combined < 2.5 * best
    assert combined < exp3s < 0.9 * uniform


def test_a_wrapped_environment_can_be_run_too():
    from gymnasium.vector import VectorActionWrapper

    class OnlyTheFirst(VectorActionWrapper):
        def actions(self, actions):
            return actions * (np.arange(actions.shape[1]) == 0)

    rows = list(run(Uniform(), OnlyTheFirst(scripted_env()), seed=0))
    assert len(rows) == 30 and isinstance(rows[0], teacher.Row)
    assert all((row.feedback.count[:, 1:] == 0).all() for row in rows)


def test_a_bandit_is_refused_where_its_mixture_does_not_draw():
    env = envs.CurriculumVectorEnv(weighting="loss", redraw="sequence", budget=20)
    with pytest.raises(ValueError, match=r"Exp3S takes its mixture for the chance .* its estimates would be biased"):
        next(teacher.run(teacher.Exp3S(), env, seed=0))
    assert next(teacher.run(teacher.Uniform(), env, seed=0)).decision == 0

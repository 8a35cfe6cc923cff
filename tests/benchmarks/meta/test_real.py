from pathlib import Path

import numpy as np
import pytest

import envs
from benchmarks.meta.real import RealStudents
from benchmarks.meta.training import MetaTrain, meta_train
from benchmarks.store import UserError
from teacher import load_general
from teacher.learned.settings import PPOSettings


def scripted(digits, num_learners=3, budget=40):
    suite = envs.Suite([envs.Addition(digits=range(1, digits + 1))])
    return envs.CurriculumVectorEnv(
        suite, envs.ScriptedStudent(suite, num_learners), budget=budget, reward="competence", batch_size=4, probe_size=4
    )


def test_suites_follow_each_other_padded_to_one_shape():
    env = RealStudents([scripted(2), scripted(4)])
    exists = env.feature_names.index("exists")
    for num_arms in (2, 4, 2):
        obs, _ = env.reset(seed=7) if num_arms == 2 and env._lifetimes < 0 else env.reset()
        assert obs in env.observation_space and obs.shape == (3, 4, len(env.feature_names))
        assert obs[..., exists].sum(axis=1).tolist() == [num_arms] * 3
        done = np.zeros(3, dtype=bool)
        while not done.any():
            obs, reward, done, truncated, _ = env.step(np.full((3, 4), 0.25))
            assert obs in env.observation_space and reward.shape == (3,) and not truncated.any()
        assert done.all()


def test_what_is_put_on_padding_is_lost():
    one, other = (RealStudents([scripted(2), scripted(4)]) for _ in range(2))
    one.reset(seed=0), other.reset(seed=0)
    some = one.step(np.tile([1.0, 1.0, 0.0, 0.0], (3, 1)))[0]
    np.testing.assert_array_equal(some, other.step(np.tile([1.0, 1.0, 5.0, 5.0], (3, 1)))[0])


def test_every_lifetime_has_students_of_its_own():
    env = RealStudents([scripted(2)])
    skills = []
    env.reset(seed=0)
    for _ in range(3):
        skills += env._env.student.skills[:, 0].tolist()
        env.reset()
    assert len(set(skills)) == 9


def test_stop_and_resume_is_exact():
    env = RealStudents([scripted(2), scripted(3)])
    env.reset(seed=0)
    env.reset()
    env.step(np.ones((3, 3)))
    state = env.state_dict()
    other = RealStudents([scripted(2), scripted(3)])
    other.load_state_dict(state)
    for _ in range(3):
        for left, right in zip(env.step(np.ones((3, 3)))[:3], other.step(np.ones((3, 3)))[:3], strict=True):
            np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(env.reset()[0], other.reset()[0])


def test_mistakes_are_said():
    with pytest.raises(ValueError, match=r"at least one, all of the same number of learners; got \[2, 3\]"):
        RealStudents([scripted(2), scripted(2, num_learners=2)])
    with pytest.raises(RuntimeError, match="step before reset"):
        RealStudents([scripted(2)]).step(np.ones((3, 2)))


QUICK = PPOSettings(rollout=4, batch_size=8, epochs=1, width=8)


def test_simulated_first_then_fine_tuned_on_real_students(tmp_path):
    first = meta_train(MetaTrain(tmp_path / "a", decisions=128, num_envs=8, held_out=8, wandb="disabled", ppo=QUICK))
    settings = MetaTrain(
        tmp_path / "b",
        students="lstm",
        suites="copy,addition-small",
        budget=40,
        num_envs=2,
        decisions=24,
        held_out=8,
        wandb="disabled",
        start_from=first,
        ppo=QUICK,
    )
    tuned = load_general(meta_train(settings)).policy
    assert tuned.card["training"]["start_from"] == load_general(first).policy.fingerprint != tuned.fingerprint
    before, after = load_general(first).policy.weights, tuned.weights
    assert all(0 < np.abs(before[name] - after[name]).max() < 0.1 for name in before)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"students": "nobody"}, "unknown student 'nobody'"),
        ({"students": "lstm", "suites": "juggling"}, "unknown suite 'juggling'"),
        ({"students": "lstm", "reward": "terminal"}, "reward terminal is of simulated students"),
        ({"start_from": Path("/nowhere")}, "cannot read the teacher /nowhere"),
    ],
)
def test_settings_that_cannot_be_are_one_line(tmp_path, changes, said):
    with pytest.raises(UserError, match=said):
        meta_train(MetaTrain(tmp_path / "t", num_envs=2, decisions=8, ppo=QUICK, wandb="disabled", **changes))
    assert not (tmp_path / "t").exists()


def test_another_width_is_refused(tmp_path):
    first = meta_train(MetaTrain(tmp_path / "a", decisions=128, num_envs=8, held_out=8, wandb="disabled", ppo=QUICK))
    with pytest.raises(UserError, match=r"must have shape .*; got .*: set ppo.width"):
        meta_train(MetaTrain(tmp_path / "b", decisions=128, num_envs=8, held_out=8, wandb="disabled", start_from=first))


def test_seeds_of_students_are_of_their_training_alone():
    def seeds(seed):
        env = RealStudents([scripted(2)])
        env.reset(seed=seed)
        found = list(env._env.seeds)
        env.reset()
        return {*found, *env._env.seeds}

    first, second = seeds(0), seeds(1)
    assert len(first) == len(second) == 6 and not first & second and min(first | second) > 1000

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as sb3_check_env

import envs
from envs import CurriculumEnv, CurriculumVectorEnv, DiscreteArm, FactoredArm, VectorDiscreteArm, VectorFactoredArm


def two_tasks():
    return envs.Suite([envs.Addition(digits=(1, 2, 3)), envs.Addition(digits=(1, 2), name="other")])


@pytest.mark.parametrize("wrapper", [DiscreteArm, FactoredArm])
def test_checkers_are_silent_on_the_wrapped_environment(wrapper):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings(
            "ignore", message=".*different from the unwrapped version.*"
        )  # it is: that is the point
        check_env(wrapper(gymnasium.make("paceline/Curriculum-v0", budget=50).unwrapped))
        sb3_check_env(wrapper(CurriculumEnv(budget=50)), warn=False)


def drawn(env, action):
    env.reset(seed=0)
    return np.flatnonzero(env.step(action)[4]["count"]).tolist()


def test_discrete_trains_the_arm():
    env = DiscreteArm(CurriculumEnv(two_tasks()))
    assert env.action_space.n == 5
    assert drawn(env, 3) == [3]
    with pytest.raises(ValueError, match=r"arm must be in \[0, 5\); got \[5\]"):
        env.step(5)


def test_factored_is_task_and_level_and_a_level_too_high_means_the_highest():
    env = FactoredArm(CurriculumEnv(two_tasks()))
    assert env.action_space.nvec.tolist() == [2, 3]
    assert drawn(env, [0, 2]) == [2]
    assert drawn(env, [1, 0]) == [3]
    assert drawn(env, [1, 2]) == [4]
    with pytest.raises(ValueError, match="within"):
        env.step([2, 0])


def test_axes_that_a_task_lacks_are_ignored(documents):
    suite = envs.Suite([envs.TextTask(documents, contexts=(8, 16)), envs.Addition(digits=(1, 2))])
    env = FactoredArm(CurriculumEnv(suite))
    assert env.action_space.nvec.tolist() == [2, 2, 2, 2]  # task, context, domain, digits
    assert drawn(env, [0, 1, 0, 1]) == [2]
    assert drawn(env, [1, 1, 1, 1]) == [5]


def test_vector_wrappers_act_row_by_row():
    env = VectorDiscreteArm(CurriculumVectorEnv(two_tasks(), num_envs=2))
    env.reset(seed=0)
    count = env.step(np.array([0, 4]))[4]["count"]
    assert (count > 0).tolist() == [[True, False, False, False, False], [False, False, False, False, True]]
    factored = VectorFactoredArm(CurriculumVectorEnv(two_tasks(), num_envs=2))
    factored.reset(seed=0)
    assert (factored.step(np.array([[0, 1], [1, 1]]))[4]["count"] > 0).argmax(axis=1).tolist() == [1, 4]
    assert factored.action_space.shape == (2, 2)

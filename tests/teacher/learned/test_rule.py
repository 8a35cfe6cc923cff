import numpy as np
import pytest
from teacher_support import network_weights

import envs
from envs.features import ARM_FEATURES, LEAST
from envs.simulated import SimulatedStudents
from teacher.learned.network import scores
from teacher.learned.rule import as_target_deficit
from teacher.mixtures import proportional, softmax


def weights(width=8, reads=ARM_FEATURES):
    return network_weights(len(reads), width)


def observed():
    env = SimulatedStudents(64)
    obs, _ = env.reset(seed=0)
    for _ in range(40):
        obs = env.step(obs[..., 0])[0]  # every arm alike
    return obs


def test_the_mixture_is_target_deficits_by_its_formula():
    obs = observed().astype(np.float64)
    column = {name: obs[..., i] for i, name in enumerate(ARM_FEATURES)}
    exists = column["exists"] > 0
    rule = as_target_deficit(weights(), ARM_FEATURES, LEAST)
    mixture = softmax(scores(rule, obs[..., : len(ARM_FEATURES)].astype(np.float32), exists))
    shortfall = np.maximum(column["shortfall"], LEAST)
    reach = np.exp((column["log_reach"] - 1) * -np.log(LEAST))
    expected = shortfall * reach**2 * np.where(column["is_target"] > 0, 1.0, 0.5) * exists
    np.testing.assert_allclose(mixture, proportional(expected), atol=1e-5)
    assert np.abs(mixture - proportional(exists * 1.0)).max() > 0.2  # nothing like uniform sampling


def test_reach_is_the_rules_own(suite):
    """In a chain: the easier arm's attained share, or one's own where that is more."""
    learner = envs.ScriptedStudent(suite)
    env = envs.CurriculumVectorEnv(suite, learner, budget=400, batch_size=16)
    obs, _ = env.reset(seed=0)
    for _ in range(12):
        obs = env.step(np.full((1, 3), 1 / 3))[0]
    names = env.feature_names
    attained = 1 - obs[0, :, names.index("shortfall")]
    reach = np.exp((obs[0, :, names.index("log_reach")] - 1) * -np.log(LEAST))
    expected = np.maximum([1.0, *attained[:-1]], attained)
    np.testing.assert_allclose(reach, np.maximum(expected, LEAST), rtol=1e-4)


def test_features_that_are_not_read_are_left_out():
    fewer = tuple(name for name in ARM_FEATURES if name != "log_reach")
    obs = observed()
    exists = obs[..., 0] > 0
    columns = [ARM_FEATURES.index(name) for name in fewer]
    mixture = softmax(scores(as_target_deficit(weights(reads=fewer), fewer, LEAST), obs[..., columns], exists))
    shortfall = np.maximum(obs[..., ARM_FEATURES.index("shortfall")], LEAST)
    half = np.where(obs[..., ARM_FEATURES.index("is_target")] > 0, 1.0, 0.5)
    np.testing.assert_allclose(mixture, proportional(shortfall * half * exists), atol=1e-5)


def test_a_network_too_narrow_is_refused():
    with pytest.raises(ValueError, match="needs 3 units; got width 2"):
        as_target_deficit(weights(width=2), ARM_FEATURES, LEAST)

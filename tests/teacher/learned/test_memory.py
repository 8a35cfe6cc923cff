"""A learned teacher with a memory of the student at hand: its network, its training, its deployment."""

import dataclasses

import numpy as np
import pytest
import torch
from gymnasium import spaces
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from teacher_support import chain

import envs
import teacher
from benchmarks.meta.simulation import held_out, teach_with_network
from envs.features import ARM_FEATURES
from envs.simulated import Population, SimulatedStudents
from teacher.checks import check_teacher
from teacher.learned.files import load_policy, save_policy
from teacher.learned.network import MEMORY_SHAPES, no_memory, num_units, remembered, scores
from teacher.learned.recurrent import RecurrentArmsPolicy
from teacher.learned.settings import PPOSettings
from teacher.learned.training import MetaTraining

SMALL = Population(num_arms=(2, 4), decisions=(10, 20))
QUICK = PPOSettings(rollout=16, batch_size=64, epochs=2, width=8, memory=5)
COLUMNS = [0, 3, 5, 9]


def policy(num_arms=6, num_features=12, units=5):
    torch.manual_seed(0)
    made = RecurrentArmsPolicy(
        spaces.Box(-2, 2, (num_arms, num_features)),
        spaces.Discrete(num_arms),
        lambda _: 1e-3,
        columns=COLUMNS,
        exists=0,
        width=8,
        memory=units,
    )
    with torch.no_grad():
        for value in made.parameters():
            value.add_(0.3 * torch.randn_like(value))
    return made


def history(decisions=7, num_envs=9, num_arms=6, exist=4):
    obs = np.random.default_rng(0).uniform(-1, 1, (decisions, num_envs, num_arms, 12)).astype(np.float32)
    exists = np.broadcast_to(np.arange(num_arms) < exist, obs.shape[1:3])
    obs[..., 0] = 1.0
    return obs * exists[..., None], exists


def softmax(logits):
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def test_numpy_equals_torch_decision_by_decision():
    made, weights = policy(), policy().weights()
    obs, exists = history()
    state, memory = tuple(torch.zeros(1, 9, 5) for _ in range(2)), no_memory(weights, 9)
    for seen in obs:
        distribution, state = made.get_distribution(torch.from_numpy(seen), state, torch.zeros(9))
        memory = remembered(weights, seen[..., COLUMNS], exists, memory)
        mixture = softmax(scores(weights, seen[..., COLUMNS], exists, memory))
        np.testing.assert_allclose(mixture, distribution.distribution.probs.detach().numpy(), atol=1e-5)
    np.testing.assert_allclose(memory[:, 0], state[0][0].detach().numpy(), atol=1e-5)
    assert np.abs(memory[:, 0]).max() > 0.1


def test_values_remember_and_padding_changes_nothing():
    made, short = policy(), policy(num_arms=4)
    short.load_state_dict(made.state_dict())
    obs, _ = history()
    zeros = tuple(torch.zeros(1, 9, 5) for _ in range(2))
    other = tuple(torch.ones(1, 9, 5) for _ in range(2))
    seen, starts = torch.from_numpy(obs[0]), torch.zeros(9)
    value = made.predict_values(seen, zeros, starts).detach()
    assert not torch.allclose(value, made.predict_values(seen, other, starts).detach(), atol=1e-3)
    np.testing.assert_allclose(value, short.predict_values(seen[:, :4], zeros, starts).detach(), atol=1e-5)
    alone = short(seen[:, :4], RNNStates(zeros, zeros), starts, deterministic=True)
    padded = made(seen, RNNStates(zeros, zeros), starts, deterministic=True)
    assert torch.equal(alone[0], padded[0])


def test_the_memory_is_of_all_arms_in_any_order():
    weights = policy().weights()
    obs, _ = history(exist=6)
    order = np.random.default_rng(1).permutation(6)
    once, again = no_memory(weights, 9), no_memory(weights, 9)
    for seen in obs:
        read = seen[..., COLUMNS]
        once, again = remembered(weights, read, None, once), remembered(weights, read[:, order], None, again)
    np.testing.assert_allclose(once, again, atol=1e-5)


def test_every_weight_of_the_memory_decides():
    weights = policy().weights()
    obs, _ = history(exist=6)
    memory = np.random.default_rng(0).normal(size=(9, 2, 5))
    read = obs[0][..., COLUMNS]

    def logits(of):
        return scores(of, read, None, remembered(of, read, None, memory))

    for name in MEMORY_SHAPES:
        assert np.abs(logits({**weights, name: weights[name] * 1.5}) - logits(weights)).max() > 1e-3, name


def training(seed=0, settings=QUICK, decisions=16 * 8 * 4):
    env = SimulatedStudents(8, SMALL)
    return MetaTraining(env, env.feature_names, ARM_FEATURES, seed, decisions, settings)


def test_every_part_is_trained():
    made = training()
    assert isinstance(made.model, RecurrentPPO)
    before = {name: value.clone() for name, value in made.model.policy.named_parameters()}
    list(made.run())
    for name, value in made.model.policy.named_parameters():
        assert not torch.equal(before[name], value), f"{name} was not trained"


@pytest.mark.parametrize("stop", [1, 3])
def test_stop_and_resume_is_exact(stop):
    made = training()
    run = made.run()
    for _ in range(stop):
        next(run)
    state = made.state_dict()
    list(run)
    other = training()
    other.load_state_dict(state)
    list(other.run())
    for name, value in made.weights().items():
        np.testing.assert_array_equal(other.weights()[name], value)


def test_deployed_it_remembers_and_keeps_the_laws_of_teachers(tmp_path):
    made = training()
    list(made.run())
    weights = {name: 2.0 * value for name, value in made.weights().items()}  # enough to tell memories apart
    save_policy(tmp_path, weights, ARM_FEATURES, {})
    assert num_units(load_policy(tmp_path).weights) == 5
    check_teacher(lambda: teacher.PPOTeacher(str(tmp_path)), learns=False)
    taught = teacher.load_general(tmp_path)
    env = envs.CurriculumVectorEnv(budget=60)
    list(teacher.run(taught, env, seed=0))
    kept = taught.state_dict()["memory"]
    assert kept.shape == (1, 2, 5) and np.abs(kept).max() > 0.01
    obs = env.observe()
    mixture = taught.act(obs)
    forgetful = teacher.load_general(tmp_path)
    forgetful.reset(env.suite.arms, 1, 0)
    assert np.abs(forgetful.act(obs) - mixture).max() > 1e-6


def test_in_simulation_as_deployed(tmp_path):
    """The network in all lifetimes at once gives what the teacher gives in one."""
    made = training()
    list(made.run())
    students = held_out(0, 6, SMALL)
    outcome = teach_with_network(made.weights(), ARM_FEATURES, students)
    save_policy(tmp_path, made.weights(), ARM_FEATURES, {})
    n = len(students.decisions)
    together = SimulatedStudents(n, lifetimes=students, autoreset=False)
    obs, _ = together.reset(seed=0)
    taught = teacher.load_general(tmp_path)
    taught.reset(chain(obs.shape[1]), n, 0)
    while not together.finished:
        mixture = taught.act(obs)
        before, obs = obs, together.step(mixture)[0]
        feedback = teacher.Feedback(
            *(np.zeros(mixture.shape) for _ in range(3)), np.ones(mixture.shape, dtype=np.int64)
        )
        taught.update(before, mixture, feedback)
    np.testing.assert_array_equal(np.minimum(together.mastered_at / students.decisions, 1.0), outcome.cost)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"algorithm": "a2c"}, "a memory needs ppo, or a RecurrentPPO of your own; got 'a2c'"),
        ({"algorithm": "sb3_contrib:RecurrentPPO", "memory": 0}, "needs a policy with a memory"),
        ({"memory": -1}, "memory must be at least 0; got -1"),
    ],
)
def test_mistakes_are_said(settings, said):
    with pytest.raises(ValueError, match=said):
        training(settings=dataclasses.replace(QUICK, **settings))


def test_other_memories_are_not_mixed_up(tmp_path):
    plain = training(settings=dataclasses.replace(QUICK, memory=0))
    with pytest.raises(ValueError, match=r"another memory: set ppo\.memory"):
        training().load_weights(plain.weights())
    wider = training(settings=dataclasses.replace(QUICK, memory=6))
    with pytest.raises(ValueError, match=r"set ppo\.width or ppo\.memory"):
        training().load_weights(wider.weights())
    weights = training().weights()
    with pytest.raises(ValueError, match="must hold the weights"):
        save_policy(tmp_path, {k: v for k, v in weights.items() if k != "recall.weight"}, ARM_FEATURES, {})
    with pytest.raises(ValueError, match=r"memory.weight_hh_l0 of the policy must have shape \(20, 5\)"):
        save_policy(tmp_path, {**weights, "memory.weight_hh_l0": np.zeros((20, 4))}, ARM_FEATURES, {})

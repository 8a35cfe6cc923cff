import dataclasses
import random
import tempfile

import numpy as np
import pytest
import torch
from stable_baselines3 import A2C, PPO

from benchmarks.meta.controls import ShuffledReward
from benchmarks.meta.simulation import held_out, teach_with_network
from envs.features import ARM_FEATURES
from envs.simulated import Population, SimulatedStudents
from teacher.learned.settings import PPOSettings
from teacher.learned.training import MetaTraining

SMALL = Population(num_arms=(2, 4), decisions=(10, 20))
QUICK = PPOSettings(rollout=16, batch_size=64, epochs=2, width=8)


def training(seed=0, decisions=16 * 8 * 4, settings=QUICK, env=None, reads=ARM_FEATURES):
    env = env or SimulatedStudents(8, SMALL)
    return MetaTraining(env, env.unwrapped.feature_names, reads, seed, decisions, settings)


def test_every_part_that_can_be_trained_changes():
    made = training()
    before = {name: value.clone() for name, value in made.model.policy.named_parameters()}
    list(made.run())
    for name, value in made.model.policy.named_parameters():
        assert not torch.equal(before[name], value), f"{name} was not trained"


def test_rollouts_say_what_happened():
    rollouts = list(training().run())
    assert [r.decisions for r in rollouts] == [128, 256, 384, 512]
    lived = [r for r in rollouts if r.num_lifetimes]
    assert lived and all(1 <= r.mean_length <= 20 and -1 <= r.mean_return <= 1 for r in lived)
    assert "train/entropy_loss" in rollouts[-1].logged


def test_training_leaves_no_folder_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    list(training().run())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stop", [0, 1, 3])
def test_stop_and_resume_is_exact(stop):
    made = training()
    run = made.run()
    for _ in range(stop):
        next(run)
    state = made.state_dict()
    on = list(run)
    other = training(seed=0)
    other.load_state_dict(state)
    resumed = list(other.run())
    assert [r.decisions for r in resumed] == [r.decisions for r in on]
    for name, value in made.weights().items():
        np.testing.assert_array_equal(other.weights()[name], value)


class Gentle(PPO):
    """One's own algorithm, which hands all on."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


@pytest.mark.parametrize("algorithm", ["a2c", f"{__name__}:Gentle"])
def test_other_algorithms_train_stop_and_resume(algorithm):
    settings = dataclasses.replace(QUICK, algorithm=algorithm)
    made = training(settings=settings)
    before = made.weights()
    run = made.run()
    next(run)
    state = made.state_dict()
    list(run)
    other = training(settings=settings)
    other.load_state_dict(state)
    list(other.run())
    assert type(made.model) is {"a2c": A2C}.get(algorithm, Gentle)
    assert made.model.gae_lambda == settings.gae_lambda and made.model.gamma == settings.gamma
    for name, value in made.weights().items():
        assert not np.array_equal(value, before[name])
        np.testing.assert_array_equal(other.weights()[name], value)


@pytest.mark.parametrize("algorithm", ["dqn", "stable_baselines3:DQN", "nowhere:Me", "stable_baselines3:Nobody"])
def test_an_algorithm_that_is_none_is_said(algorithm):
    with pytest.raises(ValueError, match="algorithm must be .*; got " + repr(algorithm)):
        training(settings=dataclasses.replace(QUICK, algorithm=algorithm))


def test_the_seed_is_used():
    first, again, other = training(0), training(0), training(1)
    for made in (first, again, other):
        list(made.run())
    for name, value in first.weights().items():
        np.testing.assert_array_equal(again.weights()[name], value)
    assert not np.array_equal(first.weights()["mix.weight"], other.weights()["mix.weight"])


def test_global_generators_are_left_as_they_were():
    def drawn(seed=False):
        if seed:
            random.seed(1), np.random.seed(1), torch.manual_seed(1)  # noqa: NPY002
        return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002

    drawn(seed=True)
    expected = drawn()
    drawn(seed=True)
    made = training(decisions=128)
    list(made.run())
    made.load_state_dict(made.state_dict())
    assert drawn() == expected


def test_the_learning_rate_falls_linearly():
    made = training(settings=PPOSettings(rollout=16, batch_size=64, width=8, learning_rate=1e-3, final_learning_rate=0))
    rates = [r.logged["train/learning_rate"] for r in made.run()]
    np.testing.assert_allclose(rates, [0.75e-3, 0.5e-3, 0.25e-3, 0.0], atol=1e-9)


def test_it_may_read_less():
    fewer = tuple(name for name in ARM_FEATURES if name != "difficulty")
    made = training(decisions=128, reads=fewer)
    list(made.run())
    assert made.weights()["encode.weight"].shape == (8, len(ARM_FEATURES) - 1)


def test_rewards_of_others_are_the_same_numbers_in_other_rows():
    plain, shuffled = SimulatedStudents(8, SMALL), ShuffledReward(SimulatedStudents(8, SMALL))
    plain.reset(seed=0), shuffled.reset(seed=0)
    arms = np.eye(4)[np.zeros(8, dtype=int)]
    paid, others = plain.step(arms)[1], shuffled.step(arms)[1]
    assert sorted(paid) == sorted(others) and not np.array_equal(paid, others)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: training(reads=("exists", "mood")), "the policy reads mood; the environment offers exists"),
        (lambda: training(decisions=0), "decisions must be at least 1"),
        (lambda: PPOSettings(gamma=1.5), "gamma and gae_lambda must be at most 1"),
        (lambda: PPOSettings(batch_size=1), "batch_size must be at least 2; got 1"),
        (lambda: PPOSettings(learning_rate=0.0), "learning_rate must be above 0; got 0.0"),
        (lambda: PPOSettings(entropy=float("nan")), "entropy must be at least 0; got nan"),
    ],
)
def test_mistakes_are_said(act, said):
    with pytest.raises(ValueError, match=said):
        act()


EASY = Population(
    num_arms=(4, 4), decisions=(40, 60), structures=(1, 0, 0, 0, 0, 0), gate_floor=(0.003, 0.01), prior_knowledge=0.0
)


def cost_after(env, decisions=150_000):
    made = training(0, decisions, PPOSettings(rollout=32, batch_size=512, width=16), env)
    lifetimes = held_out(1, 200, EASY)
    before = teach_with_network(made.weights(), ARM_FEATURES, lifetimes).cost.mean()
    list(made.run())
    return before, teach_with_network(made.weights(), ARM_FEATURES, lifetimes).cost.mean()


@pytest.mark.slow
def test_it_learns_to_teach_and_from_the_rewards_of_others_it_does_not():
    before, after = cost_after(SimulatedStudents(64, EASY))
    assert after < 0.85 * before
    before, after = cost_after(ShuffledReward(SimulatedStudents(64, EASY)))
    assert after > 0.9 * before

import numpy as np
import pytest
import torch
from gymnasium import spaces

from envs.features import ARM_FEATURES
from teacher.learned.network import SHAPES, scores
from teacher.learned.policy import ArmsPolicy

COLUMNS = [0, 3, 5, 9]


def policy(num_arms=6, num_features=12, width=16):
    torch.manual_seed(0)
    made = ArmsPolicy(
        spaces.Box(-2, 2, (num_arms, num_features)),
        spaces.Discrete(num_arms),
        lambda _: 1e-3,
        columns=COLUMNS,
        exists=0,
        width=width,
    )
    with torch.no_grad():
        for value in made.parameters():
            value.add_(0.3 * torch.randn_like(value))
    return made


def observed(num_envs=9, num_arms=6, num_features=12, exist=None):
    obs = np.random.default_rng(0).uniform(-1, 1, (num_envs, num_arms, num_features)).astype(np.float32)
    exists = np.ones((num_envs, num_arms), dtype=bool) if exist is None else np.arange(num_arms) < exist
    obs[..., 0] = 1.0
    return obs * np.broadcast_to(exists, obs.shape[:2])[..., None], np.broadcast_to(exists, obs.shape[:2])


def probabilities(made, obs):
    return made.get_distribution(torch.from_numpy(obs)).distribution.probs.detach().numpy()


def softmax(logits):
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("exist", [None, 1, 4])
def test_numpy_equals_torch(exist):
    made = policy()
    obs, exists = observed(exist=exist)
    np.testing.assert_allclose(
        softmax(scores(made.weights(), obs[..., COLUMNS], exists)), probabilities(made, obs), atol=1e-6
    )


def test_padding_is_never_chosen_and_changes_nothing():
    made = policy()
    obs, _ = observed(exist=4)
    padded = probabilities(made, obs)
    assert (padded[:, 4:] == 0).all()
    alone = softmax(scores(made.weights(), obs[:, :4, COLUMNS]))
    np.testing.assert_allclose(padded[:, :4], alone, atol=1e-6)
    short = policy(num_arms=4)
    short.load_state_dict(made.state_dict())
    np.testing.assert_allclose(
        made.predict_values(torch.from_numpy(obs)).detach(),
        short.predict_values(torch.from_numpy(obs[:, :4])).detach(),
        atol=1e-5,
    )


def test_permuting_arms_permutes_the_mixture():
    weights = policy().weights()
    obs, _ = observed()
    order = np.random.default_rng(1).permutation(6)
    np.testing.assert_allclose(
        scores(weights, obs[:, order][..., COLUMNS]), scores(weights, obs[..., COLUMNS])[:, order], atol=1e-5
    )


@pytest.mark.parametrize("num_arms", [1, 3, 200])
def test_any_number_of_arms(num_arms):
    weights = policy().weights()
    obs, _ = observed(num_arms=num_arms)
    assert scores(weights, obs[..., COLUMNS]).shape == (9, num_arms)


def test_several_draws_are_of_one_mixture():
    torch.manual_seed(0)
    made = ArmsPolicy(
        spaces.Box(-2, 2, (6, 12)), spaces.MultiDiscrete([6] * 3), lambda _: 1e-3, columns=COLUMNS, exists=0, width=16
    )
    one = policy()
    made.load_state_dict(one.state_dict())
    obs, _ = observed(exist=4)
    arms = torch.tensor([[0, 1, 1]] * len(obs))
    log_probs = np.log(probabilities(one, obs)[:, [0, 1, 1]]).sum(axis=1)
    np.testing.assert_allclose(made.evaluate_actions(torch.from_numpy(obs), arms)[1].detach(), log_probs, atol=1e-5)
    assert (made(torch.from_numpy(obs))[0] < 4).all()


def test_a_new_policy_is_nearly_uniform():
    torch.manual_seed(0)
    space = spaces.Box(-2, 2, (5, len(ARM_FEATURES)))
    made = ArmsPolicy(space, spaces.Discrete(5), lambda _: 1e-3, columns=list(range(len(ARM_FEATURES))), width=32)
    obs, _ = observed(num_arms=5, num_features=len(ARM_FEATURES))
    np.testing.assert_allclose(probabilities(made, obs), 0.2, atol=0.05)


def test_every_weight_decides():
    made = policy()
    obs, _ = observed()
    first = scores(made.weights(), obs[..., COLUMNS])
    for name in SHAPES:
        weights = made.weights()
        weights[name] = weights[name] * 1.5
        assert np.abs(scores(weights, obs[..., COLUMNS]) - first).max() > 1e-3, name

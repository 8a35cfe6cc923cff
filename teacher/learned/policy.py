"""The network of a learned teacher in torch, as a policy of stable-baselines3's actor-critic algorithms."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor, nn

_NEVER = -1e9  # the logit of padding


class _Encoder(BaseFeaturesExtractor):
    """From an observation ``(K, A, F)`` to ``(K, A (W + 1) + 2 W)``: each arm's code and mark, then their context."""

    def __init__(self, observation_space: spaces.Box, columns: list[int], exists: int, width: int):
        num_arms = observation_space.shape[0]
        super().__init__(observation_space, num_arms * (width + 1) + 2 * width)
        self.columns: Tensor
        self.register_buffer("columns", torch.tensor(columns), persistent=False)
        self.exists = exists
        self.encode = nn.Linear(len(columns), width)

    def forward(self, observed: Tensor) -> Tensor:
        exists = observed[..., self.exists : self.exists + 1]  # (K, A, 1)
        hidden = torch.relu(self.encode(observed[..., self.columns])) * exists  # (K, A, W)
        mean = hidden.sum(dim=1) / exists.sum(dim=1).clamp(min=1.0)
        most = hidden.amax(dim=1)  # relu is never below the zeros of padding
        return torch.cat([torch.cat([hidden, exists], dim=-1).flatten(1), mean, most], dim=1)


class _Body(nn.Module):
    """From the encoder's features to what scores arms ``(K, A, W + 1)``, padding marked, and what values ``(K, W)``.

    A memory of M units, if any, follows the features.
    """

    def __init__(self, width: int, memory: int):
        super().__init__()
        self.width, self.memory = width, memory
        self.mix = nn.Linear(width, width)
        self.context = nn.Linear(2 * width, width, bias=False)
        self.judge = nn.Linear(2 * width, width)
        self.latent_dim_pi = self.latent_dim_vf = width
        if memory:
            self.recall = nn.Linear(memory, width, bias=False)
            self.judge_recalled = nn.Linear(memory, width, bias=False)

    def _told(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Context ``(K, 2 W)`` and memory ``(K, M)``."""
        end = features.shape[1] - self.memory
        return features[:, end - 2 * self.width : end], features[:, end:]

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return self.forward_actor(features), self.forward_critic(features)

    def forward_actor(self, features: Tensor) -> Tensor:
        context, recalled = self._told(features)
        arms = features[:, : -2 * self.width - self.memory].reshape(len(features), -1, self.width + 1)
        told = self.context(context) + (self.recall(recalled) if self.memory else 0.0)
        return torch.cat([torch.relu(self.mix(arms[..., :-1]) + told[:, None]), arms[..., -1:]], dim=-1)

    def forward_critic(self, features: Tensor) -> Tensor:
        context, recalled = self._told(features)
        return torch.relu(self.judge(context) + (self.judge_recalled(recalled) if self.memory else 0.0))


class _Score(nn.Module):
    """Logits ``(K, m A)``, the same for each of m draws; those of padding are such that it is never chosen."""

    def __init__(self, width: int, draws: int):
        super().__init__()
        self.linear, self.draws = nn.Linear(width, 1), draws

    def forward(self, mixed: Tensor) -> Tensor:
        logits: Tensor = self.linear(mixed[..., :-1])[..., 0]
        return logits.masked_fill(mixed[..., -1] == 0, _NEVER).repeat(1, self.draws)


class OverArms(ActorCriticPolicy):
    """What policies here have in common: weights shared over arms, whose number and axes may be any.

    See ``teacher.learned.network.scores``. For ``Box (A, F)`` observations and ``Discrete (A)`` actions, or
    ``MultiDiscrete`` of several draws of an arm.

    Args:
        *args: of the policy.
        columns: the features that are read.
        exists: the feature that is 0 for padding.
        width: W.
        memory: units of a recurrent memory, M; 0: none.
        **kwargs: of the policy.
    """

    def __init__(
        self, *args: Any, columns: list[int], exists: int = 0, width: int = 64, memory: int = 0, **kwargs: Any
    ):
        self._width, self._memory = width, memory
        kwargs.update(
            features_extractor_class=_Encoder,
            features_extractor_kwargs={"columns": columns, "exists": exists, "width": width},
            ortho_init=False,
        )
        super().__init__(*args, **kwargs)

    def _build_mlp_extractor(self) -> None:
        self.mlp_extractor = _Body(self._width, self._memory)  # type: ignore[assignment]

    def _build(self, lr_schedule: Any) -> None:
        super()._build(lr_schedule)
        draws = len(self.action_space.nvec) if isinstance(self.action_space, spaces.MultiDiscrete) else 1
        score = _Score(self._width, draws)
        nn.init.normal_(score.linear.weight, std=0.01)  # starts out uniform
        nn.init.zeros_(score.linear.bias)
        self.action_net = score
        self._optimise_all(lr_schedule)

    def _optimise_all(self, lr_schedule: Any) -> None:
        """An optimizer of all parameters that there are now."""
        optimizer: Any = self.optimizer_class
        self.optimizer = optimizer(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)

    def _modules_of_actor(self) -> dict[str, Any]:
        """Modules that ``network.scores`` reads, by its names."""
        body: Any = self.mlp_extractor
        encoder: Any = self.features_extractor
        score: Any = self.action_net.linear
        return {"encode": encoder.encode, "mix": body.mix, "context": body.context, "score": score}

    def _parts(self) -> dict[str, Any]:
        named = {part: module.named_parameters() for part, module in self._modules_of_actor().items()}
        return {f"{part}.{name}": w for part, parameters in named.items() for name, w in parameters}

    def weights(self) -> dict[str, Any]:
        """What ``network.scores`` reads, as float32 arrays."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self._parts().items()}

    def load_weights(self, weights: dict[str, Any]) -> None:
        """Restores ``weights``.

        Raises:
            ValueError: of another width or memory.
        """
        own = self._parts()
        if set(own) != set(weights):
            raise ValueError("the weights are of a network with another memory: set ppo.memory")
        for name, value in own.items():
            if value.shape != weights[name].shape:
                raise ValueError(
                    f"{name} must have shape {tuple(value.shape)}; got {weights[name].shape}: set ppo.width or "
                    "ppo.memory"
                )
            with torch.no_grad():
                value.copy_(torch.from_numpy(weights[name]))


class ArmsPolicy(OverArms):
    """Without memory, for stable-baselines3's own algorithms: see ``OverArms``."""

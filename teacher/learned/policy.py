"""The network of a learned teacher in torch, as a policy of stable-baselines3's actor-critic algorithms."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor, nn

_NEVER = -1e9  # the logit of padding


class _AsIs(BaseFeaturesExtractor):
    """Hands the observation ``(K, A, F)`` on."""

    def __init__(self, observation_space: spaces.Box):
        num_arms, num_features = observation_space.shape
        super().__init__(observation_space, num_arms * num_features)

    def forward(self, observations: Tensor) -> Tensor:
        return observations


class _Body(nn.Module):
    """From features ``(K, A, F)`` to what scores arms ``(K, A, W + 1)``, padding marked, and what values ``(K, W)``."""

    def __init__(self, columns: list[int], exists: int, width: int):
        super().__init__()
        self.columns: Tensor
        self.register_buffer("columns", torch.tensor(columns), persistent=False)
        self.exists, self.width = exists, width
        self.encode = nn.Linear(len(columns), width)
        self.mix = nn.Linear(width, width)
        self.context = nn.Linear(2 * width, width, bias=False)
        self.judge = nn.Linear(2 * width, width)
        self.latent_dim_pi = self.latent_dim_vf = width

    def _encoded(self, observed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        exists = observed[..., self.exists : self.exists + 1]  # (K, A, 1)
        hidden = torch.relu(self.encode(observed[..., self.columns])) * exists  # (K, A, W)
        mean = hidden.sum(dim=1) / exists.sum(dim=1).clamp(min=1.0)
        return hidden, torch.cat([mean, hidden.amax(dim=1)], dim=1), exists  # relu is never below the zeros of padding

    def forward(self, observed: Tensor) -> tuple[Tensor, Tensor]:
        hidden, context, exists = self._encoded(observed)
        mixed = torch.relu(self.mix(hidden) + self.context(context)[:, None])
        return torch.cat([mixed, exists], dim=-1), torch.relu(self.judge(context))

    def forward_actor(self, observed: Tensor) -> Tensor:
        return self.forward(observed)[0]

    def forward_critic(self, observed: Tensor) -> Tensor:
        return torch.relu(self.judge(self._encoded(observed)[1]))


class _Score(nn.Module):
    """Logits ``(K, m A)``, the same for each of m draws; those of padding are such that it is never chosen."""

    def __init__(self, width: int, draws: int):
        super().__init__()
        self.linear, self.draws = nn.Linear(width, 1), draws

    def forward(self, mixed: Tensor) -> Tensor:
        logits: Tensor = self.linear(mixed[..., :-1])[..., 0]
        return logits.masked_fill(mixed[..., -1] == 0, _NEVER).repeat(1, self.draws)


class ArmsPolicy(ActorCriticPolicy):
    """Shares its weights over arms, whose number and axes may be any; see ``teacher.learned.network.scores``.

    For ``Box (A, F)`` observations and ``Discrete (A)`` actions, or ``MultiDiscrete`` of several draws of an arm.

    Args:
        *args: of ``ActorCriticPolicy``.
        columns: the features that are read.
        exists: the feature that is 0 for padding.
        width: W.
        **kwargs: of ``ActorCriticPolicy``.
    """

    def __init__(self, *args: Any, columns: list[int], exists: int = 0, width: int = 64, **kwargs: Any):
        self._of_body = (columns, exists, width)
        kwargs.update(features_extractor_class=_AsIs, ortho_init=False)
        super().__init__(*args, **kwargs)

    def _build_mlp_extractor(self) -> None:
        self.mlp_extractor = _Body(*self._of_body)  # type: ignore[assignment]

    def _build(self, lr_schedule: Any) -> None:
        super()._build(lr_schedule)
        draws = len(self.action_space.nvec) if isinstance(self.action_space, spaces.MultiDiscrete) else 1
        score = _Score(self._of_body[-1], draws)
        nn.init.normal_(score.linear.weight, std=0.01)  # starts out uniform
        nn.init.zeros_(score.linear.bias)
        self.action_net = score
        optimizer: Any = self.optimizer_class
        self.optimizer = optimizer(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)

    def _parts(self) -> dict[str, Any]:
        """The tensors that ``network.scores`` reads, by its names."""
        body: Any = self.mlp_extractor
        score: Any = self.action_net.linear
        parts = {"encode": body.encode, "mix": body.mix, "context": body.context, "score": score}
        return {f"{part}.{name}": w for part, module in parts.items() for name, w in module.named_parameters()}

    def weights(self) -> dict[str, Any]:
        """What ``network.scores`` reads, as float32 arrays."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self._parts().items()}

    def load_weights(self, weights: dict[str, Any]) -> None:
        """Restores ``weights``.

        Raises:
            ValueError: of another width.
        """
        for name, value in self._parts().items():
            if value.shape != weights[name].shape:
                raise ValueError(
                    f"{name} must have shape {tuple(value.shape)}; got {weights[name].shape}: set ppo.width"
                )
            with torch.no_grad():
                value.copy_(torch.from_numpy(weights[name]))

"""The network of a learned teacher with a memory, as a policy of sb3-contrib's RecurrentPPO."""

from __future__ import annotations

from typing import Any

import torch
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from torch import Tensor, nn

from teacher.learned.policy import OverArms


class _Memory(nn.Module):
    """An LSTM over the context of all arms, which ends the features; what it remembers is put behind them.

    It has the interface of ``nn.LSTM`` that RecurrentPPO looks at.
    """

    num_layers = 1

    def __init__(self, features: int, context: int, units: int):
        super().__init__()
        self.input_size, self.hidden_size, self._context = features, units, context
        self.lstm = nn.LSTM(context, units)

    def forward(self, features: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Features ``(T, N, D)`` -> ``(T, N, D + M)``."""
        recalled, state = self.lstm(features[..., -self._context :], state)
        return torch.cat([features, recalled], dim=-1), state


class RecurrentArmsPolicy(OverArms, RecurrentActorCriticPolicy):
    """With a memory of the student at hand: one for all arms, so that their number may still be any.

    Args:
        *args: of ``RecurrentActorCriticPolicy``.
        memory: units, M.
        **kwargs: of ``OverArms``.

    Reference: Y. Duan et al., RL2: Fast Reinforcement Learning via Slow Reinforcement Learning (2016),
    arXiv:1611.02779: a recurrent policy that identifies the task at hand.
    """

    def __init__(self, *args: Any, memory: int, **kwargs: Any):
        super().__init__(*args, memory=memory, lstm_hidden_size=memory, **kwargs)
        remembers = [_Memory(self.features_dim, 2 * self._width, memory) for _ in range(2)]
        self.lstm_actor, self.lstm_critic = remembers  # type: ignore[assignment]
        self._optimise_all(args[2] if len(args) > 2 else kwargs["lr_schedule"])

    def _modules_of_actor(self) -> dict[str, Any]:
        body: Any = self.mlp_extractor
        return {**super()._modules_of_actor(), "memory": self.lstm_actor.lstm, "recall": body.recall}

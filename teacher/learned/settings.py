"""Settings of meta-training."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class PPOSettings:
    """Of stable-baselines3's PPO, and of the network.

    Raises:
        ValueError: a value out of range.
    """

    algorithm: str = "ppo"
    """ppo, a2c, or another on-policy algorithm with stable-baselines3's interface: package.module:Class."""
    learning_rate: float = 1e-3
    """Adam's, at the start; it falls linearly."""
    final_learning_rate: float = 2e-5
    """.. to this."""
    rollout: int = 64
    """Decisions of every row between two updates of the policy."""
    batch_size: int = 2048
    """Decisions in a minibatch."""
    epochs: int = 3
    """Passes over a rollout."""
    gamma: float = 0.997
    """Discount per decision; 0 makes it a contextual bandit."""
    gae_lambda: float = 0.95
    """Of the advantage estimate."""
    entropy: float = 0.003
    """Weight of the entropy bonus."""
    clip: float = 0.2
    """Of the probability ratio."""
    draws: int = 4
    """Arms drawn for a decision; 1: one arm for the whole of it."""
    width: int = 32
    """Units of each layer of the network."""
    memory: int = 0
    """Units of a recurrent memory of the student at hand; 0: none. With one, RecurrentPPO learns (sb3-contrib)."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                continue
            least = 0 if field.name in ("gamma", "gae_lambda", "entropy", "final_learning_rate", "memory") else 1e-12
            if not math.isfinite(value) or value < least:
                raise ValueError(f"{field.name} must be {'at least' if least == 0 else 'above'} 0; got {value}")
        for name, least in (("batch_size", 2), ("rollout", 1), ("epochs", 1), ("draws", 1), ("width", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}; got {getattr(self, name)}")
        if self.gamma > 1 or self.gae_lambda > 1:
            raise ValueError(f"gamma and gae_lambda must be at most 1; got {self.gamma}, {self.gae_lambda}")

"""Controls of meta-training: what a teacher learns from a reward that says nothing of its own choices."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper
from numpy.typing import NDArray


class ShuffledReward(VectorWrapper[Any, Any, Any]):
    """Every row is paid the reward of another row of the same step: the same numbers, not of its own doing.

    Raises:
        ValueError: a single row, which has no other.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]):
        super().__init__(env)
        if env.num_envs < 2:
            raise ValueError("shuffled rewards are those of another row: num_envs must be at least 2; got 1")

    def step(self, actions: Any) -> tuple[Any, NDArray[np.float64], Any, Any, dict[str, Any]]:
        """One decision; rewards move on by half the rows."""
        obs, reward, terminated, truncated, info = self.env.step(actions)
        return obs, np.roll(reward, self.num_envs // 2), terminated, truncated, info

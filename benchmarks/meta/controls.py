"""Controls of meta-training: a reward that says nothing of one's own choices; a network that never learned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper
from numpy.typing import NDArray

from teacher.learned.files import CARD
from teacher.learned.network import Weights

RANDOM, SHUFFLED = "random-frozen", "shuffled-reward"


def control_of(folder: str) -> str | None:
    """Which control a learned teacher is: ``random-frozen``, ``shuffled-reward``, or None for one that learned.

    Its card says so, by the reward it was trained on or, where it was not trained, by its name; without a card that can
    be read (any more), the name of the folder.
    """
    try:
        card = json.loads((Path(folder) / CARD).read_text(encoding="utf-8"))
        if "training" in card:
            return SHUFFLED if card["training"].get("reward") == "shuffled" else None
        name = card.get("name")
    except (OSError, ValueError, AttributeError):
        name = Path(folder).name
    return next((control for control in (RANDOM, SHUFFLED) if control == name), None)


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


def random_weights(like: Weights, seed: int) -> Weights:
    """Weights of the same shapes, never trained: normal, of variance two over the number of inputs; biases zero.

    The policy that PPO starts from is no such control: its scores start at zero, so that it is uniform sampling.

    Reference: K. He et al., Delving Deep into Rectifiers (2015), arXiv:1502.01852, equation 10.
    """
    rng = np.random.default_rng(seed)
    scale = {name: 0.0 if value.ndim == 1 else np.sqrt(2.0 / value.shape[1]) for name, value in sorted(like.items())}
    return {name: (s * rng.standard_normal(like[name].shape)).astype(np.float32) for name, s in scale.items()}

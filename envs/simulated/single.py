"""One simulated lifetime as a gymnasium environment: the K = 1 row of the population."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from envs.simulated.population import Population
from envs.simulated.vector import SimulatedStudents


class SimulatedStudent(gymnasium.Env[NDArray[np.float32], NDArray[Any]]):
    """One lifetime; every reset draws the next. See ``SimulatedStudents``, whose leading K is dropped everywhere.

    Args:
        population: what lifetimes are drawn from.
        **settings: see ``SimulatedSettings``.
    """

    def __init__(self, population: Population | None = None, **settings: Any):
        self.metadata = {"render_modes": []}
        self.vector = SimulatedStudents(1, population, autoreset=False, **settings)
        self.observation_space = self.vector.single_observation_space
        self.action_space = self.vector.single_action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Starts the next lifetime; with a seed, the first of its stream."""
        super().reset(seed=seed)
        obs, info = self.vector.reset(seed=seed, options=options)
        return obs[0], _row(info)

    def step(self, action: NDArray[Any]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One decision by weights ``(A,)``."""
        obs, reward, terminated, truncated, info = self.vector.step(np.asarray(action)[None])
        return obs[0], float(reward[0]), bool(terminated[0]), bool(truncated[0]), _row(info)


def _row(info: dict[str, Any]) -> dict[str, Any]:
    return {name: value[0].item() if value.ndim == 1 else value[0] for name, value in info.items()}

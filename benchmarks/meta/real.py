"""Lifetimes of real students for meta-training: K in lockstep, one suite after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from envs import CurriculumVectorEnv
from envs.features import ARM_FEATURES

_STUDENTS = 108  # stream of students' seeds, apart from all others


class RealStudents(VectorEnv[NDArray[np.float32], Any, NDArray[Any]]):
    """K real students in lockstep; every reset goes on to the next suite, with fresh students.

    Arms beyond a suite's own are padding, zero in the observation, which holds the features that every suite has:
    ``Box (A, F)``, A the largest number of arms. What an action puts on padding is lost.

    Args:
        environments: one per suite, each of K learners.

    Raises:
        ValueError: none, or of different numbers of learners.
    """

    def __init__(self, environments: Sequence[CurriculumVectorEnv]):
        sizes = {env.num_envs for env in environments}
        if len(sizes) != 1:
            raise ValueError(
                f"environments must be at least one, all of the same number of learners; got {sorted(sizes)}"
            )
        self._envs = list(environments)
        self.num_envs = sizes.pop()
        self.metadata = {"autoreset_mode": AutoresetMode.DISABLED, "render_modes": []}
        num_arms = max(env.suite.num_arms for env in self._envs)
        self._shape = (self.num_envs, num_arms, len(ARM_FEATURES))
        bounds = [np.zeros((num_arms, len(ARM_FEATURES)), dtype=np.float32) for _ in range(2)]
        for bound, own in zip(bounds, ("low", "high"), strict=True):
            bound[:] = getattr(self._envs[0].single_observation_space, own)[0, : len(ARM_FEATURES)]
        self.single_observation_space = spaces.Box(bounds[0], bounds[1], dtype=np.float32)
        self.single_action_space = spaces.Box(0.0, 1.0, (num_arms,), dtype=np.float32)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.feature_names = ARM_FEATURES
        self._seed, self._lifetimes = 0, -1  # -1: not reset yet

    @property
    def _env(self) -> CurriculumVectorEnv:
        return self._envs[self._lifetimes % len(self._envs)]

    def _padded(self, obs: NDArray[np.float32]) -> NDArray[np.float32]:
        padded = np.zeros(self._shape, dtype=np.float32)
        padded[:, : obs.shape[1]] = obs[..., : len(ARM_FEATURES)]
        return padded

    def reset(
        self, *, seed: int | list[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Fresh students in the next suite; with a seed, in the first, and all that follows derives from it."""
        if seed is not None:
            self._seed, self._lifetimes = int(seed[0] if isinstance(seed, list) else seed), -1
        self._lifetimes += 1
        # Apart from the seeds 0, 1, .. of benches, and other for every seed of a training.
        stream = np.random.default_rng([self._seed, _STUDENTS, self._lifetimes])
        obs, _ = self._env.reset(seed=[int(number) for number in stream.integers(2**20, 2**31, self.num_envs)])
        return self._padded(obs), {}

    def step(
        self, actions: NDArray[Any]
    ) -> tuple[NDArray[np.float32], NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One decision of every row, by weights ``(K, A)``.

        Raises:
            RuntimeError: before the first reset.
        """
        if self._lifetimes < 0:
            raise RuntimeError("step before reset: call reset(seed=...) first")
        num_arms = self._env.suite.num_arms
        obs, reward, terminated, truncated, _ = self._env.step(np.asarray(actions)[:, :num_arms])
        return self._padded(obs), reward, terminated, truncated, {}

    def state_dict(self) -> dict[str, Any]:
        """All that the future depends on, the students' state included."""
        return {"seed": self._seed, "lifetimes": self._lifetimes, "env": self._env.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken, of an environment made with the same arguments."""
        self._seed, self._lifetimes = int(state["seed"]), int(state["lifetimes"])
        self._env.load_state_dict(state["env"])

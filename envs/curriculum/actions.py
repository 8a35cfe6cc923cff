"""Discrete views of the mixture action, for teachers that pick one arm: thin wrappers that make one-hot mixtures."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import VectorActionWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from envs.batch import Ints
from envs.curriculum.single import CurriculumEnv
from envs.curriculum.vector import CurriculumVectorEnv
from envs.suite import Arms


def _one_hot(arms: Ints, num_arms: int) -> NDArray[np.float32]:
    if ((arms < 0) | (arms >= num_arms)).any():
        raise ValueError(f"arm must be in [0, {num_arms}); got {arms.tolist()}")
    return np.eye(num_arms, dtype=np.float32)[arms]


class _Grid:
    """The arms as (task, level on each axis); a level above the task's own highest means its highest."""

    def __init__(self, arms: Arms):
        self._levels = np.zeros((arms.tasks.max() + 1, len(arms.axes)), dtype=np.int64)  # levels of each task's axes
        np.maximum.at(self._levels, arms.tasks, arms.positions + 1)
        self.space = spaces.MultiDiscrete(np.concatenate([[len(self._levels)], self._levels.max(axis=0)]))
        self._arm_at = {
            (int(t), *map(int, p)): a for a, (t, p) in enumerate(zip(arms.tasks, arms.positions, strict=True))
        }

    def arms(self, actions: Ints) -> Ints:
        """Arm numbers of actions ``(K, 1 + D)``: ``(K,)``."""
        if (actions < 0).any() or (actions >= self.space.nvec).any():
            raise ValueError(f"action must be (task, levels) within {self.space.nvec.tolist()}; got {actions.tolist()}")
        positions = np.minimum(actions[:, 1:], self._levels[actions[:, 0]] - 1)  # -1 on an axis the task lacks
        return np.array([self._arm_at[(int(t), *map(int, p))] for t, p in zip(actions[:, 0], positions, strict=True)])


class DiscreteArm(gymnasium.ActionWrapper[NDArray[np.float32], Any, NDArray[Any]], RecordConstructorArgs):
    """``Discrete(A)`` over a ``CurriculumEnv``: the action is an arm."""

    def __init__(self, env: CurriculumEnv):
        RecordConstructorArgs.__init__(self)  # so that gymnasium can make the wrapped environment again from its spec
        gymnasium.ActionWrapper.__init__(self, env)
        self._num_arms = env.unwrapped.arms.num_arms  # type: ignore[attr-defined]
        self.action_space = spaces.Discrete(self._num_arms)

    def action(self, action: Any) -> NDArray[Any]:
        """One-hot weights of the arm."""
        weights: NDArray[np.float32] = _one_hot(np.array([action]), self._num_arms)[0]
        return weights


class FactoredArm(gymnasium.ActionWrapper[NDArray[np.float32], Any, NDArray[Any]], RecordConstructorArgs):
    """``MultiDiscrete`` over a ``CurriculumEnv``: (task, level on each axis), as in ``Arms.axes``.

    A level above the highest that the chosen task has on that axis means its highest; axes it lacks are ignored.
    """

    def __init__(self, env: CurriculumEnv):
        RecordConstructorArgs.__init__(self)  # so that gymnasium can make the wrapped environment again from its spec
        gymnasium.ActionWrapper.__init__(self, env)
        arms: Arms = env.unwrapped.arms  # type: ignore[attr-defined]
        self._grid, self._num_arms = _Grid(arms), arms.num_arms
        self.action_space = self._grid.space

    def action(self, action: Any) -> NDArray[Any]:
        """One-hot weights of the arm at (task, levels)."""
        weights: NDArray[np.float32] = _one_hot(self._grid.arms(np.asarray(action)[None]), self._num_arms)[0]
        return weights


class VectorDiscreteArm(VectorActionWrapper):
    """``Discrete(A)`` in every row of a ``CurriculumVectorEnv``."""

    def __init__(self, env: CurriculumVectorEnv):
        super().__init__(env)
        self._num_arms = env.unwrapped.arms.num_arms
        self.single_action_space = spaces.Discrete(self._num_arms)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def actions(self, actions: Any) -> NDArray[Any]:
        """One-hot weights ``(K, A)`` of arms ``(K,)``."""
        return _one_hot(np.asarray(actions), self._num_arms)


class VectorFactoredArm(VectorActionWrapper):
    """``MultiDiscrete`` (task, level on each axis) in every row of a ``CurriculumVectorEnv``; see ``FactoredArm``."""

    def __init__(self, env: CurriculumVectorEnv):
        super().__init__(env)
        self._grid, self._num_arms = _Grid(env.unwrapped.arms), env.unwrapped.arms.num_arms
        self.single_action_space = self._grid.space
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def actions(self, actions: Any) -> NDArray[Any]:
        """One-hot weights ``(K, A)`` of actions ``(K, 1 + D)``."""
        return _one_hot(self._grid.arms(np.asarray(actions)), self._num_arms)

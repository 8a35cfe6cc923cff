"""A gymnasium vector environment as stable-baselines3's ``VecEnv``, one array per step, no list of Python objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv


class VectorAsVecEnv(VecEnv):
    """Arms drawn for a vector environment whose action is a mixture ``Box (A,)``.

    With one draw the action is ``Discrete (A)`` and the mixture one-hot; with m of them it is ``MultiDiscrete`` of m
    arms, and the mixture their shares: what an environment makes of a mixture that it draws m updates from.

    Args:
        env: resets rows by itself (SAME_STEP), or all of them together when every row is done (DISABLED).
        draws: m, arms drawn for a decision.

    Raises:
        ValueError: an environment that resets rows in the step after (NEXT_STEP).
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], draws: int = 1):
        self._env = env
        self._mode = env.metadata["autoreset_mode"]
        if self._mode not in (AutoresetMode.SAME_STEP, AutoresetMode.DISABLED):
            raise ValueError(f"autoreset_mode must be SAME_STEP or DISABLED; got {self._mode}")
        num_arms = int(np.prod(env.single_action_space.shape or 0))
        self._one_hot = np.eye(num_arms, dtype=np.float32)
        actions = spaces.Discrete(num_arms) if draws == 1 else spaces.MultiDiscrete([num_arms] * draws)
        super().__init__(env.num_envs, env.single_observation_space, actions)
        self._return = np.zeros(env.num_envs)
        self._length = np.zeros(env.num_envs, dtype=np.int64)
        self._ended: list[tuple[float, int]] = []

    def reset(self) -> NDArray[np.float32]:
        """Starts all rows; with the seed given to ``seed`` before, if any."""
        seed = self._seeds[0]
        self._reset_seeds()
        self._return[:], self._length[:] = 0.0, 0
        observed: NDArray[np.float32] = self._env.reset(seed=seed)[0]
        return observed

    def take_ended(self) -> list[tuple[float, int]]:
        """Return and length of the lifetimes that ended since this was last asked."""
        ended, self._ended = self._ended, []
        return ended

    def state_dict(self) -> dict[str, Any]:
        """The running returns and lengths; the environment's own state is its own."""
        return {"return": self._return.copy(), "length": self._length.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores them."""
        self._return, self._length = state["return"].copy(), state["length"].copy()

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keeps the arms drawn, ``(K,)`` or ``(K, m)``."""
        self._actions = np.asarray(actions).reshape(self.num_envs, -1)

    def step_wait(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """One decision of every row."""
        obs, reward, terminated, truncated, info = self._env.step(self._one_hot[self._actions].mean(axis=1))
        done = terminated | truncated
        self._return += reward
        self._length += 1
        infos: list[dict[str, Any]] = [{}] * self.num_envs
        if done.any():
            last = info.get("final_obs", obs)
            for k in np.nonzero(done)[0]:
                self._ended.append((float(self._return[k]), int(self._length[k])))
                episode = {"r": float(self._return[k]), "l": int(self._length[k])}
                infos[k] = {"episode": episode, "terminal_observation": last[k]}
                infos[k]["TimeLimit.truncated"] = bool(truncated[k] and not terminated[k])
            self._return[done], self._length[done] = 0.0, 0
            if self._mode == AutoresetMode.DISABLED:
                if not done.all():
                    raise ValueError("rows must end together where they are not reset by themselves (autoreset)")
                obs = self._env.reset()[0]
        return obs, reward.astype(np.float32), done, infos

    def close(self) -> None:
        """Closes the environment."""
        self._env.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The environment's attribute, once per row."""
        return [getattr(self._env, attr_name, None) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Sets it for all rows."""
        setattr(self._env, attr_name, value)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Calls a method of the environment."""
        return [getattr(self._env, method_name)(*args, **kwargs)]

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """No row is wrapped."""
        return [False for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[Any]:
        """Nothing to see."""
        return [None] * self.num_envs

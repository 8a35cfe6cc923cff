"""The curriculum as a gymnasium environment: one student, the K = 1 row of the vector environment."""

from __future__ import annotations

from typing import Any, Unpack

import gymnasium
import numpy as np
from numpy.typing import NDArray

from envs.curriculum.settings import CurriculumOptions
from envs.curriculum.vector import CurriculumVectorEnv
from envs.learner import Student
from envs.suite import Arms, Suite


class CurriculumEnv(gymnasium.Env[NDArray[np.float32], NDArray[Any]]):
    """One student's lifetime; see ``CurriculumVectorEnv``, whose leading dimension K is dropped everywhere.

    ``info`` holds per arm ``gain, loss, competence, count, share`` (A,), and scalars ``updates, tokens,
    forward_equivalents, gradient_norm``.

    Args:
        suite: the arms; default addition of 1-5 digits.
        student: one learner; default a ``ScriptedStudent``.
        **options: the fields of ``CurriculumSettings``.

    Raises:
        ValueError: an option out of range, or a student of several learners.
    """

    def __init__(
        self, suite: Suite | None = None, student: Student | None = None, **options: Unpack[CurriculumOptions]
    ):
        self.metadata = {"render_modes": []}
        self.vector = CurriculumVectorEnv(suite, student, 1, **options)
        self.observation_space = self.vector.single_observation_space
        self.action_space = self.vector.single_action_space

    @property
    def arms(self) -> Arms:
        """What a teacher may know of the arms beforehand."""
        return self.vector.arms

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Starts a new lifetime; the student, its batches and the draws of arms all derive from ``seed``."""
        super().reset(seed=seed)
        obs, info = self.vector.reset(seed=seed, options=options)
        return obs[0], _row(info)

    def step(self, action: NDArray[Any]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Trains the student on arms drawn from the weights ``(A,)``."""
        obs, reward, terminated, truncated, info = self.vector.step(np.asarray(action)[None])
        return obs[0], float(reward[0]), bool(terminated[0]), bool(truncated[0]), _row(info)

    def state_dict(self) -> dict[str, Any]:
        """All that the future depends on."""
        return self.vector.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken."""
        self.vector.load_state_dict(state)


def _row(info: dict[str, Any]) -> dict[str, Any]:
    return {name: value[0].item() if value.ndim == 1 else value[0] for name, value in info.items()}

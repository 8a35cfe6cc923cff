"""What wrappers have in common: a teacher that holds a teacher, and says what is different."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import refuse_no_mixture
from teacher.loop import ArmsView, Feedback, Floats, Teacher, num_weights, reads_gain, refuse_before_reset

State = dict[str, Any]


class Wrapper(ABC):
    """Adjusts the mixtures of an inner teacher, or the feedback that it gets.

    The inner teacher learns from the mixture that arms were really drawn from, so its estimates stay unbiased for every
    arm that has a chance in it. Where a wrapper leaves an arm none (``Override``, ``Cooldown`` of one arm at a time), a
    bandit learns nothing of that arm meanwhile: ``CoverageFloor`` around it keeps all in play.
    """

    inner: Teacher

    def __post_init__(self) -> None:
        self._state: State | None = None
        self._check()

    def _check(self) -> None:  # noqa: B027  (nothing to check is a fair default)
        """Refuses hyper-parameters out of range."""

    @property
    def feedback(self) -> Literal["sampled", "full", "any"]:
        """The inner teacher's."""
        return self.inner.feedback

    @property
    def reads_gain(self) -> bool:
        """Whether the inner teacher reads gains."""
        return reads_gain(self.inner)

    @property
    def num_weights(self) -> int:
        """The inner teacher's."""
        return num_weights(self.inner)

    @property
    def scale(self) -> bool:
        """Whether the inner teacher scales its gains."""
        return bool(getattr(self.inner, "scale", False))

    @property
    def unit_rewards(self) -> bool:
        """Whether the inner teacher wants rewards in [0, 1]."""
        return bool(getattr(self.inner, "unit_rewards", False))

    @abstractmethod
    def _start(self, arms: ArmsView, num_envs: int, seed: int) -> State:
        """The wrapper's own state, arrays by name."""

    @abstractmethod
    def _adjust(self, state: State, mixture: Floats) -> Floats:
        """The mixture to teach, a new array, from the inner one ``(K, A)``; changes nothing."""

    def _take(self, state: State, mixture: Floats, feedback: Feedback) -> Feedback:
        """Learns from a decision; the feedback for the inner teacher."""
        return feedback

    def reset(self, arms: ArmsView, num_envs: int, seed: int) -> None:
        """Starts K lifetimes."""
        self.inner.reset(arms, num_envs, seed)
        self._arms, self._shape = arms, (num_envs, arms.num_arms)
        self._state = self._start(arms, num_envs, seed)

    def act(self, obs: NDArray[np.float32]) -> Floats:
        """The inner teacher's mixture, adjusted: ``(K, A)``."""
        refuse_before_reset("act", self._state)
        assert self._state is not None
        return self._adjust(self._state, self.inner.act(obs))

    def update(self, obs: NDArray[np.float32], mixture: Floats, feedback: Feedback) -> None:
        """Learns, and lets the inner teacher learn, from what the adjusted mixture gave."""
        refuse_before_reset("update", self._state)
        assert self._state is not None
        refuse_no_mixture(mixture, self._shape)
        passed_on = self._take(self._state, mixture, feedback.checked(self._shape))
        self.inner.update(obs, mixture, passed_on)

    def diagnostics(self) -> dict[str, Floats]:
        """The inner teacher's."""
        return self.inner.diagnostics()

    def state_dict(self) -> dict[str, Any]:
        """The inner teacher's state and the wrapper's own."""
        refuse_before_reset("state_dict", self._state)
        assert self._state is not None
        own = {name: value.copy() if hasattr(value, "copy") else value for name, value in self._state.items()}
        return {"inner": self.inner.state_dict(), "own": own}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken."""
        self.inner.load_state_dict(state["inner"])
        self._state = {name: value.copy() if hasattr(value, "copy") else value for name, value in state["own"].items()}

"""A wrapper that scales gains before the inner teacher sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from teacher.loop import ArmsView, Feedback, Floats, Teacher, refuse_before_reset
from teacher.scaling import AffineScaler, QuantileScaler, RunningScaler, Scaler
from teacher.wrappers.wrapper import State, Wrapper


@dataclass
class Rescaled(Wrapper):
    """Scales gains to [-1, 1], or [0, 1], for a teacher that takes them as they are (``scale=False``).

    Around one that scales by itself it is refused: what that one then sees would be nobody's choice.

    Attributes:
        inner: the teacher.
        by: ``quantiles`` (Graves et al. 2017: 20th and 80th percentile of a reservoir), ``standardise`` (running mean
            and deviation) or ``affine`` (a fixed offset and unit).
        offset: of ``affine``: the gain that maps to 0.
        unit: of ``affine``: the gain above the offset that maps to 1.
        to_unit_interval: to [0, 1] instead of [-1, 1]; None: as the inner teacher wants it
            (``unit_rewards``: EXP3, UCB, ..).

    Raises:
        ValueError: an unknown kind, a unit not above 0, or an inner teacher that scales by itself.
    """

    inner: Teacher
    by: Literal["quantiles", "standardise", "affine"] = "quantiles"
    offset: float = 0.0
    unit: float = 1.0
    to_unit_interval: bool | None = None

    def _check(self) -> None:
        if getattr(self.inner, "scale", False):
            raise ValueError(
                f"Rescaled needs a teacher that takes gains as they are; got {type(self.inner).__name__} with "
                "scale=True: give it scale=False (on the command line --NAME.no-scale)"
            )
        if self.by not in ("quantiles", "standardise", "affine"):
            raise ValueError(f"by must be quantiles, standardise or affine; got {self.by!r}")
        self._scaler: Scaler = AffineScaler(self.offset, self.unit)

    @property
    def unit_rewards(self) -> bool:
        """It takes gains of any range."""
        return False

    def _start(self, arms: ArmsView, num_envs: int, seed: int) -> State:
        if self.by == "quantiles":
            self._scaler = QuantileScaler(num_envs, seed)
        elif self.by == "standardise":
            self._scaler = RunningScaler(num_envs, seed)
        return {"scaled": np.zeros((num_envs, arms.num_arms)), "clipped": np.zeros(num_envs)}

    def _adjust(self, state: State, mixture: Floats) -> Floats:
        return mixture

    def _take(self, state: State, mixture: Floats, feedback: Feedback) -> Feedback:
        seen = feedback.count > 0
        scaled = self._scaler(feedback.gain, seen)
        state["clipped"] = (seen & (np.abs(scaled) >= 1.0)).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        state["scaled"] = scaled
        unit = self.to_unit_interval
        unit = getattr(self.inner, "unit_rewards", False) if unit is None else unit
        given = np.where(seen, (scaled + 1.0) / 2.0, 0.0) if unit else scaled
        return replace(feedback, gain=given)

    def diagnostics(self) -> dict[str, Floats]:
        """The inner teacher's, with ``scaled_gain`` (K, A) in [-1, 1] and ``clip_rate`` (K,)."""
        refuse_before_reset("diagnostics", self._state)
        assert self._state is not None
        own = {"scaled_gain": self._state["scaled"].copy(), "clip_rate": self._state["clipped"].copy()}
        return {**self.inner.diagnostics(), **own}

    def state_dict(self) -> dict[str, Any]:
        """The inner teacher's state, the wrapper's own and the scaler's."""
        return {**super().state_dict(), "scaler": self._scaler.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken."""
        super().load_state_dict(state)
        self._scaler.load_state_dict(state["scaler"])

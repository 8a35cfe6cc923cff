"""A wrapper by which a person takes the mixture over, and gives it back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from teacher.loop import ArmsView, Feedback, Floats, Teacher, refuse_before_reset
from teacher.wrappers.wrapper import State, Wrapper


@dataclass
class Override(Wrapper):
    """Teaches what a person says, for as long as that is said; otherwise what the inner teacher does.

    In Python ``set`` and ``clear`` do it. With ``file``, a JSON file of arm names and weights that is looked at before
    each decision: ``{"addition digits=2": 1, "addition digits=3": 3}``; delete it to give the mixture back. What was
    really taught is in the trace, so a replay needs no file. The inner teacher goes on learning from it.

    Attributes:
        inner: the teacher.
        file: path of the JSON file; none: no file is looked at.

    Raises:
        ValueError: weights or names that are none, when they are set or read.
    """

    inner: Teacher
    file: str = ""

    def _start(self, arms: ArmsView, num_envs: int, seed: int) -> State:
        return {"weights": np.zeros(arms.num_arms), "left": 0}

    def set(self, weights: dict[str, float], decisions: int | None = None) -> None:
        """Takes over for so many decisions; None: until ``clear``.

        Args:
            weights: by arm name; arms that are not named get none.
            decisions: how many.

        Raises:
            RuntimeError: before reset.
            ValueError: weights or names that are none, or no decision.
        """
        refuse_before_reset("set", self._state)
        assert self._state is not None
        if decisions is not None and decisions < 1:
            raise ValueError(f"decisions must be at least 1, or None until clear; got {decisions}")
        self._state["weights"] = self._mixture_of(weights, "weights")
        self._state["left"] = -1 if decisions is None else decisions

    def clear(self) -> None:
        """Gives the mixture back."""
        if self._state is not None:
            self._state["left"] = 0

    def _mixture_of(self, weights: Any, source: str) -> Floats:
        if not isinstance(weights, dict) or not weights:
            raise ValueError(f"{source} must be arm names with weights; got {weights!r}")
        unknown = [name for name in weights if name not in self._arms.names]
        if unknown:
            raise ValueError(f"{source} names the arm {unknown[0]!r}; there are {', '.join(self._arms.names[:8])}")
        try:
            found = np.array([float(weights.get(name, 0.0)) for name in self._arms.names])
        except (TypeError, ValueError) as error:
            raise ValueError(f"{source}: weights must be numbers; got {weights!r}") from error
        if not (np.isfinite(found).all() and (found >= 0).all() and found.sum() > 0):
            raise ValueError(f"{source}: weights must be finite, not negative and not all zero; got {weights!r}")
        mixture: Floats = found / found.sum()
        return mixture

    def _from_file(self) -> Floats | None:
        if not self.file:
            return None
        try:
            said = json.loads(Path(self.file).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ValueError(f"the override {self.file} cannot be read: {error}: mend or delete it") from error
        return self._mixture_of(said, f"the override {self.file}")

    def _adjust(self, state: State, mixture: Floats) -> Floats:
        said = self._from_file()
        if said is None and state["left"] != 0:
            said = state["weights"]
        return mixture if said is None else np.tile(said, (self._shape[0], 1))

    def _take(self, state: State, mixture: Floats, feedback: Feedback) -> Feedback:
        if state["left"] > 0:
            state["left"] -= 1
        return feedback

"""What the teachers here have in common: K rows of arrays, and three formulas that start, read and change them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from teacher.loop import ArmsView, Feedback, Floats, refuse_before_reset
from teacher.randomness import keys, uniforms
from teacher.scaling import QuantileScaler, Scaler

Bools = NDArray[np.bool_]
State = dict[str, Any]
"""Arrays (and whole numbers) by name; all that a teacher's future depends on."""


class Seen(NamedTuple):
    """What a decision showed: the feedback, which arms of it were observed ``(K, A)``, and the scaled gains ``(K, A)``.

    ``reward`` is in [-1, 1] where the teacher scales its gains, raw where it does not, and zero where not observed.
    ``rows`` and ``arms`` are the coordinates of the observed entries, sorted by row.
    """

    feedback: Feedback
    observed: Bools
    reward: Floats
    rows: NDArray[np.int64]
    arms: NDArray[np.int64]


class ArrayTeacher(ABC):
    """A teacher whose state is a dictionary of arrays: subclasses write the formulas, this class keeps the contract.

    It refuses what comes before ``reset`` and feedback that is not finite or of the wrong shape, scales gains, counts
    the decisions, saves and restores. Subclasses are final.
    """

    def __post_init__(self) -> None:
        self._state: State | None = None
        self._check()

    def _check(self) -> None:  # noqa: B027  (nothing to check is a fair default)
        """Refuses hyper-parameters out of range."""

    @abstractmethod
    def _start(self, arms: ArmsView, num_envs: int) -> State:
        """The state of K new lifetimes. ``self._arms``, ``self._keys`` are set."""

    @abstractmethod
    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        """The mixture ``(K, A)``, a new array; changes nothing."""

    @abstractmethod
    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        """Changes the state's arrays by what a decision gave."""

    def _make_scaler(self, num_envs: int, seed: int) -> Scaler | None:
        """What scales the gains to [-1, 1]: quantiles where the teacher has a field ``scale`` that says so."""
        return QuantileScaler(num_envs, seed) if getattr(self, "scale", False) else None

    def _shown(self, state: State) -> dict[str, Floats]:
        """Numbers worth a trace beside the scaled gains, ``(K, A)`` or ``(K,)``."""
        return {}

    def _uniforms(self, num: int, stream: int = 0) -> Floats:
        """Random numbers of this decision in (0, 1), ``(K, num)``."""
        assert self._state is not None
        return uniforms(self._keys, self._state["updates"], num, stream)

    def reset(self, arms: ArmsView, num_envs: int, seed: int) -> None:
        """Starts K lifetimes.

        Raises:
            ValueError: no arm, or no row.
        """
        if not arms.num_arms or num_envs < 1:
            raise ValueError(f"a teacher needs at least one arm and one row; got {arms.num_arms} arms, {num_envs} rows")
        self._arms, self._shape = arms, (num_envs, arms.num_arms)
        self._keys = keys(seed, num_envs)
        self._scaler = self._make_scaler(num_envs, seed)
        self._scaled = np.zeros(self._shape)
        self._clipped = np.zeros(num_envs)
        self._state = {"updates": 0, **self._start(arms, num_envs)}

    def act(self, obs: NDArray[np.float32]) -> Floats:
        """The mixture ``(K, A)``."""
        refuse_before_reset("act", self._state)
        assert self._state is not None
        return self._mixture(self._state, obs)

    def update(self, obs: NDArray[np.float32], mixture: Floats, feedback: Feedback) -> None:
        """Learns from what the mixture gave.

        Raises:
            RuntimeError: before reset.
            ValueError: feedback of the wrong shape, or not finite where observed; a mixture that is none.
        """
        refuse_before_reset("update", self._state)
        assert self._state is not None
        observed = feedback.checked(self._shape).count > 0
        refuse_no_mixture(mixture, self._shape)
        rows, arms = np.nonzero(observed)
        if self._scaler is None:
            reward = np.zeros(self._shape)
            reward[rows, arms] = feedback.gain[rows, arms]
        else:
            reward = self._scaler(feedback.gain, observed)
            saturated = (np.abs(reward[rows, arms]) >= 1.0).astype(np.float64)
            total = np.bincount(rows, saturated, self._shape[0])
            self._clipped = total / np.maximum(np.bincount(rows, minlength=self._shape[0]), 1)
            self._scaled = reward
        self._learn(self._state, mixture, Seen(feedback, observed, reward, rows, arms))
        self._state["updates"] += 1

    def diagnostics(self) -> dict[str, Floats]:
        """``scaled_gain`` (K, A) in [-1, 1] and ``clip_rate`` (K,) where gains are scaled, and the teacher's own."""
        refuse_before_reset("diagnostics", self._state)
        assert self._state is not None
        scaled = {} if self._scaler is None else {"scaled_gain": self._scaled.copy(), "clip_rate": self._clipped.copy()}
        return {**scaled, **self._shown(self._state)}

    def state_dict(self) -> dict[str, Any]:
        """All that the future depends on; a copy."""
        refuse_before_reset("state_dict", self._state)
        assert self._state is not None
        scaler = {} if self._scaler is None else {"scaler": self._scaler.state_dict()}
        return {**_copied(self._state), **scaler}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken.

        Raises:
            RuntimeError: before reset.
            ValueError: a state of another teacher, or of other arms.
        """
        refuse_before_reset("load_state_dict", self._state)
        assert self._state is not None
        own = {name: value for name, value in state.items() if name != "scaler"}
        kept, given = ({k: np.shape(v) for k, v in values.items()} for values in (self._state, own))
        if kept != given:
            raise ValueError(
                f"a state of {type(self).__name__} must hold {kept}; got {given}: is it another "
                "teacher's, or of another version?"
            )
        self._state = _copied(own)
        if self._scaler is not None:
            self._scaler.load_state_dict(state["scaler"])


def _copied(state: State) -> State:
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in state.items()}


def refuse_no_mixture(mixture: Floats, shape: tuple[int, ...]) -> None:
    """Raises ``ValueError`` unless a mixture has this shape, is finite and not negative."""
    if np.shape(mixture) != shape:
        raise ValueError(f"the mixture must have shape (K, A) = {shape}; got {np.shape(mixture)}")
    lowest, total = mixture.min(), mixture.sum()
    if not (lowest >= 0 and np.isfinite(total)):
        raise ValueError(f"the mixture must be finite and not negative; got a minimum of {lowest}, a sum of {total}")


def refuse_outside(name: str, value: float, low: float, high: float, why: str = "") -> None:
    """Raises ``ValueError`` unless ``low < value <= high`` and finite; ``why`` is said where the value is ``low``."""
    if not low < value <= high or value == float("inf"):
        said = f" ({why})" if why and value == low else ""
        end = ")" if high == float("inf") else "]"
        raise ValueError(f"{name} must be in ({low:g}, {high:g}{end}; got {value}{said}")


def averaged(average: Floats, values: Floats, seen: Seen, visits: NDArray[np.int64], step: float) -> None:
    """Moves the observed arms' averages by ``step`` towards their values, in place; a first visit sets the value."""
    rows, arms = seen.rows, seen.arms
    share = np.where(visits[rows, arms] == 0, 1.0, step)
    average[rows, arms] += share * (values[rows, arms] - average[rows, arms])

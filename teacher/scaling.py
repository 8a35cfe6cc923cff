"""Reward scaling: gains of any unit to [-1, 1], for K students at once."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from teacher.randomness import finalise, keys

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Scaler(Protocol):
    """Maps gains to [-1, 1]."""

    def __call__(self, gain: Floats, observed: Bools) -> Floats:
        """Takes in the observed gains ``(K, A)``; returns all of them scaled, zero where not observed."""

    def state_dict(self) -> dict[str, Any]:
        """A copy of what was kept."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores ``state_dict``."""


class AffineScaler:
    """r = clip((gain - offset) / unit, -1, 1): for gains whose range is known.

    Raises:
        ValueError: unit not above 0, or offset not finite.
    """

    def __init__(self, offset: float = 0.0, unit: float = 1.0):
        if not 0 < unit < float("inf"):
            raise ValueError(f"unit must be finite and above 0; got {unit}")
        if not np.isfinite(offset):
            raise ValueError(f"offset must be finite; got {offset}")
        self.offset, self.unit = offset, unit

    def __call__(self, gain: Floats, observed: Bools) -> Floats:
        """The observed gains, shifted and scaled."""
        scaled = (np.where(observed, gain, 0.0) - self.offset) / self.unit
        return np.where(observed, np.clip(scaled, -1.0, 1.0), 0.0)

    def state_dict(self) -> dict[str, Any]:
        """Nothing is kept."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to restore."""


class RunningScaler:
    """Standardises by the running mean and deviation of all gains so far (this one included).

    So::

        r = clip((gain - mean) / (width * deviation), -1, 1)

    r = 0 while the deviation is zero (up to rounding: equal gains scale to 0).

    Args:
        num_envs: K.
        seed: unused: nothing is drawn (the same arguments as ``QuantileScaler``).
        width: deviations that map to 1.

    Raises:
        ValueError: width not above 0.

    Reference: B. Welford (1962), Technometrics 4(3), in the form for groups of T. Chan et al. (1979).
    """

    def __init__(self, num_envs: int, seed: int = 0, width: float = 2.0):
        if not 0 < width < float("inf"):
            raise ValueError(f"width must be finite and above 0; got {width}")
        self.width = width
        self._count, self._mean, self._squares = np.zeros((3, num_envs, 1))

    def __call__(self, gain: Floats, observed: Bools) -> Floats:
        """Takes in the observed gains ``(K, A)`` and returns all gains scaled; zero where not observed."""
        fresh = observed.sum(axis=1, keepdims=True)
        gain = np.where(observed, gain, 0.0)
        mean = gain.sum(axis=1, keepdims=True) / np.maximum(fresh, 1)
        squares = np.where(observed, (gain - mean) ** 2, 0.0).sum(axis=1, keepdims=True)
        total = self._count + fresh
        shift = np.where(fresh > 0, mean - self._mean, 0.0)
        self._squares = self._squares + squares + shift**2 * self._count * fresh / np.maximum(total, 1)
        self._mean = self._mean + shift * fresh / np.maximum(total, 1)
        self._count = total
        deviation = np.sqrt(self._squares / np.maximum(total, 1))
        varied = deviation > 1e-12 * np.abs(self._mean)  # the rounding of a mean is no deviation
        scaled = np.where(varied, (gain - self._mean) / np.where(varied, self.width * deviation, 1.0), 0.0)
        return np.where(observed, np.clip(scaled, -1.0, 1.0), 0.0)

    def state_dict(self) -> dict[str, Any]:
        """Count, mean and sum of squares."""
        return {"count": self._count.copy(), "mean": self._mean.copy(), "squares": self._squares.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores ``state_dict``."""
        self._count, self._mean, self._squares = (state[name].copy() for name in ("count", "mean", "squares"))


class QuantileScaler:
    """Scales gains by quantiles of a reservoir of past gains, for K students at once.

    With q_lo and q_hi the 20th and 80th percentile of the reservoir (this gain included)::

        r = clip(2 (gain - q_lo) / (q_hi - q_lo) - 1, -1, 1)

    Where the two quantiles coincide (progress stalls), the reservoir's extremes stand in; where these coincide too,
    r = 0. The reservoir is a uniform sample of all gains so far (Vitter's algorithm R); the slot of row k's n-th gain
    is a hash of (seed + k, n), so there is no generator to carry.

    Args:
        num_envs: K.
        seed: row k uses ``seed + k``.
        size: gains kept per row.
        low: lower quantile.
        high: upper quantile.

    Raises:
        ValueError: size below 1, or not 0 <= low < high <= 1.

    Reference: A. Graves et al. (2017), arXiv:1704.03003, section 3 (reward scaling), eq. 11.
    """

    def __init__(self, num_envs: int, seed: int, size: int = 1000, low: float = 0.2, high: float = 0.8):
        if size < 1 or not 0 <= low < high <= 1:
            raise ValueError(f"size must be at least 1 and 0 <= low < high <= 1; got {size=}, {low=}, {high=}")
        self.size, self.low, self.high = size, low, high
        self._keys = keys(seed, num_envs)
        self._kept = np.full((num_envs, size), np.inf)  # unused slots sort last
        self._seen = np.zeros(num_envs, dtype=np.int64)

    def __call__(self, gain: Floats, observed: Bools) -> Floats:
        """Takes in the observed gains ``(K, A)`` and returns all gains scaled; zero where not observed."""
        rows, arms = np.nonzero(observed)  # sorted by row
        fresh = observed.sum(axis=1)
        turn = np.arange(len(rows)) - np.repeat(fresh.cumsum() - fresh, fresh)  # 0, 1, .. within each row
        number = self._seen[rows] + turn
        slot = np.where(number < self.size, number, _hash(self._keys[rows], number) % (number + 1))
        kept = slot < self.size
        self._kept[rows[kept], slot[kept]] = gain[rows[kept], arms[kept]]
        self._seen += fresh
        low, high = self._range()
        low, spread = low[rows, 0], (high - low)[rows, 0]  # of the observed entries: they are few
        with np.errstate(over="ignore"):  # far outside a range of next to nothing: clipped all the same
            scaled = np.where(spread > 0, 2.0 * (gain[rows, arms] - low) / np.where(spread > 0, spread, 1.0) - 1.0, 0.0)
        out = np.zeros(observed.shape)
        out[rows, arms] = np.clip(scaled, -1.0, 1.0)
        return out

    def _range(self) -> tuple[Floats, Floats]:
        """Each row's two quantiles (interpolated linearly), or extremes: ``(K, 1)`` each."""
        used = np.clip(self._seen, 1, self.size)[:, None]  # gains in the reservoir
        ordered = np.sort(self._kept[:, : used.max()], axis=1)
        ordered[self._seen == 0] = 0.0
        place = np.array([self.low, self.high]) * (used - 1)  # (K, 2)
        below = place.astype(np.int64)
        # One gather: it is called in every decision.
        ends = np.column_stack([below, np.minimum(below + 1, used - 1), np.zeros_like(used), used - 1])  # (K, 6)
        found = ordered[np.arange(len(used))[:, None], ends]
        quantiles = found[:, :2] + (place - below) * (found[:, 2:4] - found[:, :2])
        stalled = quantiles[:, 1] <= quantiles[:, 0]
        quantiles[stalled] = found[stalled, 4:]
        return quantiles[:, :1], quantiles[:, 1:]

    def state_dict(self) -> dict[str, Any]:
        """A copy of the reservoir."""
        return {"kept": self._kept.copy(), "seen": self._seen.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores ``state_dict``."""
        self._kept, self._seen = state["kept"].copy(), state["seen"].copy()


def _hash(key: NDArray[np.uint64], number: NDArray[np.int64]) -> NDArray[np.int64]:
    """A uniform non-negative number for (key, number)."""
    with np.errstate(over="ignore"):
        z = key * np.uint64(0x9E3779B97F4A7C15) + number.astype(np.uint64) * np.uint64(0xD1342543DE82EF95)
    number_in_63_bits: NDArray[np.int64] = (finalise(z) >> np.uint64(1)).astype(np.int64)
    return number_in_63_bits

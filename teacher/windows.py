"""The last W values of every arm, as rings: arrays ``(K, A, W)`` and how many values each arm has had ``(K, A)``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def push(ring: Floats, visits: Ints, rows: Ints, arms: Ints, values: Floats | float) -> None:
    """Writes a value of each observed arm over its oldest one, in place; the caller counts the visit."""
    ring[rows, arms, visits[rows, arms] % ring.shape[2]] = values


def turns(rows: Ints, num_rows: int) -> tuple[Ints, Ints]:
    """Of observations sorted by row: how many each row has ``(K,)``, and each one's place 0, 1, .. within its row."""
    fresh = np.bincount(rows, minlength=num_rows)
    return fresh, np.arange(len(rows)) - np.repeat(fresh.cumsum() - fresh, fresh)


def filled(visits: Ints, width: int) -> NDArray[np.bool_]:
    """Which slots of arms with these visits hold a value: ``(..., W)``."""
    full: NDArray[np.bool_] = np.arange(width) < np.minimum(visits, width)[..., None]
    return full


def slopes(times: Floats, values: Floats, used: NDArray[np.bool_]) -> Floats:
    """Least-squares slope of values over times, along the last axis, where ``used``; zero below two points."""
    count = np.maximum(used.sum(axis=-1), 1)
    t = np.where(used, times - (np.where(used, times, 0.0).sum(axis=-1) / count)[..., None], 0.0)
    v = np.where(used, values - (np.where(used, values, 0.0).sum(axis=-1) / count)[..., None], 0.0)
    spread = (t**2).sum(axis=-1)
    slope: Floats = np.where(spread > 0, (t * v).sum(axis=-1) / np.where(spread > 0, spread, 1.0), 0.0)
    return slope

"""The order of arms by level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from teacher.loop import ArmsView

Ints = NDArray[np.int64]


def level_numbers(arms: ArmsView) -> Ints:
    """The arms' levels as 0, 1, ..: ``(A,)``."""
    numbers: Ints = np.unique(arms.levels, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return numbers

"""What is known of the order of arms: which arms are one step easier, and the levels of all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from teacher.loop import ArmsView

Ints = NDArray[np.int64]


def easier_neighbours(arms: ArmsView) -> Ints:
    """The arm of the same task that is one step easier on each axis, -1 where there is none: ``(A, D)``.

    Neighbours on an unordered axis (a domain) are no easier: their level is not lower, so they are left out.
    """
    positions = arms.positions
    num_arms, num_axes = positions.shape
    sizes = [int(arms.tasks.max()) + 1, *(positions.max(axis=0, initial=0) + 2)]
    place = np.ravel_multi_index((arms.tasks, *(positions.T + 1)), sizes)  # one number per (task, positions)
    order = np.argsort(place)
    found = np.full((num_arms, num_axes), -1)
    for axis in range(num_axes):
        has = positions[:, axis] > 0
        below = positions[has].copy()
        below[:, axis] -= 1
        wanted = np.ravel_multi_index((arms.tasks[has], *(below.T + 1)), sizes)
        at = order[np.minimum(np.searchsorted(place[order], wanted), num_arms - 1)]
        is_easier = (place[at] == wanted) & (arms.levels[at] < arms.levels[has])
        found[has, axis] = np.where(is_easier, at, -1)
    return found


def level_numbers(arms: ArmsView) -> Ints:
    """The arms' levels as 0, 1, ..: ``(A,)``."""
    numbers: Ints = np.unique(arms.levels, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return numbers

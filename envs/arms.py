"""What a teacher may know beforehand of the arms it chooses between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from envs.batch import Floats, Ints
from envs.features import feature_names


@dataclass(frozen=True, eq=False)
class Arms:
    """What a teacher may know of the arms beforehand.

    Attributes:
        names: ``(A,)`` readable names.
        axes: ``(D,)`` names of the difficulty axes of all tasks.
        coordinates: float64 ``(A, D)``, difficulty on each axis in [0, 1], easiest 0; 0 on an axis the task lacks.
        targets: bool ``(A,)``, the arms that count; the others are auxiliary.
        tasks: int64 ``(A,)``, the number of each arm's task.
        levels: int64 ``(A,)``, rank of the arm's total difficulty over the ordered axes, easiest 0. Arms of one level
            are equally hard as far as is known.
        positions: int64 ``(A, D)``, the index of the value on each axis; -1 on an axis the task lacks.
        thresholds: float64 ``(A,)``, the competence from which each arm counts as mastered.
    """

    names: tuple[str, ...]
    axes: tuple[str, ...]
    coordinates: Floats
    targets: NDArray[np.bool_]
    tasks: Ints
    levels: Ints
    positions: Ints
    thresholds: Floats

    @property
    def num_arms(self) -> int:
        """A."""
        return len(self.names)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the F features of an observation, in order."""
        return feature_names(self.axes)

    @cached_property
    def easier(self) -> Ints:
        """The arm of the same task that is one step easier on each axis, -1 where there is none: ``(A, D)``.

        Neighbours on an unordered axis (a domain) are no easier: their level is not lower, so they are left out.
        """
        num_axes = self.positions.shape[1]
        sizes = [int(self.tasks.max()) + 1, *(self.positions.max(axis=0, initial=0) + 2)]
        place = np.ravel_multi_index((self.tasks, *(self.positions.T + 1)), sizes)  # one number per (task, positions)
        order = np.argsort(place)
        found = np.full((self.num_arms, num_axes), -1)
        for axis in range(num_axes):
            has = self.positions[:, axis] > 0
            below = self.positions[has].copy()
            below[:, axis] -= 1
            wanted = np.ravel_multi_index((self.tasks[has], *(below.T + 1)), sizes)
            at = order[np.minimum(np.searchsorted(place[order], wanted), self.num_arms - 1)]
            is_easier = (place[at] == wanted) & (self.levels[at] < self.levels[has])
            found[has, axis] = np.where(is_easier, at, -1)
        return found

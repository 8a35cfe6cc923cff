"""What the arms one step easier and one step harder than each arm have attained, for many lifetimes at once."""

from __future__ import annotations

import numpy as np

from envs.batch import Bools, Floats, Ints


class Neighbours:
    """What the easier and the harder neighbours of every arm have attained, ``(K, A)``."""

    def __init__(self, easier: Ints, num_envs: int):
        self._easier = np.empty((num_envs, *easier.shape[1:]), dtype=np.int64)  # (K, A, E), E axes: few
        self.num_easier, self.num_harder = (np.empty(self._easier.shape[:2]) for _ in range(2))
        self.lay_out(easier, slice(None))

    def lay_out(self, easier: Ints, rows: Bools | slice) -> None:
        """Other neighbours in some rows; ``easier`` is of all of them, or the same for all."""
        self._easier[rows] = easier if len(easier) == 1 else easier[rows]
        of_rows = self._easier[rows]
        self.num_easier[rows] = (of_rows >= 0).sum(axis=2)
        self.num_harder[rows] = self._summed_below(of_rows, np.ones(of_rows.shape[:2]))

    @staticmethod
    def _summed_below(easier: Ints, values: Floats) -> Floats:
        """Every arm's sum over those that it is easier than."""
        num_rows, num_arms, num_axes = easier.shape
        bins = num_arms + 1  # the last is of no arm
        at = np.where(easier >= 0, easier, num_arms) + bins * np.arange(num_rows)[:, None, None]
        total = np.bincount(at.reshape(-1), np.repeat(values, num_axes), minlength=num_rows * bins)
        return np.asarray(total.reshape(num_rows, bins)[:, :num_arms], dtype=np.float64)

    def attained(self, values: Floats, rows: Bools | slice) -> tuple[Floats, Floats, Floats]:
        """Of some rows, as ``values`` are.

        Returns:
            The mean over the easier arms (0 where there is none), over the harder ones (likewise), and the least over
            the easier ones (1 where there is none).
        """
        easier = self._easier[rows]
        total, least = np.zeros(values.shape), np.ones(values.shape)
        first = np.arange(len(values))[:, None] * values.shape[1]
        for axis in range(easier.shape[2]):
            column = easier[..., axis]
            below = values.take(first + np.maximum(column, 0))
            total += np.where(column >= 0, below, 0.0)
            least = np.minimum(least, np.where(column >= 0, below, 1.0))
        harder = self._summed_below(easier, values) / np.maximum(self.num_harder[rows], 1)
        return total / np.maximum(self.num_easier[rows], 1), harder, least

"""ALP-GMM: a Gaussian mixture over difficulty and absolute learning progress."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from teacher.arrays import ArrayTeacher, Seen, State, refuse_outside
from teacher.estimators import Kind
from teacher.loop import ArmsView, Floats
from teacher.mixtures import floored
from teacher.windows import turns

_JITTER, _FIT = 1, 2  # streams of random numbers


@dataclass
class ALPGMM(ArrayTeacher):
    """Fits Gaussian mixtures to (difficulty coordinates, |gain|) and teaches where a component has high progress.

    Every ``refit_every`` observations of a row, mixtures of 2 to ``max_components`` Gaussians are fitted to its last
    ``window`` observations, the best by AIC is kept, and with m_g the mean |gain| of component g and N_g its
    density over coordinates::

        p_a = (1 - random) sum_g (m_g / sum m) N_g(x_a) / sum_b N_g(x_b) + random / A

    An arm stands for a cell of parameters, so an observation is placed at random within it. Uniform before the first
    fit, and for arms without coordinates. Several tasks are told apart by a coordinate each; an axis without an order
    (a domain) is taken as if it had one, and an axis that a task lacks as its easiest value. Needs scikit-learn (extra
    ``paceline[gmm]``).

    Attributes:
        refit_every: observations between fits; 250 in the paper, whose lifetimes have 1e5 episodes.
        window: observations fitted.
        max_components: most Gaussians tried.
        random: share of uniform exploration.
        feedback: ``sampled`` or ``full`` (``probe="all"``).

    Raises:
        ValueError: a value out of range.
        ImportError: scikit-learn is not installed.

    Reference: R. Portelas, C. Colas, K. Hofmann and P.-Y. Oudeyer (2019), arXiv:1910.07224, section 4.
    """

    refit_every: int = 50
    window: int = 250
    max_components: int = 10
    random: float = 0.2
    feedback: Kind = "sampled"

    def _check(self) -> None:
        if not 2 <= self.max_components < self.window or not 1 <= self.refit_every <= self.window:
            raise ValueError(
                "max_components must be at least 2 and below window, refit_every from 1 to window; got "
                f"max_components={self.max_components}, refit_every={self.refit_every}, window={self.window}"
            )
        refuse_outside("random", self.random, 0, 1, "0 leaves arms unexplored")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        _gaussian_mixture()  # missing, it is said before anything is taught
        x = arms.coordinates
        if len(tasks := np.unique(arms.tasks)) > 1:  # tasks are apart: a coordinate each
            x = np.column_stack([x, arms.tasks[:, None] == tasks])
        self._coordinates = x
        self._cells = np.array([_spacing(column) for column in arms.coordinates.T])  # width of a cell on each axis
        self._cells = np.append(self._cells, np.zeros(x.shape[1] - len(self._cells)))
        return {
            "learned": np.full((num_envs, arms.num_arms), 1.0 / arms.num_arms),
            "points": np.zeros((num_envs, self.window, x.shape[1] + 1)),
            "number": np.zeros(num_envs, dtype=np.int64),
        }

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return floored(state["learned"], self.random)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        fresh, turn = turns(seen.rows, self._shape[0])
        last = turn >= np.repeat(fresh, fresh) - self.window
        rows, arms = seen.rows[last], seen.arms[last]
        place = self._uniforms(self._shape[1] * len(self._cells), _JITTER).reshape(*self._shape, len(self._cells))
        slots = (state["number"][rows] + turn[last]) % self.window
        inside = self._coordinates[arms] + (place[rows, arms] - 0.5) * self._cells
        state["points"][rows, slots] = np.column_stack([inside, np.abs(seen.reward[rows, arms])])
        before, state["number"] = state["number"], state["number"] + fresh
        due = (before // self.refit_every < state["number"] // self.refit_every) & (len(self._cells) > 0)
        due &= state["number"] > 2  # two Gaussians need three points
        for k in np.flatnonzero(due):  # seldom: a fit is a row's own
            points = state["points"][k, : min(state["number"][k], self.window)]
            seed = int(self._uniforms(1, _FIT)[k, 0] * 2**31)
            state["learned"][k] = self._fitted(points, seed)

    def _fitted(self, points: Floats, seed: int) -> Floats:
        """The learned part of a row's mixture ``(A,)``."""
        best: Any = None
        lowest = np.inf
        for count in range(2, min(self.max_components, len(points) - 1) + 1):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it did not converge, or points coincide: AIC judges what came
                fitted = _gaussian_mixture()(count, random_state=seed).fit(points)
            if (aic := fitted.aic(points)) < lowest:
                best, lowest = fitted, aic
        worth = np.maximum(best.means_[:, -1], 0.0)
        if not worth.sum() > 0:
            return np.full(self._shape[1], 1.0 / self._shape[1])
        x = self._coordinates  # (A, D)
        log_density = np.empty((len(worth), len(x)))
        for g, (mean, covariance) in enumerate(zip(best.means_, best.covariances_, strict=True)):
            factor = np.linalg.cholesky(covariance[:-1, :-1])
            whitened = np.linalg.solve(factor, (x - mean[:-1]).T)
            log_density[g] = -0.5 * (whitened**2).sum(axis=0)
        learned: Floats = (worth / worth.sum()) @ special.softmax(log_density, axis=1)
        learned /= learned.sum()
        return learned


def _spacing(column: Floats) -> float:
    values = np.unique(column)
    return float(np.diff(values).min()) if len(values) > 1 else 1.0


def _gaussian_mixture() -> Any:
    try:
        from sklearn.mixture import GaussianMixture
    except ImportError as error:
        raise ImportError("ALPGMM needs scikit-learn: pip install 'paceline[gmm]'") from error
    return GaussianMixture

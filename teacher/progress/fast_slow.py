"""Learning progress as the gap between a fast and a slow average of success."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from teacher.arrays import ArrayTeacher, Seen, State, averaged, refuse_outside
from teacher.loop import ArmsView, Floats
from teacher.mixtures import floored, proportional

_CENTRE, _SATURATED = 1.2815515655446004, 1.6448536269514722  # 90 % and 95 % quantile of the standard normal
_SHARPNESS = float(np.log(19.0) / (_SATURATED - _CENTRE))  # so that the sigmoid is 0.95 at the 95 % quantile


def reweighted(success: Floats, theta: float) -> Floats:
    """(1 - theta) p / (p + theta (1 - 2 p)): stretches small probabilities, so that first successes weigh more."""
    out: Floats = (1.0 - theta) * success / (success + theta * (1.0 - 2.0 * success))
    return out


@dataclass
class FastSlow(ArrayTeacher):
    """Bidirectional learning progress: |f(fast) - f(slow)|, sharpened to the arms that stand out.

    fast is a running mean of the competence of the arm's visits, slow a running mean of fast, f the reweighting. The
    progress is standardised over the arms and goes through a sigmoid centred on the normal's 90 % quantile (0.95 at its
    95 % quantile); the mixture is in proportion. Gains and losses of competence count alike. Arms not seen yet count as
    the largest progress there is: the paper scores every task before it forms a mixture, which is not free.

    Attributes:
        step: of both averages, per visit.
        theta: of the reweighting; 0.5 leaves probabilities as they are.
        epsilon: share of uniform exploration: the sigmoid leaves arms that do not stand out next to nothing.

    Raises:
        ValueError: a value out of range.

    Reference: I. Kanitscheider et al. (2021), arXiv:2106.14876, section 3 (steps of the sigmoid as read there).
    """

    step: float = 0.1
    theta: float = 0.1
    epsilon: float = 0.1
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        refuse_outside("step", self.step, 0, 1, "0 never learns")
        refuse_outside("theta", self.theta, 0, 0.5, "0 makes every success 1")
        refuse_outside("epsilon", self.epsilon, 0, 1, "0 leaves arms unexplored")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {"fast": np.zeros(shape), "slow": np.zeros(shape), "visits": np.zeros(shape, dtype=np.int64)}

    def _progress(self, state: State) -> Floats:
        progress = np.abs(reweighted(state["fast"], self.theta) - reweighted(state["slow"], self.theta))
        return np.where(state["visits"] > 0, progress, progress.max(axis=1, keepdims=True))

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        progress = self._progress(state)
        deviation = progress.std(axis=1, keepdims=True)
        z = (progress - progress.mean(axis=1, keepdims=True)) / np.where(deviation > 1e-12, deviation, np.inf)
        return floored(proportional(special.expit(_SHARPNESS * (z - _CENTRE))), self.epsilon)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        rows, arms = seen.rows, seen.arms
        averaged(state["fast"], seen.feedback.competence, seen, state["visits"], self.step)
        averaged(state["slow"], state["fast"], seen, state["visits"], self.step)
        state["visits"][rows, arms] += 1

    def _shown(self, state: State) -> dict[str, Floats]:
        return {"progress": self._progress(state)}

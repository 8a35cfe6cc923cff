"""Skill-It: multiplicative weights on losses, each credited to the arms that teach it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, refuse_outside
from teacher.loop import ArmsView, Floats
from teacher.mixtures import softmax
from teacher.windows import filled, push


@dataclass
class SkillIt(ArrayTeacher):
    """Skill-It: an arm's weight grows with the losses of the arms that it helps, itself among them.

    With G_ab how much training on arm a helps arm b, L_b the sum of b's last ``window`` losses (nats per token) of its
    training batches (free), and b over the target arms::

        p_a = softmax over a of (eta sum_b G_ab L_b)

    every ``every`` decisions; in between the mixture stays. Arms not seen yet count as the worst that was seen, all as
    1 before the first.

    Attributes:
        eta: step size.
        window: losses of each arm that are looked back on.
        every: decisions between two changes of the mixture.
        strength: what an arm gives to those one step harder, on each axis; to itself it gives 1. 0: nothing, and
            weights follow each arm's own loss.
        graph: G in the place of that, row by row: A times A numbers, (a, b) how much a helps b.

    Raises:
        ValueError: a value out of range; at reset: a graph of other arms.

    Reference: M. Chen et al. (2023), arXiv:2307.14430, algorithm 1. The graph is given, not estimated (theirs comes
    from training on pairs of skills); in their code, as here, the window is of the last evaluations, not of the last
    mixtures.
    """

    eta: float = 0.5
    window: int = 3
    every: int = 1
    strength: float = 0.5
    graph: tuple[float, ...] = ()
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        refuse_outside("eta", self.eta, 0, float("inf"), "0 never learns")
        for name in ("window", "every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; got {getattr(self, name)}")
        if not 0 <= self.strength < float("inf"):
            raise ValueError(f"strength must not be below 0; got {self.strength}")
        if not np.isfinite(self.graph).all():
            raise ValueError(f"graph must be finite; got {self.graph}")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        self._helps = self._graph_of(arms) * arms.targets
        shape = (num_envs, arms.num_arms)
        before = self._weighed(np.ones(shape))
        return {
            "losses": np.zeros((*shape, self.window)),
            "visits": np.zeros(shape, dtype=np.int64),
            "mixture": before,
        }

    def _graph_of(self, arms: ArmsView) -> Floats:
        """``(A, A)``."""
        num = arms.num_arms
        if self.graph:
            if len(self.graph) != num**2:
                raise ValueError(f"graph must hold {num} x {num} = {num**2} numbers; got {len(self.graph)}")
            return np.array(self.graph, dtype=np.float64).reshape(num, num)
        helps = np.eye(num)
        for easier in arms.easier.T:  # axes, of which there are few
            has = np.nonzero(easier >= 0)[0]
            helps[easier[has], has] = self.strength
        return helps

    def _weighed(self, losses: Floats) -> Floats:
        return softmax(self.eta * losses @ self._helps.T)

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        mixture: Floats = state["mixture"].copy()
        return mixture

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        rows, arms, visits = seen.rows, seen.arms, state["visits"]
        push(state["losses"], visits, rows, arms, seen.feedback.loss[rows, arms])
        visits[rows, arms] += 1
        if (state["updates"] + 1) % self.every == 0:
            state["mixture"] = self._weighed(self._recent(state))

    def _recent(self, state: State) -> Floats:
        """Sum of each arm's last losses ``(K, A)``."""
        used = filled(state["visits"], self.window)
        known = used.any(axis=2)
        total = np.where(used, state["losses"], 0.0).sum(axis=2)
        worst = np.where(known, total, -np.inf).max(axis=1, keepdims=True)
        filler: Floats = np.where(known, total, np.where(np.isfinite(worst), worst, 1.0))
        return filler

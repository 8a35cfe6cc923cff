"""A mastery gate that is a statistical test, not one lucky number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, refuse_outside
from teacher.loop import ArmsView, Floats
from teacher.mastery import MasteryTest
from teacher.schedules.gated import Levels


@dataclass
class MasteryGate(ArrayTeacher):
    """Stages as ``Combined``'s, each passed by a sequential test with a stated error rate.

    A stage is passed when every target arm of the newest level (every arm, in a level without targets) has passed
    ``teacher.mastery.MasteryTest``. So a level with an arm that was never better than its threshold minus ``margin`` is
    passed with probability at most ``error``, however often it is looked at; over L levels, at most L times that. See
    there for what the test does not cover.

    Attributes:
        error: chance that a level is ever passed too early.
        margin: how far below the threshold a competence is "too early" for sure.
        newest: share on the newest level beside its even share, 1/2 as ``Combined``.
        threshold: p1 of the arms that most is wanted of, of others in proportion; None: each arm's own.

    Raises:
        ValueError: a value out of range, or a margin that leaves no p0 above 0.

    Reference: as ``MasteryTest``.
    """

    error: float = 0.05
    margin: float = 0.03
    newest: float = 0.5
    threshold: float | None = None
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        self._test = MasteryTest(self.error, self.margin, self.threshold)
        refuse_outside("newest", self.newest, 0, 1)

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        self._levels = Levels(arms)
        has_target = np.bincount(self._levels.of_arm, arms.targets) > 0  # (L,)
        self._judged = arms.targets | ~has_target[self._levels.of_arm]  # (A,)
        return {"stage": np.zeros(num_envs, dtype=np.int64), **self._test.start(arms, num_envs)}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return self._levels.mixture(state["stage"], self.newest)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        newest = self._levels.newest(state["stage"]) & self._judged
        self._test.judge(state, newest & seen.observed, seen.feedback)
        through = (state["passed"] | ~newest).all(axis=1) & newest.any(axis=1)
        state["stage"] = state["stage"] + through

    def _shown(self, state: State) -> dict[str, Floats]:
        return {"stage": state["stage"].astype(np.float64), "evidence": state["evidence"].copy()}

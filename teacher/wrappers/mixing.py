"""Wrappers that change the mixture: coverage floor, review of mastered arms, rehearsal, cool-down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import refuse_outside
from teacher.loop import ArmsView, Feedback, Floats, Teacher, refuse_before_reset
from teacher.mastery import MasteryTest
from teacher.mixtures import floored, proportional
from teacher.retention import Retention
from teacher.wrappers.wrapper import State, Wrapper


@dataclass
class CoverageFloor(Wrapper):
    """No arm ever gets less than share / A: (1 - share) p + share / A.

    Keeps the whole space covered and the variance of importance weights bounded (r / p is at most A / share).

    Attributes:
        inner: the teacher.
        share: of the mixture that is spread over all arms.

    Raises:
        ValueError: share outside (0, 1].
    """

    inner: Teacher
    share: float = 0.1

    def _check(self) -> None:
        refuse_outside("share", self.share, 0, 1, "0 is no floor")

    def _start(self, arms: ArmsView, num_envs: int, seed: int) -> State:
        return {}

    def _adjust(self, state: State, mixture: Floats) -> Floats:
        return floored(mixture, self.share)


@dataclass
class Review(Wrapper):
    """Replays mastered arms, so that they are not forgotten: a share of the mixture goes to them.

    An arm is mastered once it has passed ``teacher.mastery.MasteryTest`` (error 5 %, on its training batches). The
    share goes to mastered arms in proportion to 1/A plus how far their running competence lies below their threshold
    now; nothing while none is.

    Attributes:
        inner: the teacher.
        share: of the mixture that reviews.
        step: of the running mean of competence, per visit.
        margin: of the test: how far below its threshold an arm is not mastered for sure.

    Raises:
        ValueError: a value out of range.
    """

    inner: Teacher
    share: float = 0.2
    step: float = 0.3
    margin: float = 0.03

    def _check(self) -> None:
        refuse_outside("share", self.share, 0, 1, "0 reviews nothing")
        refuse_outside("step", self.step, 0, 1, "0 never learns")
        self._test = MasteryTest(0.05, self.margin)

    def _start(self, arms: ArmsView, num_envs: int, seed: int) -> State:
        shape = (num_envs, arms.num_arms)
        seen = np.zeros(shape, dtype=bool)
        return {"competence": np.zeros(shape), "seen": seen, **self._test.start(arms, num_envs)}

    def _adjust(self, state: State, mixture: Floats) -> Floats:
        fallen = np.maximum(0.0, self._arms.thresholds - state["competence"])
        due = np.where(state["passed"], 1.0 / self._shape[1] + fallen, 0.0)
        share = np.where(state["passed"].any(axis=1, keepdims=True), self.share, 0.0)
        return (1.0 - share) * mixture + share * proportional(due)

    def _take(self, state: State, mixture: Floats, feedback: Feedback) -> Feedback:
        observed = feedback.count > 0
        step = np.where(state["seen"], self.step, 1.0)  # a first visit sets the value
        state["competence"] += np.where(observed, step * (feedback.competence - state["competence"]), 0.0)
        state["seen"] |= observed
        self._test.judge(state, observed & ~state["passed"], feedback)
        return feedback


@dataclass
class Rehearsal(Wrapper):
    """A floor for students that forget what they do not rehearse; others are left alone.

    Whether they do is measured from the batches that they train on, and near mastery they are taught all targets alike:
    ``teacher.retention.Retention``. The general teacher has this built in.

    Attributes:
        inner: the teacher.
        share: of the mixture that is then spread over all arms.

    Raises:
        ValueError: share outside (0, 1], or a teacher that rehearses by itself.
    """

    inner: Teacher
    share: float = 0.5

    def _check(self) -> None:
        refuse_outside("share", self.share, 0, 1, "0 rehearses nothing")
        if getattr(self.inner, "rehearsal", 0.0):
            raise ValueError(f"{type(self.inner).__name__} rehearses by itself: give it rehearsal=0 first")
        self._retention = Retention()

    def _start(self, arms: ArmsView, num_envs: int, seed: int) -> State:
        return self._retention.start(num_envs, arms.num_arms)

    def _adjust(self, state: State, mixture: Floats) -> Floats:
        return self._retention.spread(state, mixture, self.share, self._arms)

    def _take(self, state: State, mixture: Floats, feedback: Feedback) -> Feedback:
        self._retention.take(state, feedback)
        return feedback

    def diagnostics(self) -> dict[str, Floats]:
        """The inner teacher's, ``mean_fall`` (K,) and ``forgets`` (K,)."""
        refuse_before_reset("diagnostics", self._state)
        assert self._state is not None
        return {**super().diagnostics(), **self._retention.shown(self._state)}


@dataclass
class Cooldown(Wrapper):
    """After a change the mixture is held for some decisions, so that its effect can be seen before the next.

    A new mixture is taken up when it differs from the held one by more than ``tolerance`` (total variation, half the
    summed distance) and the held one is at least ``decisions`` old. The inner teacher goes on learning meanwhile.

    Attributes:
        inner: the teacher.
        decisions: how long a mixture is held at least.
        tolerance: change below which the held mixture stays.

    Raises:
        ValueError: a value out of range.
    """

    inner: Teacher
    decisions: int = 5
    tolerance: float = 0.0

    def _check(self) -> None:
        if self.decisions < 1 or not 0 <= self.tolerance < 1:
            raise ValueError(
                "decisions must be at least 1 and tolerance in [0, 1); "
                f"got decisions={self.decisions}, tolerance={self.tolerance}"
            )

    def _start(self, arms: ArmsView, num_envs: int, seed: int) -> State:
        self._given: Floats | None = None
        # An age of `decisions` lets the first mixture in.
        return {"held": np.zeros((num_envs, arms.num_arms)), "age": np.full(num_envs, self.decisions)}

    def _adjust(self, state: State, mixture: Floats) -> Floats:
        distance = 0.5 * np.abs(mixture - state["held"]).sum(axis=1)
        none_yet = state["held"].sum(axis=1) == 0
        change = none_yet | ((state["age"] >= self.decisions) & (distance > self.tolerance))
        return np.where(change[:, None], mixture, state["held"])

    def act(self, obs: NDArray[np.float32]) -> Floats:
        """The held mixture, or the inner teacher's new one: ``(K, A)``."""
        self._given = super().act(obs)
        return self._given.copy()

    def update(self, obs: NDArray[np.float32], mixture: Floats, feedback: Feedback) -> None:
        """Learns, and remembers what it gave: a wrapper around this one may have taught another mixture."""
        refuse_before_reset("update", self._state)
        # Not asked again where it was asked: a person's override may have come between.
        given, self._given = self.act(obs) if self._given is None else self._given, None
        super().update(obs, mixture, feedback)
        assert self._state is not None
        same = (given == self._state["held"]).all(axis=1)
        self._state["age"] = np.where(same, self._state["age"] + 1, 1)
        self._state["held"] = given

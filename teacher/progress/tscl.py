"""Teacher-student curriculum learning: four estimates of the slope of the learning curve, absolute against forgetting.

An arm's score is its competence in a decision (its training accuracy: free), dr the change since its last visit (the
signal ``accuracy_gain``). The authors score every task on a validation set after each epoch and do not charge it.

Reference: T. Matiisen, A. Oliver, T. Cohen and J. Schulman (2017), arXiv:1707.00183, algorithms 2-5; constants of the
authors' code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State, refuse_outside
from teacher.bandits.thompson import share_of_wins
from teacher.estimators import Kind
from teacher.loop import ArmsView, Floats
from teacher.mixtures import floored, greedy, softmax
from teacher.windows import filled, push, slopes

Policy = Literal["greedy", "boltzmann"]


def _refuse(policy: str, epsilon: float, temperature: float) -> None:
    if policy not in ("greedy", "boltzmann"):
        raise ValueError(f"policy must be greedy or boltzmann; got {policy!r}")
    refuse_outside("epsilon", epsilon, 0, 1, "0 leaves arms unexplored")
    refuse_outside("temperature", temperature, 0, float("inf"), "use policy='greedy'")


def _choose(slope: Floats, absolute: bool, policy: str, epsilon: float, temperature: float) -> Floats:
    worth = np.abs(slope) if absolute else slope
    return softmax(worth / temperature) if policy == "boltzmann" else floored(greedy(worth), epsilon)


@dataclass
class TSCLOnline(ArrayTeacher):
    """TSCL Online: Q_a <- Q_a + alpha (dr_a - Q_a), a running mean of the arm's progress; algorithm 2.

    Attributes:
        alpha: step of the running mean.
        absolute: choose by |Q|, so that an arm that is being forgotten comes back; False: by Q.
        policy: ``greedy`` (1 - epsilon on the best) or ``boltzmann`` (softmax over temperature).
        epsilon: exploration of ``greedy``.
        temperature: of ``boltzmann``, in units of accuracy per decision; the authors' is 4e-4 (1-D), 1e-3 (2-D).
        feedback: ``sampled`` or ``full`` (``probe="all"``), as the authors have it.

    Raises:
        ValueError: a value out of range.
    """

    alpha: float = 0.1
    absolute: bool = True
    policy: Policy = "greedy"
    epsilon: float = 0.1
    temperature: float = 4e-4
    feedback: Kind = "sampled"

    def _check(self) -> None:
        refuse_outside("alpha", self.alpha, 0, 1, "0 never learns")
        _refuse(self.policy, self.epsilon, self.temperature)

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        return {"slope": np.zeros((num_envs, arms.num_arms))}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return _choose(state["slope"], self.absolute, self.policy, self.epsilon, self.temperature)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        change = seen.reward - state["slope"]
        state["slope"] += self.alpha * np.where(seen.observed, change, 0.0)

    def _shown(self, state: State) -> dict[str, Floats]:
        return {"slope": state["slope"].copy()}


@dataclass
class TSCLNaive(ArrayTeacher):
    """TSCL Naive: hold one arm for ``hold`` decisions, take the slope of its scores, average it; algorithm 3.

    Q_a <- alpha slope + (1 - alpha) Q_a; then the next arm, epsilon-greedily by |Q|. Holding is the point of this
    variant, and what it loses by: nothing interleaves.

    Attributes:
        hold: decisions on one arm.
        alpha: step of the running mean.
        absolute: choose by |Q|; False: by Q.
        epsilon: chance of an arm at random.

    Raises:
        ValueError: a value out of range.
    """

    hold: int = 10
    alpha: float = 0.1
    absolute: bool = True
    epsilon: float = 0.1
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        if self.hold < 2:
            raise ValueError(f"hold must be at least 2, a slope needs two points; got {self.hold}")
        refuse_outside("alpha", self.alpha, 0, 1, "0 never learns")
        refuse_outside("epsilon", self.epsilon, 0, 1, "0 leaves arms unexplored")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        return {
            "slope": np.zeros((num_envs, arms.num_arms)),
            "held": np.full(num_envs, -1),  # the arm being held, none yet
            "scores": np.full((num_envs, self.hold), np.nan),
        }

    def _choice(self, state: State) -> NDArray[np.int64]:
        """The arm of each row in this decision ``(K,)``: the one held, or at the end of a hold a new one."""
        if state["updates"] % self.hold and (state["held"] >= 0).all():
            held: NDArray[np.int64] = state["held"]
            return held
        worth = np.abs(state["slope"]) if self.absolute else state["slope"]
        chances = floored(greedy(worth), self.epsilon).cumsum(axis=1)
        place = (self._uniforms(1) * chances[:, -1:] >= chances).sum(axis=1)
        chosen: NDArray[np.int64] = np.minimum(place, self._shape[1] - 1)
        return chosen

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        out = np.zeros(self._shape)
        out[np.arange(self._shape[0]), self._choice(state)] = 1.0
        return out

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        state["held"] = self._choice(state).copy()
        rows, turn = np.arange(self._shape[0]), state["updates"] % self.hold
        own = seen.observed[rows, state["held"]]
        state["scores"][:, turn] = np.where(own, seen.feedback.competence[rows, state["held"]], np.nan)
        if turn == self.hold - 1:
            used = ~np.isnan(state["scores"])
            times = np.broadcast_to(np.arange(self.hold, dtype=np.float64), used.shape)
            slope = slopes(times, np.where(used, state["scores"], 0.0), used)
            state["slope"][rows, state["held"]] += self.alpha * (slope - state["slope"][rows, state["held"]])
            state["scores"][:] = np.nan

    def _shown(self, state: State) -> dict[str, Floats]:
        return {"slope": state["slope"].copy()}


@dataclass
class TSCLWindow(ArrayTeacher):
    """TSCL Window: the slope of a line through the arm's last ``window`` (decision, score) points; algorithm 4.

    Arms with fewer than two points count as slope 1, so that each is tried first.

    Attributes:
        window: points per arm.
        absolute: choose by |slope|; False: by the slope.
        policy: ``greedy`` (1 - epsilon on the best) or ``boltzmann`` (softmax over temperature).
        epsilon: exploration of ``greedy``.
        temperature: of ``boltzmann``, in units of accuracy per decision.
        feedback: ``any``, or ``full`` (``probe="all"``): every arm scored in every decision, as the authors have it.

    Raises:
        ValueError: a value out of range.
    """

    window: int = 10
    absolute: bool = True
    policy: Policy = "greedy"
    epsilon: float = 0.1
    temperature: float = 4e-4
    feedback: Literal["any", "full"] = "any"
    reads_gain: ClassVar[bool] = False

    def _check(self) -> None:
        if self.window < 2:
            raise ValueError(f"window must be at least 2, a slope needs two points; got {self.window}")
        _refuse(self.policy, self.epsilon, self.temperature)

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {
            "slope": np.ones(shape),
            "visits": np.zeros(shape, dtype=np.int64),
            "times": np.zeros((*shape, self.window)),
            "scores": np.zeros((*shape, self.window)),
        }

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        return _choose(state["slope"], self.absolute, self.policy, self.epsilon, self.temperature)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        rows, arms, visits = seen.rows, seen.arms, state["visits"]
        push(state["times"], visits, rows, arms, float(state["updates"]))
        push(state["scores"], visits, rows, arms, seen.feedback.competence[rows, arms])
        visits[rows, arms] += 1
        used = filled(visits[rows, arms], self.window)
        slope = slopes(state["times"][rows, arms], state["scores"][rows, arms], used)
        state["slope"][rows, arms] = np.where(visits[rows, arms] > 1, slope, 1.0)

    def _shown(self, state: State) -> dict[str, Floats]:
        return {"slope": state["slope"].copy()}


@dataclass
class TSCLSampling(ArrayTeacher):
    """TSCL Sampling: draw one of each arm's last ``window`` changes dr, take the arm of the largest; algorithm 5.

    Needs no temperature: it explores as Thompson sampling does. Arms not seen yet count as 1.

    Attributes:
        window: changes kept per arm.
        absolute: compare |dr|; False: dr.
        draws: draws per decision; the mixture is how often each arm won. 1: one arm, the authors'.
        feedback: ``sampled`` or ``full`` (``probe="all"``), as the authors have it.

    Raises:
        ValueError: a value out of range.
    """

    window: int = 10
    absolute: bool = True
    draws: int = 10
    feedback: Kind = "sampled"

    def _check(self) -> None:
        if self.window < 1 or self.draws < 1:
            raise ValueError(f"window and draws must be at least 1; got window={self.window}, draws={self.draws}")

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        shape = (num_envs, arms.num_arms)
        return {"visits": np.zeros(shape, dtype=np.int64), "changes": np.ones((*shape, self.window))}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        kept = np.clip(state["visits"], 1, self.window)  # a slot of an unseen arm holds 1

        def draw(turn: int) -> Floats:
            slot = (self._uniforms(self._shape[1], turn) * kept).astype(np.int64)
            change: Floats = np.take_along_axis(state["changes"], slot[:, :, None], axis=2)[:, :, 0]
            return np.abs(change) if self.absolute else change

        return share_of_wins(draw, self.draws)

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        push(state["changes"], state["visits"], seen.rows, seen.arms, seen.reward[seen.rows, seen.arms])
        state["visits"][seen.rows, seen.arms] += 1

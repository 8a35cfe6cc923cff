"""A teacher that was learned across lifetimes by PPO, deployed frozen: its probabilities are the mixture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State
from teacher.learned.files import LearnedPolicy, load_policy
from teacher.learned.network import no_memory, num_units, remembered, scores
from teacher.loop import ArmsView, Feedback, Floats
from teacher.mixtures import floored, softmax
from teacher.retention import Retention

SHIPPED = Path(__file__).parent / "general"
"""Where the general teacher lies in the package."""
_RETENTION = Retention()


@dataclass
class PPOTeacher(ArrayTeacher):
    """Gives the probabilities of a policy that PPO trained across lifetimes, as they come from the observation.

    Its weights stay as they are within a lifetime: what it knows of the student is in the features (``envs.features``),
    which cost no probe, and in the network's memory, where it has one. Any number of arms, of axes and of tasks. A
    student that is seen to forget what it does not rehearse (``teacher.retention.Retention``) is given some of
    everything besides.

    Attributes:
        path: a folder that ``paceline meta-train`` made; empty: the general teacher that ships with the package.
        temperature: of the softmax over the network's scores.
        floor: share of the mixture spread over all arms, at least.
        rehearsal: that share for a student that forgets, whose rest near mastery goes to all targets alike; 0: no
            student is watched for it.

    Raises:
        ValueError: a value out of range; at reset: a file that is not there or damaged, or observations without the
            features that the policy reads.

    Reference: J. Schulman et al., Proximal Policy Optimization Algorithms (2017), arXiv:1707.06347; the teacher's task
    is ours (docs/teachers/general.md).
    """

    path: str = ""
    temperature: float = 1.0
    floor: float = 0.0
    rehearsal: float = 0.5
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        self._policy: LearnedPolicy | None = None
        if not 0 < self.temperature < float("inf"):
            raise ValueError(f"temperature must be above 0 and finite; got {self.temperature}")
        if not 0 <= self.floor <= 1:
            raise ValueError(f"floor must be in [0, 1]; got {self.floor}")
        if not 0 <= self.rehearsal <= 1:
            raise ValueError(f"rehearsal must be in [0, 1]; got {self.rehearsal}")

    @property
    def policy(self) -> LearnedPolicy:
        """The network and its card, read once."""
        if self._policy is None:
            self._policy = load_policy(self.path or SHIPPED)
        return self._policy

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the features of an observation that it reads."""
        return self.policy.features

    @property
    def num_weights(self) -> int:
        """Of its network, which is run once for every arm of a decision."""
        return sum(weight.size for weight in self.policy.weights.values())

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        offered = list(arms.features)
        missing = [name for name in self.reads if name not in offered]
        if missing:
            raise ValueError(
                f"the teacher {self.path or SHIPPED} reads the features {', '.join(missing)}, which the observation "
                f"lacks (it has {', '.join(offered)}): it is of another version; train it again with `paceline "
                "meta-train`"
            )
        self._columns = np.array([offered.index(name) for name in self.reads])
        memory = {"memory": no_memory(self.policy.weights, num_envs)} if num_units(self.policy.weights) else {}
        watched = _RETENTION.start(num_envs, arms.num_arms) if self.rehearsal else {}
        return {"policy": self.policy.fingerprint, **memory, **watched}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        if state["policy"] != self.policy.fingerprint:
            raise ValueError(
                f"the teacher {self.path or SHIPPED} has changed since the run began (fingerprint {state['policy']}, "
                f"now {self.policy.fingerprint}): restore it, or begin anew"
            )
        memory = self._after(state, obs)
        weights = self.policy.weights
        rows = enumerate(self._rows(obs))
        logits = np.concatenate([scores(weights, row, exists, memory[k : k + 1]) for k, (row, exists) in rows])
        real = np.isfinite(logits)
        chosen = floored(softmax(logits / self.temperature), self.floor, real)
        if not self.rehearsal:
            return chosen
        return _RETENTION.spread(state, chosen, max(self.floor, self.rehearsal), self._arms, real)

    def _rows(self, obs: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_] | None]]:
        """What is read of each row, and which of its arms exist.

        One by one: a product of many rows may round otherwise than one of a single row, whose run must be the same.
        """
        read = np.asarray(obs, dtype=np.float32)[..., self._columns]
        for k in range(len(read)):
            yield read[k : k + 1], self._real_arms(read[k : k + 1])

    def _after(self, state: State, obs: NDArray[np.float32]) -> Floats:
        """The memory ``(K, 2, M)`` that has taken in the observation."""
        if "memory" not in state:
            return no_memory(self.policy.weights, len(obs))
        kept: Floats = state["memory"]
        rows = enumerate(self._rows(obs))
        after = [remembered(self.policy.weights, row, exists, kept[k : k + 1]) for k, (row, exists) in rows]
        return np.concatenate(after)

    def update(self, obs: NDArray[np.float32], mixture: Floats, feedback: Feedback) -> None:
        """Takes the observation that the mixture answered into the memory, if there is one."""
        super().update(obs, mixture, feedback)
        assert self._state is not None
        if "memory" in self._state:
            self._state["memory"] = self._after(self._state, obs)

    def _real_arms(self, read: NDArray[np.float32]) -> NDArray[np.bool_] | None:
        """``(K, A)``, False for padding; None where the observation does not tell, or tells of no arm at all."""
        if "exists" not in self.reads:
            return None
        exists: NDArray[np.bool_] = read[..., self.reads.index("exists")] > 0
        return exists if exists.any(axis=1).all() else None

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        """Nothing of the policy, whose weights are frozen: how well the student keeps what it has learned."""
        if self.rehearsal:
            _RETENTION.take(state, seen.feedback)

    def _shown(self, state: State) -> dict[str, Floats]:
        return _RETENTION.shown(state) if self.rehearsal else {}


def load_general(path: str | Path | None = None, **options: Any) -> PPOTeacher:
    """The general teacher that ships with the package, or another of yours from ``paceline meta-train``.

    Args:
        path: a folder that ``paceline meta-train`` made; None: the shipped one.
        **options: ``temperature``, ``floor``, ``rehearsal``.

    Raises:
        ValueError: the files are not there, damaged or of another version.
    """
    made = PPOTeacher("" if path is None else str(path), **options)
    _ = made.policy
    return made

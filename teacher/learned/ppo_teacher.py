"""A teacher that was learned across lifetimes by PPO, deployed frozen: its probabilities are the mixture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State
from teacher.learned.files import LearnedPolicy, load_policy
from teacher.learned.network import scores
from teacher.loop import ArmsView, Floats
from teacher.mixtures import floored, softmax

SHIPPED = Path(__file__).parent / "general"
"""Where the general teacher lies in the package."""


@dataclass
class PPOTeacher(ArrayTeacher):
    """Gives the probabilities of a policy that PPO trained across lifetimes, as they come from the observation.

    It learns nothing within a lifetime: what it knows of the student is in the features (``envs.features``), which cost
    no probe. Any number of arms, of axes and of tasks.

    Attributes:
        path: a folder that ``paceline meta-train`` made; empty: the general teacher that ships with the package.
        temperature: of the softmax over the network's scores.
        floor: share of the mixture spread over all arms.

    Raises:
        ValueError: a value out of range; at reset: a file that is not there or damaged, or observations without the
            features that the policy reads.

    Reference: J. Schulman et al., Proximal Policy Optimization Algorithms (2017), arXiv:1707.06347; the teacher's task
    is ours (docs/teachers/general.md).
    """

    path: str = ""
    temperature: float = 1.0
    floor: float = 0.0
    feedback: ClassVar[Literal["any"]] = "any"

    def _check(self) -> None:
        self._policy: LearnedPolicy | None = None
        if not 0 < self.temperature < float("inf"):
            raise ValueError(f"temperature must be above 0 and finite; got {self.temperature}")
        if not 0 <= self.floor <= 1:
            raise ValueError(f"floor must be in [0, 1]; got {self.floor}")

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
        return {"policy": self.policy.fingerprint}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        if state["policy"] != self.policy.fingerprint:
            raise ValueError(
                f"the teacher {self.path or SHIPPED} has changed since the run began (fingerprint {state['policy']}, "
                f"now {self.policy.fingerprint}): restore it, or begin anew"
            )
        observed = np.asarray(obs, dtype=np.float32)
        # Row by row: a product of many rows may round otherwise than one of a single row, whose run must be the same.
        logits = np.concatenate([self._scored(observed[k : k + 1]) for k in range(len(observed))])
        return floored(softmax(logits / self.temperature), self.floor)

    def _scored(self, row: NDArray[np.float32]) -> Floats:
        read = row[..., self._columns]
        return scores(self.policy.weights, read, self._real_arms(read))

    def _real_arms(self, read: NDArray[np.float32]) -> NDArray[np.bool_] | None:
        """``(K, A)``, False for padding; None where the observation does not tell, or tells of no arm at all."""
        if "exists" not in self.reads:
            return None
        exists: NDArray[np.bool_] = read[..., self.reads.index("exists")] > 0
        return exists if exists.any(axis=1).all() else None

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        """Nothing: it is frozen."""


def load_general(path: str | Path | None = None, **options: Any) -> PPOTeacher:
    """The general teacher that ships with the package, or another of yours from ``paceline meta-train``.

    Args:
        path: a folder that ``paceline meta-train`` made; None: the shipped one.
        **options: ``temperature``, ``floor``.

    Raises:
        ValueError: the files are not there, damaged or of another version.
    """
    made = PPOTeacher("" if path is None else str(path), **options)
    _ = made.policy
    return made

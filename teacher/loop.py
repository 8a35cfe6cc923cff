"""The teacher protocol, and the one loop that runs a teacher."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class ArmsView(Protocol):
    """What a teacher may know of A arms beforehand (``envs.Arms`` is one)."""

    @property
    def num_arms(self) -> int:
        """A."""

    @property
    def names(self) -> tuple[str, ...]:
        """Readable names."""

    @property
    def targets(self) -> NDArray[np.bool_]:
        """``(A,)``, the arms that count."""

    @property
    def levels(self) -> NDArray[np.int64]:
        """``(A,)``, rank of difficulty, easiest 0; arms of one level are equally hard as far as is known."""

    @property
    def coordinates(self) -> Floats:
        """``(A, D)``, difficulty on each axis in [0, 1]."""

    @property
    def tasks(self) -> NDArray[np.int64]:
        """``(A,)``, the number of each arm's task."""

    @property
    def positions(self) -> NDArray[np.int64]:
        """``(A, D)``, the index of the arm's value on each axis, easiest 0; -1 on an axis that its task lacks."""

    @property
    def easier(self) -> NDArray[np.int64]:
        """``(A, D)``, the arm of the same task that is one step easier on each axis; -1 where there is none."""

    @property
    def thresholds(self) -> Floats:
        """``(A,)``, the competence from which each arm counts as mastered."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the F features of an observation, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class Feedback:
    """What a decision gave, each ``(K, A)``; an arm with count zero was not observed, its other entries mean nothing.

    Attributes:
        gain: learning progress, in the unit of the environment's signal.
        loss: nats per token.
        competence: in [0, 1].
        count: sequences.
        share: of the decision's draws that fell on each arm, whose mean is the mixture; None: the share of sequences,
            which is the same where all batches are of one size (a token budget gives longer sequences smaller ones).
    """

    gain: Floats
    loss: Floats
    competence: Floats
    count: NDArray[np.int64]
    share: Floats | None = None

    def checked(self, shape: tuple[int, ...]) -> Feedback:
        """Itself, if every entry has this shape and the observed gains, losses and competences are finite.

        Raises:
            ValueError: otherwise.
        """
        for name in FEEDBACK if self.share is None else (*FEEDBACK, "share"):
            if np.shape(getattr(self, name)) != shape:
                got = np.shape(getattr(self, name))
                raise ValueError(f"feedback.{name} must have shape (K, A) = {shape}; got {got}")
        for name, value in (("gain", self.gain), ("loss", self.loss), ("competence", self.competence)):
            if not np.isfinite(value[self.count > 0]).all():
                k, a = (int(i) for i in np.argwhere((self.count > 0) & ~np.isfinite(value))[0])
                raise ValueError(f"feedback.{name} must be finite; got {value[k, a]} for row {k}, arm {a}")
        return self


FEEDBACK = ("gain", "loss", "competence", "count")
"""The names of the entries that every feedback has."""


def refuse_before_reset(verb: str, state: object) -> None:
    """Raises ``RuntimeError`` if a teacher's state is still None: it was asked to act or to learn before ``reset``."""
    if state is None:
        raise RuntimeError(f"{verb} before reset: call reset(arms, num_envs, seed) first")


def reads_gain(teacher: Teacher) -> bool:
    """Whether a teacher reads gains, so that a signal is worth its charge.

    Its own word for it if it has one (``reads_gain``), else whether its feedback is not ``any``.
    """
    return bool(getattr(teacher, "reads_gain", teacher.feedback != "any"))


def num_weights(teacher: Teacher) -> int:
    """Weights that a teacher's network multiplies for every arm of a decision, which are charged for.

    Its own word for it (``num_weights``), else 0: a rule or a bandit, whose arithmetic counts for nothing.
    """
    said = getattr(teacher, "num_weights", 0)
    return said if isinstance(said, int) else 0


class Teacher(Protocol):
    """K independent teachers, one per student. ``teacher.checks.check_teacher`` proves an implementation right.

    Attributes:
        feedback: what the estimator assumes: ``sampled`` (arms are observed as drawn from the mixture: bandit feedback
            where a decision holds one arm, semi-bandit where it draws several), ``full`` (every arm in every decision:
            ``probe="all"``, charged), or ``any`` (it reads no gains, so it need not pay for a signal).
    """

    @property
    def feedback(self) -> Literal["sampled", "full", "any"]:
        """The feedback that the estimator assumes."""

    def reset(self, arms: ArmsView, num_envs: int, seed: int) -> None:
        """Starts K lifetimes; row k's randomness derives from ``seed + k`` alone."""

    def act(self, obs: NDArray[np.float32]) -> Floats:
        """The mixture ``(K, A)``, rows sum to one, for an observation ``(K, A, F)``."""

    def update(self, obs: NDArray[np.float32], mixture: Floats, feedback: Feedback) -> None:
        """Learns from what the mixture gave."""

    def diagnostics(self) -> dict[str, Floats]:
        """Numbers worth a trace, each ``(K, A)`` or ``(K,)``: ``scaled_gain`` where gains are scaled. May be empty."""

    def state_dict(self) -> dict[str, Any]:
        """All that the future depends on; a copy."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken, after a ``reset`` with the same arguments."""


class Row(NamedTuple):
    """One decision, as ``run`` yields it: K students' rows together."""

    decision: int
    mixture: Floats
    feedback: Feedback
    reward: Floats
    info: dict[str, Any]
    diagnostics: dict[str, Floats]


def run(teacher: Teacher, env: Any, seed: int = 0, state: dict[str, Any] | None = None) -> Iterator[Row]:
    """Runs a teacher over the K lifetimes of a ``CurriculumVectorEnv``, one trace row per decision.

    Whoever consumes the rows checkpoints (``snapshot``), evaluates, tracks and stops.

    Args:
        teacher: the teacher.
        env: the vector environment.
        seed: row k is seeded with ``seed + k``.
        state: a ``snapshot`` to go on from, of the same teacher, environment and seed.

    Raises:
        ValueError: the environment does not give the feedback that the teacher assumes.
    """
    _refuse_wrong_feedback(teacher, env)
    teacher.reset(env.unwrapped.arms, env.num_envs, seed)
    obs, decision = (env.reset(seed=seed)[0], 0) if state is None else _resume(teacher, env, state)
    while not env.unwrapped.finished:
        mixture = teacher.act(obs)
        next_obs, reward, _, _, info = env.step(mixture)
        feedback = Feedback(**{name: info[name] for name in FEEDBACK}, share=info.get("share"))
        teacher.update(obs, mixture, feedback)
        yield Row(decision, mixture, feedback, reward, info, teacher.diagnostics())
        obs, decision = next_obs, decision + 1


def snapshot(teacher: Teacher, env: Any) -> dict[str, Any]:
    """The state to resume ``run`` from; valid whenever ``run`` has just yielded."""
    return {"teacher": teacher.state_dict(), "env": env.unwrapped.state_dict()}


def _resume(teacher: Teacher, env: Any, state: dict[str, Any]) -> tuple[NDArray[np.float32], int]:
    teacher.load_state_dict(state["teacher"])
    env.unwrapped.load_state_dict(state["env"])
    return env.unwrapped.observe(), env.unwrapped.decision


def _refuse_wrong_feedback(teacher: Teacher, env: Any) -> None:
    settings = env.unwrapped.settings
    if teacher.feedback == "sampled" and getattr(settings, "weighting", "draw") == "loss":
        raise ValueError(
            f"{type(teacher).__name__} takes its mixture for the chance that an arm is drawn; with "
            "weighting='loss' arms are drawn evenly, and its estimates would be biased: use weighting='draw', or a "
            "teacher that reads no gains"
        )
    given = "full" if env.unwrapped.settings.probe == "all" else "sampled"
    if teacher.feedback not in (given, "any"):
        probe = "all" if teacher.feedback == "full" else "none"
        raise ValueError(
            f"{type(teacher).__name__} assumes {teacher.feedback} feedback, the environment gives {given}: "
            f"make it with probe={probe!r}"
        )

"""Built-in teachers by name, and wrappers around them as settings: what the command line can set of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import teacher
from teacher import Teacher

# Most teachers are their own settings: dataclasses whose fields are hyper-parameters.
TEACHERS: dict[str, Any] = {
    "uniform": teacher.Uniform(),
    "stratified": teacher.Stratified(),
    "target-only": teacher.TargetOnly(),
    "static": teacher.StaticMixture(),
    "naive": teacher.Naive(),
    "mixed": teacher.Mixed(),
    "combined": teacher.Combined(),
    "look-back-forward": teacher.LookBackForward(),
    "mastery-gate": teacher.MasteryGate(),
    "linear-pacing": teacher.Pacing(root=1.0),
    "competence-pacing": teacher.Pacing(root=2.0),
    "root-pacing": teacher.Pacing(root=3.0),
    "length-warmup": teacher.SequenceLengthWarmup(),
    "replayed": teacher.Replayed(),
    "replayed-shuffled": teacher.Replayed(shuffled=True),
    "exp3": teacher.Exp3(),
    "exp3s": teacher.Exp3S(),
    "exp3-ix": teacher.Exp3IX(),
    "tsallis-inf": teacher.TsallisInf(),
    "ucb1": teacher.UCB1(),
    "d-ucb": teacher.DiscountedUCB(),
    "sw-ucb": teacher.SlidingWindowUCB(),
    "gaussian-thompson": teacher.GaussianThompson(),
    "beta-thompson": teacher.BetaThompson(),
    "epsilon-greedy": teacher.EpsilonGreedy(),
    "boltzmann": teacher.Boltzmann(),
    "tscl-online": teacher.TSCLOnline(),
    "tscl-naive": teacher.TSCLNaive(),
    "tscl-window": teacher.TSCLWindow(),
    "tscl-sampling": teacher.TSCLSampling(),
    "fast-slow": teacher.FastSlow(),
    "alp-gmm": teacher.ALPGMM(),
    "learnability": teacher.Learnability(),
    "target-deficit": teacher.TargetDeficit(),
    "sec": teacher.SEC(),
    "dump": teacher.DUMP(),
    "adarft": teacher.AdaRFT(),
    "loss-proportional": teacher.LossProportional(),
    "odm": teacher.ODM(),
    "skill-it": teacher.SkillIt(),
    "prioritized-replay": teacher.PrioritizedReplay(),
    "general": teacher.PPOTeacher(),
}


@dataclass(frozen=True)
class Exp4Teacher:
    """EXP4: mixes the mixtures of expert teachers, in proportion to what each would have earned."""

    experts: tuple[str, ...] = ("uniform", "target-only", "combined", "target-deficit")
    """Names of the experts; each must read no gains, or take the same feedback."""
    gamma: float = 0.1
    """Exploration."""
    feedback: Literal["sampled", "full"] = "sampled"
    """What the estimates assume."""
    scale: bool = True
    """Scale gains to [0, 1] by quantiles."""

    def build(self, make: Callable[[str], Teacher]) -> Teacher:
        """The teacher."""
        return teacher.Exp4([make(name) for name in self.experts], self.gamma, self.feedback, self.scale)


TEACHERS["exp4"] = Exp4Teacher()


class WrapperComponent(Protocol):
    """Settings that build a wrapper."""

    def around(self, inner: Teacher) -> Teacher:
        """The wrapped teacher."""


@dataclass(frozen=True)
class Floor:
    """No arm ever gets less than a share of the mixture over A."""

    share: float = 0.1
    """Share spread over all arms."""

    def around(self, inner: Teacher) -> Teacher:
        """The wrapped teacher."""
        return teacher.CoverageFloor(inner, self.share)


@dataclass(frozen=True)
class Review:
    """Replays mastered arms against forgetting."""

    share: float = 0.2
    """Share that reviews."""
    step: float = 0.3
    """Of the running mean of competence."""
    margin: float = 0.03
    """How far below its threshold an arm is not mastered for sure."""

    def around(self, inner: Teacher) -> Teacher:
        """The wrapped teacher."""
        return teacher.Review(inner, self.share, self.step, self.margin)


@dataclass(frozen=True)
class Rehearsal:
    """A floor for students that are seen to forget what they do not rehearse."""

    share: float = 0.5
    """Share that is then spread over all arms."""

    def around(self, inner: Teacher) -> Teacher:
        """The wrapped teacher."""
        return teacher.Rehearsal(inner, self.share)


@dataclass(frozen=True)
class Cooldown:
    """Holds a mixture for some decisions after each change."""

    decisions: int = 5
    """How long a mixture is held at least."""
    tolerance: float = 0.0
    """Total variation below which the held mixture stays."""

    def around(self, inner: Teacher) -> Teacher:
        """The wrapped teacher."""
        return teacher.Cooldown(inner, self.decisions, self.tolerance)


@dataclass(frozen=True)
class Rescaled:
    """Scales gains before the teacher sees them (give it --NAME.no-scale)."""

    by: Literal["quantiles", "standardise", "affine"] = "standardise"
    """How."""
    offset: float = 0.0
    """Of affine: the gain that maps to 0."""
    unit: float = 1.0
    """Of affine: the gain above the offset that maps to 1."""
    to_unit_interval: bool | None = None
    """To [0, 1] instead of [-1, 1]; none: as the teacher wants it."""

    def around(self, inner: Teacher) -> Teacher:
        """The wrapped teacher."""
        return teacher.Rescaled(inner, self.by, self.offset, self.unit, self.to_unit_interval)


@dataclass(frozen=True)
class Override:
    """Teaches what a person writes into a file, while it is there."""

    file: str = "override.json"
    """JSON of arm names and weights."""

    def around(self, inner: Teacher) -> Teacher:
        """The wrapped teacher."""
        return teacher.Override(inner, self.file)


WRAPPERS: dict[str, WrapperComponent] = {
    "floor": Floor(),
    "review": Review(),
    "rehearsal": Rehearsal(),
    "cooldown": Cooldown(),
    "rescaled": Rescaled(),
    "override": Override(),
}


def parts_of(name: str) -> list[str]:
    """A teacher's name and those of the wrappers around it, innermost first: ``exp3s+floor+review``."""
    return name.split("+")

"""Settings of the curriculum environments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from envs.progress import NEEDS_ONE_ARM, SIGNALS

Redraw = Literal["decision", "update", "sequence"]
Probe = Literal["none", "all"]
Reward = Literal["progress", "competence"]
Weighting = Literal["draw", "loss"]


class CurriculumOptions(TypedDict, total=False):
    """The fields of ``CurriculumSettings`` as keyword arguments."""

    budget: int
    updates_per_decision: int
    batch_size: int
    tokens_per_update: int | None
    redraw: Redraw
    weighting: Weighting
    signal: str
    probe: Probe
    probe_size: int
    reward: Reward
    time_cost: float


@dataclass(frozen=True)
class CurriculumSettings:
    """How a lifetime is cut into decisions, what is measured, and what is rewarded.

    Raises:
        ValueError: a value out of range, or a signal that credits one arm with several arms in a decision.
    """

    budget: int = 2000
    """Updates in a lifetime."""
    updates_per_decision: int = 10
    """Updates per step; the last step takes what the budget leaves."""
    batch_size: int = 32
    """B, sequences per update."""
    tokens_per_update: int | None = None
    """Token budget of an update: an arm of longer sequences gets fewer of them, so that sequences x length, and with it
    memory and time, stays constant; None: ``batch_size`` sequences whatever their length. For one learner."""
    redraw: Redraw = "update"
    """When arms are drawn from the mixture: once a decision, each update, or each sequence."""
    weighting: Weighting = "draw"
    """What the mixture means: ``draw``, how often an arm is drawn; ``loss``, the weight of its loss (A times the
    mixture), while arms are drawn uniformly for each sequence."""
    signal: str = "accuracy_gain"
    """The gain in the feedback, a name in ``envs.progress.SIGNALS``."""
    probe: Probe = "none"
    """``all`` measures every arm on PROBE after each decision (charged) for full feedback: loss and competence are the
    probe's, the gain is the competence since the previous probe."""
    probe_size: int = 64
    """Sequences per arm and probe."""
    reward: Reward = "progress"
    """``progress``: the mean gain over the trained sequences (over arms with ``probe="all"``); ``competence``: the
    change in the targets' mean competence (PROBE, charged) minus the time cost."""
    time_cost: float = 1.0
    """With ``reward="competence"``, the cost of the whole budget; a row that has mastered pays none."""

    def __post_init__(self) -> None:
        for name in ("budget", "updates_per_decision", "batch_size", "probe_size", "tokens_per_update"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; got {getattr(self, name)}")
        allowed = {
            "redraw": ("decision", "update", "sequence"),
            "weighting": ("draw", "loss"),
            "signal": tuple(SIGNALS),
            "probe": ("none", "all"),
            "reward": ("progress", "competence"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name} must be one of {', '.join(values)}; got {getattr(self, name)!r}")
        if self.probe == "all" and self.signal != "accuracy_gain":
            raise ValueError(
                f"with probe='all' the gain is the probes': signal {self.signal} would be charged and thrown away"
            )
        if self.signal in NEEDS_ONE_ARM and self.redraw != "decision":
            raise ValueError(
                f"signal {self.signal} credits one arm per decision: it needs redraw='decision'; got {self.redraw!r}"
            )
        if self.weighting == "loss" and self.redraw != "sequence":
            raise ValueError(
                f"weighting='loss' weighs the sequences of an update: it needs redraw='sequence'; got {self.redraw!r}"
            )
        if self.tokens_per_update is not None and self.redraw == "sequence":
            raise ValueError(
                "tokens_per_update needs updates of one arm (redraw='update' or 'decision'); got redraw='sequence'"
            )

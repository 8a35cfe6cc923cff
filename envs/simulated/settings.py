"""What a simulated environment gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

RewardKind = Literal["competence", "progress", "terminal"]


@dataclass(frozen=True)
class SimulatedSettings:
    """What a simulated environment gives; the names are those of ``CurriculumSettings``.

    Raises:
        ValueError: a value out of range.
    """

    time_cost: float = 1.0
    """With ``reward="competence"``, the cost of the whole budget."""
    reward: RewardKind = "competence"
    """``competence``: the change in the targets' mean competence minus the time cost; ``progress``: the mean change of
    observed competence over the trained arms; ``terminal``: -log(t / H) once, at mastery, as in L2T."""
    probe: Literal["none"] = "none"
    """Simulated students are not probed."""
    updates_per_decision: int | None = 10
    """Draws of arms from a mixture: what an arm gets is a multinomial share, as with real students; None: the mixture
    itself is what each arm gets (for whoever has drawn already)."""

    def __post_init__(self) -> None:
        if not np.isfinite(self.time_cost) or self.time_cost < 0:
            raise ValueError(f"time_cost must not be negative; got {self.time_cost}")
        if self.reward not in ("competence", "progress", "terminal"):
            raise ValueError(f"reward must be competence, progress or terminal; got {self.reward!r}")
        if self.probe != "none":
            raise ValueError(f"simulated students cannot be probed: probe must be 'none'; got {self.probe!r}")
        if self.updates_per_decision is not None and self.updates_per_decision < 1:
            raise ValueError(f"updates_per_decision must be at least 1; got {self.updates_per_decision}")

"""``paceline power``: how many more seeds it takes to tell two teachers of a bench apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from benchmarks.gather import planned_cells
from benchmarks.statistics import COSTS, cost, seeds_needed, sign_flip
from benchmarks.store import UserError, describe, read_json
from benchmarks.terminal import say


@dataclass(frozen=True)
class Power:
    """How many more seeds does it take to tell two teachers of a bench apart?"""

    out: Annotated[Path, tyro.conf.Positional]
    """Folder of a bench."""
    teachers: str
    """Two teachers, separated by a comma."""
    unit: str = "updates"
    """Cost that is compared: updates, tokens or forward_equivalents."""
    power: float = 0.8
    """Probability of telling them apart."""
    level: float = 0.05
    """Level of the two-sided test."""

    def execute(self) -> None:
        """Prints a line for every suite and student."""
        names = self.teachers.split(",")
        if len(set(names)) != 2:
            raise UserError(f"--teachers must be two, separated by a comma; got {self.teachers!r}")
        if self.unit not in COSTS:
            raise UserError(f"--unit must be one of {', '.join(COSTS)}; got {self.unit!r}")
        cells = planned_cells(self.out)
        if unknown := [name for name in names if name not in {cell.teacher for cell in cells}]:
            there = ", ".join(dict.fromkeys(cell.teacher for cell in cells))
            raise UserError(f"{self.out} holds no teacher {unknown[0]!r}; there are: {there}")
        for suite, student in dict.fromkeys((cell.suite, cell.student) for cell in cells):
            say(self._line(suite, student, names))

    def _line(self, suite: str, student: str, names: list[str]) -> str:
        costs: list[dict[int, float]] = [{}, {}]
        for cell in planned_cells(self.out):
            path = self.out / "cells" / cell.name / "summary.json"
            if (cell.suite, cell.student) == (suite, student) and cell.teacher in names and path.exists():
                costs[names.index(cell.teacher)][cell.seed] = cost(read_json(path), self.unit)
        seeds = sorted(set(costs[0]) & set(costs[1]))
        differences = [costs[0][seed] - costs[1][seed] for seed in seeds]
        try:
            needed = seeds_needed(differences, self.power, self.level)
        except ValueError as error:
            raise UserError(f"{suite}, {student}: {describe(error)}") from error
        found = f"{np.mean(differences):+,.0f} {self.unit.replace('_', '-')} (p = {sign_flip(differences):.2g})"
        ahead = f"{suite}, {student}: {names[0]} against {names[1]}, {len(seeds)} pairs: {found}; "
        if needed is None:
            return f"{ahead}over 1,000 pairs to tell them apart with probability {self.power:g}"
        more = "enough" if needed <= len(seeds) else f"{needed - len(seeds)} more"
        return f"{ahead}{needed} pairs tell such a difference with probability {self.power:g}: {more}"

"""Teachers and networks on the same held-out simulated students: ablations, and rules beside the learned teachers.

``python -m benchmarks.studies.simulation`` prints a table and, with ``--out FILE``, writes the costs as JSON. Rules act
one lifetime at a time (a minute each for 256 lifetimes), networks in all at once (seconds).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.meta.simulation import Outcome, held_out, teach, teach_with_network
from benchmarks.provenance import environment
from benchmarks.store import UserError, describe, write_json
from benchmarks.studies.evidence import TRAINED
from benchmarks.studies.evidence.families import RESULTS, RULE
from benchmarks.studies.league import ENTRIES, Entry
from benchmarks.terminal import from_command_line, guarded, say
from envs.simulated import Population
from teacher.learned.files import load_policy

_STREAM = 999  # of held-out lifetimes, apart from those that meta-training is judged on


@dataclass(frozen=True)
class Compare:
    """Costs to mastery on held-out simulated students, as a share of the budget."""

    rules: tuple[str, ...] = ("uniform", "combined", "tscl-sampling", "learnability", RULE)
    """Entries of the league that need no probes."""
    teachers: tuple[Path, ...] = tuple(RESULTS / "teachers" / name for name in TRAINED)
    """Folders of trained teachers."""
    lifetimes: int = 256
    """Simulated lifetimes, the same for all."""
    out: Path | None = None
    """A JSON file for the figures."""

    def execute(self) -> None:
        """Teaches and prints."""
        if unknown := [name for name in self.rules if name not in ENTRIES]:
            raise UserError(f"unknown entry {unknown[0]!r}; there are: {', '.join(ENTRIES)}")
        if probing := [name for name in self.rules if ENTRIES[name].signal != Entry("").signal]:
            raise UserError(f"{probing[0]} reads {ENTRIES[probing[0]].signal}, which simulated students do not have")
        if self.lifetimes < 1:
            raise UserError(f"lifetimes must be at least 1; got {self.lifetimes}")
        if len({folder.name for folder in self.teachers}) < len(self.teachers):
            raise UserError("folders of teachers must have different names: they are the rows of the table")
        try:
            policies = {folder.name: load_policy(folder) for folder in self.teachers}
        except ValueError as error:
            raise UserError(describe(error)) from error
        students = held_out(_STREAM, self.lifetimes, Population())
        found: dict[str, dict[str, float]] = {}
        say("| teacher | all | told true | told wrong | not told | mastered |\n|---|---|---|---|---|---|")

        def keep(name: str, outcome: Outcome) -> None:
            found[name] = {**outcome.summary(), "error": float(np.std(outcome.cost) / np.sqrt(len(outcome.cost)))}
            say(_line(name, found[name]))

        for name in self.rules:
            keep(name, teach(ENTRIES[name].make, students))
        for name, policy in policies.items():
            keep(name, teach_with_network(policy.weights, policy.features, students))
        if self.out is not None:
            record: dict[str, Any] = {
                "command": "python -m benchmarks.studies.simulation",
                "lifetimes": self.lifetimes,
                "environment": environment(),
                "costs": found,
            }
            write_json(self.out, record)


def _line(name: str, row: dict[str, float]) -> str:
    told = " | ".join(
        f"{row[f'cost_{kind}']:.3f}" if f"cost_{kind}" in row else "" for kind in ("true", "wrong", "none")
    )
    return f"| {name} | {row['cost']:.3f} | {told} | {row['solved']:.0%} |"


def main() -> None:
    """Compares."""
    from_command_line(Compare, "python -m benchmarks.studies.simulation").execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))

"""What a second worker gains: the same bench by one worker, by two, and by two on a Ray cluster, in turn.

``python -m benchmarks.studies.workers`` prints the efficiency, the time of one worker over twice the time of two, whole
commands, start and report included; with ``--out FILE`` it writes the figures as JSON. Wants two idle cores.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.provenance import environment
from benchmarks.store import UserError, write_json
from benchmarks.terminal import from_command_line, guarded, say

BENCH = "bench copy --students lstm --teachers uniform --wandb disabled"
WAYS = {"one worker": "--workers 1", "two workers": "--workers 2", "two on Ray": "--workers 2 --engine ray"}


def seconds(words: str) -> float:
    """Of one command of ``paceline``, in a folder that is thrown away.

    Raises:
        UserError: it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks", *words.split(), "--out", f"{folder}/out"],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise UserError(f"paceline {words} failed: {done.stderr.strip().splitlines()[-1]}")
        return time.perf_counter() - start


@dataclass(frozen=True)
class Measure:
    """Measures what a second worker gains."""

    lifetimes: int = 8
    """Seeds of the bench; an even number."""
    budget: int = 400
    """Updates of each."""
    blocks: int = 3
    """Paired blocks."""
    out: Path | None = None
    """A JSON file for the figures."""

    def execute(self) -> None:
        """Measures and prints."""
        if self.lifetimes < 2 or self.lifetimes % 2 or self.blocks < 1:
            raise UserError(f"lifetimes must be even and blocks positive; got {self.lifetimes} and {self.blocks}")
        ways = {name: flags for name, flags in WAYS.items() if "ray" not in flags or find_spec("ray")}
        common = f"{BENCH} --seeds {self.lifetimes} --budget {self.budget} --evaluate-every {self.budget}"
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(self.blocks):
            for name, flags in ways.items():
                taken[name].append(seconds(f"{common} {flags}"))
        record: dict[str, Any] = {
            "command": "python -m benchmarks.studies.workers",
            "environment": environment(),
            "lifetimes": self.lifetimes,
            "budget": self.budget,
            "seconds": {name: [round(value, 2) for value in values] for name, values in taken.items()},
        }
        alone = np.array(taken["one worker"])
        record["efficiency"] = {
            name: round(float(np.median(alone / (2.0 * np.array(values)))), 3)
            for name, values in taken.items()
            if name != "one worker"
        }
        for name, efficiency in record["efficiency"].items():
            say(f"{name}: {efficiency:.2f} of twice as fast ({self.lifetimes} lifetimes)")
        if self.out is not None:
            write_json(self.out, record)


def main() -> None:
    """Measures."""
    from_command_line(Measure, "python -m benchmarks.studies.workers").execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))

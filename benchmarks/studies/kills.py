"""``kill -9`` at random moments of a grid, going on each time: is the end what it would have been?

``python -m benchmarks.studies.kills`` (some minutes) kills the whole process group of a bench with two workers, again
and again, and compares tables, checkpoints and summaries with those of a bench that was left alone.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import safetensors

from benchmarks.provenance import environment
from benchmarks.store import load_checkpoint, read_json, write_json
from benchmarks.terminal import from_command_line, guarded, say

GRID = (
    "bench recall --preset small --teachers uniform,exp3s,general --seeds 2 --lstm.width 32 --batch-size 32 "
    "--budget 300 --evaluate-every 50 --checkpoint-every 5 --workers 2 --wandb offline"
)
TABLES = ("trace", "results", "failures")


@dataclass(frozen=True)
class Kills:
    """How often, and where the figures go."""

    kills: int = 50
    """Kills in all; a bench that ends before its next one is compared, deleted and begun anew."""
    seed: int = 0
    """Seed of the moments."""
    grid: str = GRID
    """The bench: flags of paceline."""
    out: Path | None = Path("benchmarks/results/kills.json")
    """JSON file for the figures."""

    def execute(self) -> dict[str, Any]:
        """Kills, compares, writes; raises ``SystemExit(1)`` if anything differed."""
        rng = np.random.default_rng(self.seed)
        with tempfile.TemporaryDirectory() as root:
            alone, killed = Path(root, "alone"), Path(root, "killed")
            start = time.monotonic()
            _end(_begun(self.grid, alone))
            whole = time.monotonic() - start
            done, finished, differing, moments = 0, 0, list[str](), list[float]()
            to_go_on = False  # one that was killed, be it before it had made its folder
            while done < self.kills or to_go_on:
                process = _begun(self.grid, killed)
                moment = float(rng.uniform(0.0, whole)) if done < self.kills else None
                if to_go_on := moment is not None and _kill(process, moment):
                    done += 1
                    moments.append(round(moment, 2))
                    continue
                _end(process)
                finished += 1
                differing += difference(alone, killed)
                shutil.rmtree(killed)
                say(
                    f"{done} kills, {finished} benches finished: {'; '.join(differing) or 'all as if nothing had been'}"
                )
        record = {
            "command": f"python -m benchmarks.studies.kills --kills {self.kills} --seed {self.seed}",
            "grid": f"paceline {self.grid}",
            "environment": environment(),
            "kills": done,
            "seconds_uninterrupted": round(whole, 1),
            "moments": moments,
            "benches_finished": finished,
            "differences": differing,
        }
        if self.out is not None:
            write_json(self.out, record)
        if differing:
            raise SystemExit(1)
        return record


def _begun(grid: str, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks", *grid.split(), "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a bench that was to go on ended with {process.returncode}: {said.decode()[-2000:]}")


def _kill(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Kills it with its workers after some seconds; False: it had ended before."""
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True


def difference(alone: Path, other: Path) -> list[str]:
    """What is not the same in two folders of one bench, clocks left out."""
    found = []
    for name in TABLES:
        tables = [pl.read_parquet(folder / f"{name}.parquet") for folder in (alone, other)]
        if not tables[0].equals(tables[1]):
            found.append(f"{name}.parquet differs")
    for path in sorted(alone.rglob("*.safetensors")):
        twin = other / path.relative_to(alone)
        if not twin.exists() or _content(path) != _content(twin):
            found.append(f"{path.relative_to(alone)} differs")
    for path in sorted(alone.rglob("seed-*/summary.json")):
        lives = [read_json(folder / path.relative_to(alone)) for folder in (alone, other)]
        for life in lives:
            for clock in ("seconds", "files", "checksum"):
                life.pop(clock, None)
        if lives[0] != lives[1]:
            found.append(f"{path.relative_to(alone)} differs")
    if stray := [path.name for path in other.rglob("*") if path.suffix in (".tmp", ".damaged")]:
        found.append(f"left behind: {', '.join(stray)}")
    return found


def _content(checkpoint: Path) -> str:
    """Its checksum over all it holds; a file's bytes also hold the order of its header."""
    load_checkpoint(checkpoint)  # refuses a damaged one
    with safetensors.safe_open(checkpoint, framework="pt") as file:
        return str(file.metadata()["checksum"])


def main() -> None:
    """Kills."""
    from_command_line(Kills, "python -m benchmarks.studies.kills").execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))

"""Simulated learning curves against real ones: the figure and the numbers of docs/research/general-teacher.md.

``python -m benchmarks.studies.calibration curves DIR ...`` takes curves out of folders of ``paceline bench`` (uniform
teaching, none of the claimed families) into ``benchmarks/results/general/real-curves.json``; ``compare`` draws both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import polars as pl
import tyro
from numpy.typing import NDArray

from benchmarks.flags import settings_of
from benchmarks.meta.simulation import held_out
from benchmarks.provenance import environment
from benchmarks.settings import component, make_suite
from benchmarks.store import UserError, read_json, write_atomically, write_json
from benchmarks.terminal import from_command_line, guarded, say
from envs.simulated import Population, SimulatedStudents

CURVES = Path("benchmarks/results/general/real-curves.json")
_MEASURES = ("share of the time to 0.8 spent from 0.1 on", "loss at competence 0.5", "largest fall after 0.5")
_WINDOW = 10  # decisions that a point of a real curve averages over

Floats = NDArray[np.float64]
Curve = tuple[Floats, Floats, Floats]
"""Of one arm: time, competence, loss in units of log V."""


@dataclass(frozen=True)
class Curves:
    """Takes learning curves out of folders of results."""

    folders: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of ``paceline bench`` with uniform teaching."""
    out: Path = CURVES
    """Where they are kept."""

    def execute(self) -> None:
        """Reads and writes."""
        lives = []
        for folder in self.folders:
            for cell in read_json(folder / "settings.json")["cells"]:
                if cell["teacher"] != "uniform":
                    continue
                where = folder / "cells" / cell["suite"] / cell["student"] / cell["teacher"] / f"seed-{cell['seed']}"
                options = {**settings_of(component("suite", cell["suite"])), **cell["options"]["suite"]}
                lives.append(self._life(cell, where, float(np.log(make_suite(cell["suite"], options).vocab_size))))
        if not lives:
            raise UserError("no lifetimes under uniform teaching in these folders")
        write_json(self.out, {"command": "python -m benchmarks.studies.calibration curves", "lifetimes": lives})
        say(f"{len(lives)} lifetimes: {self.out}")

    def _life(self, cell: dict[str, Any], where: Path, unit: float) -> dict[str, Any]:
        trace = pl.read_parquet(where / "trace.parquet")
        count, competence, loss = (np.stack(trace[name].to_list()) for name in ("count", "competence", "loss"))
        starts = range(0, len(count), _WINDOW)
        weight = np.stack([count[s : s + _WINDOW].sum(axis=0) for s in starts])

        def mean(values: Floats) -> Floats:
            total = np.stack([np.nansum(values[s : s + _WINDOW] * count[s : s + _WINDOW], axis=0) for s in starts])
            return np.where(weight > 0, total / np.maximum(weight, 1), np.nan)

        every = max(1, len(weight) // 60)
        kept = {"competence": mean(competence)[::every], "loss": mean(loss)[::every] / unit}
        updates = [int(trace["updates"][min(s + _WINDOW, len(count)) - 1]) for s in starts][::every]
        columns = {
            name: [[None if np.isnan(v) else round(float(v), 4) for v in row] for row in values.T]
            for name, values in kept.items()
        }
        about = {
            "suite": cell["suite"],
            "student": cell["student"],
            "seed": cell["seed"],
            "options": cell["options"]["suite"],
        }
        return {**about, "updates": updates, **columns}


def rises(time: Floats, competence: Floats, loss: Floats) -> tuple[float, float, float] | None:
    """Of an arm's curve that goes from below 0.1 to above 0.8: how it rises.

    Returns:
        The share of the time to 0.8 that it takes from 0.1 on; the loss at competence 0.5, in units of log V; and the
        largest fall back after 0.5. None for a curve that does not rise so far.
    """
    if np.isnan(competence).any() or competence[0] >= 0.1 or competence.max() < 0.8:
        return None
    first, half, most = (int(np.argmax(competence >= level)) for level in (0.1, 0.5, 0.8))
    later = competence[half:]
    fall = float((np.maximum.accumulate(later) - later).max())
    return float((time[most] - time[first]) / time[most]), float(loss[half]), fall


def simulated_curves(n: int, seed: int, population: Population) -> list[Curve]:
    """Time, competence and loss of every arm of n simulated lifetimes under uniform teaching."""
    lives = held_out(seed, n, population)
    env = SimulatedStudents(n, lifetimes=lives, autoreset=False)
    env.reset(seed=seed)
    exists = lives.structure.exists
    shown: list[tuple[Floats, Floats]] = []
    while not env.finished:
        info = env.step(exists / exists.sum(axis=1, keepdims=True))[4]
        seen = info["count"] > 0
        last = shown[-1] if shown else (np.zeros(exists.shape), np.ones(exists.shape))
        shown.append((np.where(seen, info["competence"], last[0]), np.where(seen, info["loss"], last[1])))
    competence, loss = (np.stack(values) for values in zip(*shown, strict=True))
    curves = []
    for k, a in zip(*np.nonzero(exists), strict=True):
        end = int(env.ended[k])
        window = max(1, end // 30)  # as coarse as the real ones, which have about thirty points
        cut = range(0, end - window + 1, window)
        means = [np.array([values[s : s + window, k, a].mean() for s in cut]) for values in (competence, loss)]
        curves.append((np.array([s + window for s in cut]) / lives.decisions[k], *means))
    return curves


@dataclass(frozen=True)
class Compare:
    """Draws real curves beside simulated ones, and prints how both rise."""

    curves: Path = CURVES
    """The real curves."""
    lifetimes: int = 400
    """Simulated lifetimes."""
    figure: Path = Path("docs/research/calibration.png")
    """Where the figure goes."""
    out: Path = Path("benchmarks/results/general/calibration.json")
    """Where the numbers go."""

    def execute(self) -> None:
        """Compares."""
        real: list[Curve] = []
        for life in read_json(self.curves)["lifetimes"]:
            time = np.array(life["updates"], dtype=np.float64)
            for pair in zip(life["competence"], life["loss"], strict=True):
                competence, loss = (np.array(values, dtype=np.float64) for values in pair)
                real.append((time, competence, loss))
        simulated = simulated_curves(self.lifetimes, 0, Population())
        found = {}
        for name, curves in (("real", real), ("simulated", simulated)):
            values = np.array([r for r in (rises(*curve) for curve in curves) if r is not None])
            found[name] = values
            say(f"{name}: {len(values)} of {len(curves)} arms rise from below 0.1 to above 0.8")
        record: dict[str, Any] = {
            "command": "python -m benchmarks.studies.calibration compare",
            "environment": environment(),
        }
        for i, what in enumerate(_MEASURES):
            low, middle, high = np.quantile(found["simulated"][:, i], [0.05, 0.5, 0.95])
            own = found["real"][:, i]
            inside = float(((own >= low) & (own <= high)).mean())
            record[what] = {
                "real": [round(float(v), 3) for v in np.sort(own)],
                "simulated_5_50_95": [round(float(v), 3) for v in (low, middle, high)],
                "share_inside": inside,
            }
            say(
                f"{what}: real {own.min():.2f} to {own.max():.2f} (median {np.median(own):.2f}); simulated 90 % in "
                f"{low:.2f} to {high:.2f} (median {middle:.2f}); {inside:.0%} of the real inside"
            )
        write_json(self.out, record)
        self._draw(real, simulated)
        say(f"figure: {self.figure}")

    def _draw(self, real: list[Curve], simulated: list[Curve]) -> None:
        matplotlib.use("Agg")
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(2, 2, figsize=(9, 5.5), sharey="row", constrained_layout=True)
        rng = np.random.default_rng(0)
        some = [simulated[i] for i in rng.choice(len(simulated), min(len(real), len(simulated)), replace=False)]
        for column, (title, curves) in enumerate((("real (LSTM-128, uniform teaching)", real), ("simulated", some))):
            for time, competence, loss in curves:
                axes[0, column].plot(time / time[-1], competence, linewidth=0.9, alpha=0.8)
                axes[1, column].plot(time / time[-1], loss, linewidth=0.9, alpha=0.8)
            axes[0, column].set_title(title)
            axes[1, column].set_xlabel("share of what was recorded")
            axes[1, column].set_ylim(0, 1.3)
        axes[0, 0].set_ylabel("competence")
        axes[1, 0].set_ylabel("loss / log V")
        write_atomically(self.figure, lambda temporary: figure.savefig(temporary, dpi=110, format="png"))
        pyplot.close(figure)


def main() -> None:
    """Takes curves, or compares them."""
    from_command_line({"curves": Curves, "compare": Compare}, "python -m benchmarks.studies.calibration").execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))

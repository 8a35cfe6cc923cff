"""How much competence each teacher loses to wrong training labels: the same lifetimes at several noise rates.

``python -m benchmarks.studies.noise [--out FILE]`` prints a row per rate and teacher; interrupted, it goes
on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.components.suites import NoisyAdditionSuite
from benchmarks.engines import Execution
from benchmarks.flags import settings_of
from benchmarks.gather import gather
from benchmarks.grid import run_grid
from benchmarks.provenance import environment
from benchmarks.settings import STUDENTS, TEACHERS, Cell, Schedule
from benchmarks.store import write_json
from benchmarks.terminal import Console, from_command_line, guarded


@dataclass(frozen=True)
class Options:
    """Size of the sweep."""

    rates: tuple[float, ...] = (0.0, 0.1, 0.3)
    """Shares of wrong training labels."""
    teachers: tuple[str, ...] = ("uniform", "combined", "exp3s")
    """Teachers, by name; EXP3.S with eta 0.1 and prediction gain, as in the demo."""
    seeds: int = 3
    """Seeds."""
    digits: int = 2
    """Longest taught number of digits."""
    budget: int = 2500
    """Updates in a lifetime."""
    runs: Path = Path("runs/noise")
    """Where the lifetimes are kept."""
    out: Path | None = None
    """JSON file for the figures."""


def cells(options: Options, rate: float) -> list[Cell]:
    """The lifetimes at one rate: an LSTM on addition, every training label wrong with that probability."""
    suite = NoisyAdditionSuite(options.digits, (rate,))
    made = {name: settings_of(TEACHERS[name]) for name in options.teachers}
    if "exp3s" in made:
        made["exp3s"] = settings_of(replace(TEACHERS["exp3s"], eta=0.1))
    return [
        Cell(
            "noisy-addition",
            "lstm",
            teacher,
            seed,
            Schedule(options.budget, 128, 10, 100),
            signal="PG",
            options={"suite": settings_of(suite), "student": settings_of(STUDENTS["lstm"]), "teacher": made[teacher]},
        )
        for seed in range(options.seeds)
        for teacher in options.teachers
    ]


def sweep(options: Options) -> list[dict[str, Any]]:
    """Runs all rates; one record per rate and teacher, with the competence lost against the first rate."""
    rows: list[dict[str, Any]] = []
    for rate in options.rates:
        folder = options.runs / f"rate-{rate:g}"
        run_grid(cells(options, rate), folder, Execution(workers=2, wandb="disabled"))
        for group in gather(folder)["groups"]:
            kept = ("teacher", "seeds", "solve_rate", "competence", "area_under_curve")
            rows.append({"rate": rate, **{name: group[name] for name in kept}})
    clean = {row["teacher"]: row["area_under_curve"]["mean"] for row in rows if row["rate"] == options.rates[0]}
    return [{**row, "area_lost": clean[row["teacher"]] - row["area_under_curve"]["mean"]} for row in rows]


def main() -> None:
    """Sweeps, prints, writes."""
    options = from_command_line(Options, "python -m benchmarks.studies.noise")
    rows = sweep(options)
    table = Table("noise", "teacher", "solved", "final competence", "area under curve", "area lost", box=None)
    for row in rows:
        competence, area = row["competence"]["mean"], row["area_under_curve"]["mean"]
        solved = f"{row['solve_rate']:.0%}"
        cells = (
            f"{row['rate']:g}",
            row["teacher"],
            solved,
            f"{competence:.3f}",
            f"{area:.3f}",
            f"{row['area_lost']:.3f}",
        )
        table.add_row(*cells)
    Console().print(table)
    if options.out is not None:
        settings = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(options).items()}
        settings = {name: value for name, value in settings.items() if name not in ("runs", "out")}
        write_json(
            options.out,
            {"command": "python -m benchmarks.studies.noise", **settings, "environment": environment(), "groups": rows},
        )


if __name__ == "__main__":
    raise SystemExit(guarded(main))

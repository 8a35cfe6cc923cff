"""If only what is hardest counted: what each teacher takes until the hardest target arms alone are mastered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import tyro
from numpy.typing import NDArray

from benchmarks.meta.evidence import FEWEST_SEEDS
from benchmarks.records import RECORDS
from benchmarks.settings import Cell
from benchmarks.statistics import holm
from benchmarks.store import UserError, read_json, read_sealed, refuse_damaged, write_json
from benchmarks.studies.keeping import lifetimes_in
from benchmarks.studies.records.known import GENERAL, Known, sign_of
from benchmarks.studies.records.run import RESULTS, TEACHERS, Kept, Run
from benchmarks.terminal import say
from envs import Suite
from envs.batch import Floats

FOLDER = "hardest"
"""Of these files, beside the figures."""
ALONE = "target-only"
_SHOWN = ("uniform", "combined", "target-deficit", "exp3s", GENERAL, ALONE)


@dataclass(frozen=True)
class Hardest(Kept):
    """Reads, of finished lifetimes, when the hardest target arms were mastered, whatever became of the others.

    Those are the arms that `target-only` trains on. Mastered is meant as ever: at two evaluations in a row, counted at
    the first. A teacher of whom a seed is not there is left out; what is kept already, in the folder hardest of
    --results, stays.
    """

    suites: tyro.conf.Positional[tuple[str, ...]]
    """Suites of record."""

    def execute(self) -> None:
        """Reads, keeps and prints."""
        if not self.suites:
            raise UserError("which suites? Give at least one")
        run = self.run_of(tuple(TEACHERS))
        found = {suite: self._read(suite, run) for suite in dict.fromkeys(self.suites)}
        (self.results / FOLDER).mkdir(parents=True, exist_ok=True)
        for suite, kept in found.items():
            write_json(self.results / FOLDER / f"{run.name(suite)}.json", kept)
        say("\n".join(told(self.results)))

    def _read(self, suite: str, run: Run) -> dict[str, Any]:
        """What is kept of a suite."""
        lifetimes: dict[str, dict[str, Any]] = {}
        places = list(run.places(suite))
        made = places[0][1].make_suite()
        for name, cell, folder in places:
            if (folder / "summary.json").exists():
                lifetimes.setdefault(name, {})[str(cell.seed)] = _lived(folder, cell, made)
        whole = {name: own for name, own in lifetimes.items() if len(own) == self.seeds}
        if not whole:
            raise UserError(
                f"no teacher's {self.seeds} lifetimes of {suite} are all in {run.kept}: give the --results, or the "
                "--runs, of `run`"
            )
        command = f"python -m benchmarks.studies.records hardest {suite}"
        found = {
            "command": command + (f" --student {self.student}" if self.student else ""),
            "budget": places[0][1].schedule.budget,
            "arms": {
                "hardest": int(hardest(made).sum()),
                "targets": int(made.arms.targets.sum()),
                "all": made.num_arms,
            },
            "lifetimes": whole,
        }
        return joined(found, self.results / FOLDER / f"{run.name(suite)}.json")


def joined(found: dict[str, Any], file: Path) -> dict[str, Any]:
    """What was found and what a file holds already, of which nothing is lost.

    Raises:
        UserError: the file is of another budget, or of other samples.
    """
    if not file.exists():
        return found
    kept, there = lifetimes_in(file), read_json(file)
    prints = [
        {life.get("fingerprint") for own in lifetimes.values() for life in own.values()}
        for lifetimes in (kept, found["lifetimes"])
    ]
    if any(there.get(name) != found[name] for name in ("budget", "arms")) or len(set.union(*prints)) > 1:
        raise UserError(f"{file} is of another budget, or of other samples: move it away, or give other --results")
    both = {name: {**kept.get(name, {}), **found["lifetimes"].get(name, {})} for name in (*kept, *found["lifetimes"])}
    return {**found, "lifetimes": both}


def hardest(suite: Suite) -> NDArray[np.bool_]:
    """Which arms `target-only` trains on: targets of the highest level, ``(A,)``."""
    arms = suite.arms
    found: NDArray[np.bool_] = arms.targets & (arms.levels == arms.levels[arms.targets].max())
    return found


def _lived(folder: Path, cell: Cell, suite: Suite) -> dict[str, Any]:
    """When a lifetime had mastered them, and of what samples that is."""
    summary = read_sealed(folder / "summary.json")
    refuse_damaged(folder, {"results.parquet": summary["files"]["results.parquet"]})
    rows = pl.read_parquet(folder / "results.parquet").filter("taught").sort("updates", "arm")
    updates = rows["updates"].unique(maintain_order=True).to_list()
    competence = rows["competence"].to_numpy().reshape(len(updates), -1)
    at = reached(competence[:, hardest(suite)], suite.thresholds[hardest(suite)])
    return {
        "updates": cell.schedule.budget if at is None else updates[at],
        "mastered": at is not None,
        "fingerprint": summary["fingerprint"],
    }


def reached(competence: Floats, thresholds: Floats) -> int | None:
    """The first of two evaluations in a row at which all arms stand at their thresholds; None: never.

    Args:
        competence: ``(evaluations, arms)``.
        thresholds: ``(arms,)``.
    """
    passed: NDArray[np.bool_] = np.all(competence >= thresholds, axis=1)
    twice = np.flatnonzero(passed[:-1] & passed[1:])
    return int(twice[0]) if len(twice) else None


def told(results: Path = RESULTS) -> list[str]:
    """The table of all that is kept: a line per suite and student."""
    found = list(_kept(results))
    tested = [one.rows(ALONE)[GENERAL] if {GENERAL, ALONE} <= set(one.lifetimes) else None for _, one in found]
    corrected = iter(holm([row.p for row in tested if row is not None]))
    lines = [
        f"| suite, student | arms: hardest, targets, all | seeds | {' | '.join(_SHOWN)} | general, of {ALONE}'s | p "
        "| p, Holm |",
        "|---" * (len(_SHOWN) + 6) + "|",
    ]
    for (arms, one), row in zip(found, tested, strict=True):
        cells = [f"{one.suite}, {one.student}", arms, str(_seeds(one)), *(_mean(one, name) for name in _SHOWN)]
        if row is None:
            cells += ["", "", ""]
        else:
            bounds = f" [{row.ratio_low:.2f}, {row.ratio_high:.2f}]" if row.num_pairs >= FEWEST_SEEDS else ""
            sign = sign_of(*(one.censored(name) for name in (GENERAL, ALONE)))
            cells += [f"{sign}{row.ratio:.2f}{bounds}", f"{row.p:.2g}", f"{next(corrected):.2g}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _kept(results: Path) -> Iterator[tuple[str, Known]]:
    """How many arms, and the figures, suite by suite."""
    for suite in RECORDS:
        for file in sorted((results / FOLDER).glob(f"{suite}-small-*.json")):
            kept = read_json(file)
            arms = ", ".join(str(kept["arms"][name]) for name in ("hardest", "targets", "all"))
            student = file.stem.removeprefix(f"{suite}-small-")
            yield arms, Known(suite, "small", student, kept["budget"], kept["lifetimes"])


def _seeds(one: Known) -> int:
    return max(len(own) for own in one.lifetimes.values())


def _mean(one: Known, name: str) -> str:
    if name not in one.lifetimes:
        return ""
    costs: Sequence[float] = [cost for (cost,) in one.costs(name).values()]
    return f"{'>= ' if one.censored(name) else ''}{np.mean(costs):,.0f}"

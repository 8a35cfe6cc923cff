"""``paceline compare``: several benches in one report; ``paceline power``: how many seeds tell two teachers apart."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from benchmarks.assembly import path_read
from benchmarks.gather import (
    Lived,
    finished,
    planned_cells,
    reasons,
    record_of,
    refuse_other_folder,
    summary_of,
    write_all,
)
from benchmarks.meta.networks import networks_of
from benchmarks.statistics import COSTS, cost, seeds_needed, sign_flip
from benchmarks.store import UserError, describe, only_writer
from benchmarks.terminal import say
from teacher import reads_gain

_log = logging.getLogger("paceline")


@dataclass(frozen=True)
class Compare:
    """Puts the finished lifetimes of several benches into one report.

    A teacher that has other settings in a later folder is a row of its own, named teacher@folder. Learned teachers that
    were trained alike, but for the seed, and differ in their networks alone, are besides taken together in a table of
    their own, whose intervals draw networks as well as seeds.
    """

    folders: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Folders of benches, of the same suites with the same budget."""
    out: Path = Path("runs/compared")
    """Folder of the report."""

    def execute(self) -> None:
        """Writes the report."""
        if len(self.folders) < 2:
            raise UserError(f"compare takes at least two folders of benches; got {len(self.folders)}")
        refuse_other_folder(self.out)
        folders = each_once(self.folders)
        lived = together(folders)
        if not lived:
            raise UserError("none of the folders holds a finished lifetime yet")
        environments = [record_of(folder)["environment"] for folder in folders]
        said = {name: ", ".join(dict.fromkeys(e.get(name, "?") for e in environments)) for name in environments[0]}
        missing: list[str] = []
        failed: dict[str, str] = {}
        for folder in folders:
            done = {life.cell.name for life in finished(folder)}
            left = [cell.name for cell in planned_cells(folder) if cell.name not in done]
            missing += [f"{folder.name}/{name}" for name in left]
            failed |= {f"{folder.name}/{name}": why for name, why in reasons(folder, left).items()}
        self.out.mkdir(parents=True, exist_ok=True)
        with only_writer(self.out):
            write_all(self.out, lived, missing, said, failed, networks_of(lived))
        say(f"report: {self.out / 'report.html'}")


def each_once(folders: Sequence[Path]) -> list[Path]:
    """The folders without those that came before, with a warning: their lifetimes count once."""
    known: dict[Path, Path] = {}
    for folder in folders:
        if folder.resolve() in known:
            _log.warning("%s is given twice: its lifetimes count once", folder)
        known.setdefault(folder.resolve(), folder)
    return list(known.values())


def together(folders: Sequence[Path]) -> list[Lived]:
    """The finished lifetimes of several benches; the very same one in two of them counts once.

    Raises:
        UserError: not a folder of results, one suite under two budgets or with other settings, or a lifetime with two
            results.
    """
    settings: dict[tuple[str, str], tuple[dict[str, Any], Path]] = {}
    data: dict[str, tuple[str, Path]] = {}
    teachers: dict[tuple[str, str, str], dict[str, Any]] = {}
    found: dict[tuple[str, str, str, int], Lived] = {}
    alike = len({folder.resolve().name for folder in folders}) < len({folder.resolve() for folder in folders})
    for folder in folders:
        planned_cells(folder)  # refuses what is no folder of results
        record = record_of(folder)
        for suite, fingerprint in record.get("fingerprints", {}).items():
            before, first = data.setdefault(suite, (fingerprint, folder))
            if before != fingerprint:
                raise UserError(
                    f"the data of suite {suite} is not the same in {folder} (fingerprint {fingerprint}) as in {first} "
                    f"({before}): these lifetimes are no pairs"
                )
        for life in finished(folder):
            cell = life.cell
            own = dataclasses.asdict(dataclasses.replace(cell, seed=0, teacher="", signal=""))
            signal = cell.signal if reads_gain(cell.make_teacher()) else None  # what it never reads makes no difference
            taught = {"teacher": own["options"].pop("teacher", {}), "signal": signal}
            taught["reads"] = record.get("schedules", {}).get(path_read(cell.make_teacher()))
            known, where = settings.setdefault((cell.suite, cell.student), (own, folder))
            if known != own:
                name = next(key for key in own if own[key] != known[key])
                raise UserError(
                    f"{cell.suite}, {cell.student} has other settings in {folder} ({name} {own[name]}) than in {where} "
                    f"({known[name]}): these lifetimes are no pairs"
                )
            group = (cell.suite, cell.student, cell.teacher)
            label = cell.teacher
            if teachers.setdefault(group, taught) != taught:
                label = f"{cell.teacher}@{folder if alike else folder.resolve().name}"
            named = life._replace(teacher=label, reads=taught["reads"])
            known_life = found.setdefault((cell.suite, cell.student, label, cell.seed), named)
            if known_life.folder != life.folder:
                _refuse_other_results(life, known_life)
    return list(found.values())


def _refuse_other_results(life: Lived, known: Lived) -> None:
    """Raises ``UserError`` unless two lives of a lifetime came to the same, seconds and files aside."""
    ours, theirs = (summary_of(one.folder, one.cell) for one in (life, known))
    for name in [name for name in ours if name not in ("seconds", "files")]:
        if ours[name] != theirs.get(name):
            raise UserError(
                f"{life.cell.name} has other results in {life.folder} ({name} {ours[name]}) than in {known.folder} "
                f"({name} {theirs.get(name)}): delete one of these two, or leave its bench out"
            )


@dataclass(frozen=True)
class Power:
    """How many more seeds does it take to tell two teachers apart?

    Of several benches, a teacher that has other settings in a later folder is teacher@folder, as compare has it.
    """

    folders: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Folder of a bench, or folders of several, of the same suites with the same budget."""
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
        if len(names) != 2 or len(set(names)) != 2:
            raise UserError(f"--teachers must be two different teachers, separated by a comma; got {self.teachers!r}")
        if self.unit not in COSTS:
            raise UserError(f"--unit must be one of {', '.join(COSTS)}; got {self.unit!r}")
        if not self.folders:
            raise UserError("power takes at least one folder of a bench")
        folders = each_once(self.folders)
        lived = together(folders)
        cells = [cell for folder in folders for cell in planned_cells(folder)]
        there = list(dict.fromkeys([cell.teacher for cell in cells] + [life.teacher for life in lived]))
        if unknown := [name for name in names if name not in there]:
            where = ", ".join(map(str, folders))
            raise UserError(f"{where} holds no teacher {unknown[0]!r}; there are: {', '.join(there)}")
        for suite, student in dict.fromkeys((cell.suite, cell.student) for cell in cells):
            say(self._line(suite, student, names, lived))

    def _line(self, suite: str, student: str, names: list[str], lived: Sequence[Lived]) -> str:
        costs: list[dict[int, float]] = [{}, {}]
        for folder, cell, teacher, _ in lived:
            if (cell.suite, cell.student) == (suite, student) and teacher in names:
                summary = summary_of(folder, cell)
                if not summary["mastered"] and self.unit != "updates":
                    raise UserError(
                        f"{suite}, {student}: {teacher} never mastered with seed {cell.seed}: what it spent is no "
                        "cost to mastery, and budgets are in updates: take --unit updates"
                    )
                costs[names.index(teacher)][cell.seed] = cost(summary, self.unit)
        seeds = sorted(set(costs[0]) & set(costs[1]))
        differences = [costs[0][seed] - costs[1][seed] for seed in seeds]
        try:
            needed = seeds_needed(differences, self.power, self.level)
        except ValueError as error:
            raise UserError(f"{suite}, {student}: {describe(error)}") from error
        found = f"{np.mean(differences):+,.0f} {self.unit.replace('_', '-')} (p = {sign_flip(differences):.2g})"
        ahead = f"{suite}, {student}: {names[0]} against {names[1]}, {len(seeds)} pairs: {found}; "
        if not any(differences):
            return f"{ahead}no pair differs, so that nothing says how many it would take"
        if needed is None:
            return f"{ahead}over 1,000 pairs to tell them apart with probability {self.power:g}"
        more = "enough" if needed <= len(seeds) else f"{needed - len(seeds)} more"
        return f"{ahead}{needed} pairs tell such a difference with probability {self.power:g}: {more}"

"""Figures lived again beside those that are committed: where they are the same, and where not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from benchmarks.settings import Cell
from benchmarks.store import UserError
from benchmarks.studies.keeping import covers
from benchmarks.studies.records.known import Known
from benchmarks.studies.records.run import RESULTS, Run, entries
from benchmarks.studies.records.table import Tables
from benchmarks.terminal import say


@dataclass(frozen=True)
class Same:
    """Holds figures of ``run --results FOLDER`` against the committed ones, lifetime by lifetime.

    On the same type of processor with the same torch the updates are the same; elsewhere single lifetimes differ by
    rounding, which learning amplifies, and means should not. Lifetimes of other settings, networks or samples are
    counted and not compared.
    """

    folder: tyro.conf.Positional[Path]
    """What --results named."""
    results: Path = RESULTS
    """Folder of the committed figures."""

    def execute(self) -> None:
        """A line per suite, student and entry."""
        again = list(Tables(self.folder).known())
        if not again:
            raise UserError(f"{self.folder} holds no figures of a suite of record: give what --results of run named")
        committed = {one[:3]: one for one in Tables(self.results).known()}
        for one in again:
            kept = committed[one[:3]].lifetimes if one[:3] in committed else {}
            for name, lived in one.lifetimes.items():
                said = held_against(lived, kept.get(name, {}), cells_of(one, name))
                preset = "" if one.preset == "small" else f" --preset {one.preset}"
                say(f"{one.suite}{preset}, {one.student}, {name}: {said}")


def cells_of(one: Known, name: str) -> dict[str, Cell]:
    """What an entry is at present, by the seeds that it has lived; nothing for one that is not known (any more)."""
    if name not in entries(one.suite, f"{one.suite}-{one.preset}-{one.student}"):
        return {}
    seeds = [int(seed) for seed in one.lifetimes[name]]
    preset: Any = one.preset
    first, many = min(seeds), max(seeds) - min(seeds) + 1
    run = Run(preset=preset, student=one.student, teachers=(name,), first_seed=first, seeds=many)
    return {str(cell.seed): cell for _, cell in run.cells(one.suite)}


def held_against(again: dict[str, Any], kept: dict[str, Any], cells: dict[str, Cell]) -> str:
    """In words, of the seeds that both have lived with the same settings and samples."""
    shared = sorted(again.keys() & kept.keys(), key=int)
    if not shared:
        return "no seed of it is committed"
    alike = [seed for seed in shared if seed in cells and _are(cells[seed], again[seed], kept[seed])]
    others = f"; {len(shared) - len(alike)} of other settings or samples, not compared" if shared != alike else ""
    if not alike:
        return f"nothing to compare{others}"
    pairs = [(again[seed], kept[seed]) for seed in alike]
    same = sum(one["updates"] == two["updates"] and one["mastered"] == two["mastered"] for one, two in pairs)
    said = f"{same} of {len(pairs)} lifetimes take the same updates"
    if same < len(pairs):
        most = max(abs(one["updates"] - two["updates"]) for one, two in pairs)
        means = [sum(life["updates"] for life in lives) / len(pairs) for lives in zip(*pairs, strict=True)]
        said += f", the others differ by at most {most:,}; mean {means[0]:,.0f}, was {means[1]:,.0f}"
    return said + others


def _are(cell: Cell, again: dict[str, Any], kept: dict[str, Any]) -> bool:
    """Whether both are this lifetime, of the present settings and network, on the same samples."""
    samples = again.get("fingerprint") == kept.get("fingerprint")
    return samples and covers(again, cell) and covers(kept, cell)

"""Figures lived again beside those that are committed: where they are the same, and where not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from benchmarks.store import UserError, read_json
from benchmarks.studies.records.run import RESULTS
from benchmarks.terminal import say


@dataclass(frozen=True)
class Same:
    """Holds figures of ``run --results FOLDER`` against the committed ones, lifetime by lifetime.

    On the same type of processor with the same torch the updates are the same; elsewhere single lifetimes differ by
    rounding, which learning amplifies, and means should not.
    """

    folder: tyro.conf.Positional[Path]
    """What --results named."""
    results: Path = RESULTS
    """Folder of the committed figures."""

    def execute(self) -> None:
        """A line per suite and teacher."""
        files = sorted(path for path in self.folder.glob("*.json") if (self.results / path.name).exists())
        if not files:
            raise UserError(f"{self.folder} holds no figures of a suite of record: give what --results of run named")
        for path in files:
            again, kept = (read_json(folder / path.name)["lifetimes"] for folder in (self.folder, self.results))
            for name in again:
                if line := held_against(again[name], kept.get(name, {})):
                    say(f"{path.stem}, {name}: {line}")


def held_against(again: dict[str, Any], kept: dict[str, Any]) -> str:
    """In words, of the seeds that both have; empty where there is none."""
    seeds = sorted(again.keys() & kept.keys(), key=int)
    if not seeds:
        return ""
    pairs = [(again[seed]["updates"], kept[seed]["updates"]) for seed in seeds]
    means = [sum(values) / len(pairs) for values in zip(*pairs, strict=True)]
    other = sum(one != two for one, two in pairs)
    most = max(abs(one - two) for one, two in pairs)
    said = f"{len(pairs) - other} of {len(pairs)} lifetimes take the same updates"
    return (
        said
        if not other
        else f"{said}, the others differ by at most {most:,}; mean {means[0]:,.0f}, was {means[1]:,.0f}"
    )

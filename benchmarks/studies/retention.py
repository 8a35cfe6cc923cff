"""Which students forget what they do not rehearse: ``teacher.retention`` replayed over the traces of kept lifetimes.

``python -m benchmarks.studies.retention runs/evidence`` prints a line for each family and student; with ``--out FILE``
it writes every lifetime's as JSON, with ``--into FILES`` each one's largest mean fall beside its other figures, so that
what was run before students were watched counts where none would have been found. It trains nothing: seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import tyro

from benchmarks.provenance import environment
from benchmarks.store import UserError, read_json, write_json
from benchmarks.terminal import from_command_line, guarded, say
from teacher.loop import Feedback
from teacher.retention import RULE, Retention


def watched(competence: np.ndarray, count: np.ndarray) -> dict[str, Any]:
    """What watching a lifetime finds.

    Args:
        competence: ``(T, A)``, of training batches; anything where nothing was seen.
        count: ``(T, A)``, sequences seen.

    Returns:
        ``largest``, the largest mean fall; ``from``, the share of the lifetime from which on the student counts as one
        that forgets, None if never.
    """
    retention = Retention()
    state = retention.start(1, competence.shape[1])
    falls, forgets = [], []
    for shown, seen in zip(competence[:, None], count[:, None], strict=True):
        nothing = np.zeros(shown.shape)
        retention.take(state, Feedback(gain=nothing, loss=nothing, competence=shown, count=seen))
        falls.append(float(retention.mean_fall(state)[0]))
        forgets.append(bool(state["forgets"][0]))
    since = round(forgets.index(True) / len(forgets), 3) if any(forgets) else None
    return {"largest": round(max(falls), 4), "from": since}


@dataclass(frozen=True)
class Measure:
    """Replays traces."""

    runs: tyro.conf.Positional[tuple[Path, ...]] = (Path("runs/evidence"),)
    """Folders of kept lifetimes: family-student/entry/lifetime/trace.parquet."""
    entries: tuple[str, ...] = ()
    """Of these teachers; none: of all."""
    out: Path | None = None
    """A JSON file for the figures."""
    into: tuple[Path, ...] = ()
    """Files of figures of kept lifetimes, named like the folders of their traces."""

    def execute(self) -> None:
        """Prints, and writes."""
        found: dict[str, dict[str, list[Any]]] = {}
        noted = 0
        kept = {file.stem: read_json(file) for file in self.into}
        for trace in sorted(trace for runs in self.runs for trace in runs.glob("*/*/*/trace.parquet")):
            family, entry, lifetime = trace.parts[-4:-1]
            if not self.entries or entry in self.entries:
                table = pl.read_parquet(trace, columns=["competence", "count"])
                of_family = found.setdefault(family, {"teachers": [], "largest": [], "from": []})
                seen = watched(*(np.array(table[name].to_list()) for name in table.columns))
                for name, value in seen.items():
                    of_family[name].append(value)
                noted += _note(
                    kept.get(family, {"lifetimes": {}})["lifetimes"].get(entry, {}), lifetime, seen["largest"]
                )
                of_family["teachers"] = sorted({*of_family["teachers"], entry})
        if not found:
            where = ", ".join(map(str, self.runs))
            raise UserError(f"no lifetimes in {where}: expected family-student/entry/lifetime/trace.parquet")
        say("| family-student | lifetimes | largest mean fall: least, median, most | forget | from which share on |")
        say("|---|---|---|---|---|")
        for family, of_family in found.items():
            say(_line(family, of_family["largest"], [share for share in of_family["from"] if share is not None]))
        for file in self.into:
            write_json(file, kept[file.stem])
        if self.into:
            say(f"beside the figures of {noted} lifetimes")
        if self.out is not None:
            command = "python -m benchmarks.studies.retention RUNS"
            write_json(self.out, {"command": command, "environment": environment(), "lifetimes": found})


def _note(lives: dict[str, dict[str, Any]], lifetime: str, largest: float) -> int:
    """Puts the largest mean fall beside the figures of that lifetime, if they are there and those of a policy."""
    own = [life for seed, life in lives.items() if lifetime == f"{seed}-{life['digest']}-{life.get('policy')}"]
    for life in own:
        life["mean_fall"] = {"largest": largest, "rule": RULE}
    return len(own)


def _line(family: str, largest: list[float], since: list[float]) -> str:
    spread = f"{min(largest):.2f}, {np.median(largest):.2f}, {max(largest):.2f}"
    start = f"{np.median(since):.2f}" if since else ""
    return f"| {family} | {len(largest)} | {spread} | {len(since)} | {start} |"


def main() -> None:
    """Measures."""
    from_command_line(Measure, "python -m benchmarks.studies.retention").execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))

"""The pace that a teacher kept in a finished lifetime, read from its folder: mixtures, phases, shares of sequences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.gather import summary_of
from benchmarks.settings import Cell, read_cell
from benchmarks.store import UserError, describe, read_json
from envs import Suite
from envs.batch import Floats, Ints


@dataclass(frozen=True, eq=False)
class Pace:
    """A finished lifetime, decision by decision (D of them).

    Attributes:
        cell: its settings.
        fingerprint: of the suite it ran on.
        suite: the arms.
        updates: int64 ``(D,)``, updates made by the end of each decision.
        mixtures: float64 ``(D, A)``.
        counts: int64 ``(D, A)``, sequences drawn from each arm.
        tokens: input positions trained on in all.
    """

    cell: Cell
    fingerprint: str
    suite: Suite
    updates: Ints
    mixtures: Floats
    counts: Ints
    tokens: int

    def phases(self, num_phases: int) -> tuple[Ints, Floats]:
        """The lifetime in pieces of about equal length, cut where decisions end.

        Args:
            num_phases: pieces, at most: there are no more than decisions.

        Returns:
            Updates made by the end of each phase ``(P,)``; the mean of its mixtures, weighted by updates ``(P, A)``.
        """
        ideal = self.updates[-1] * np.arange(1, num_phases + 1) / num_phases
        last = np.unique(np.searchsorted(self.updates, ideal))  # (P,), the decision that each phase ends with
        length = np.diff(self.updates, prepend=0)
        sums = np.add.reduceat(self.mixtures * length[:, None], np.append(0, last[:-1] + 1), axis=0)
        ends = self.updates[last]
        return ends, sums / np.diff(ends, prepend=0)[:, None]

    def sequences(self, mixtures: Floats) -> Floats:
        """The shares of sequences ``(..., A)`` that mixtures of this lifetime stand for; each row sums to 1.

        Under a token budget a mixture is a share of updates, and an update of longer sequences holds fewer of them.

        Raises:
            UserError: the mixtures weigh losses: the arms were drawn evenly.
        """
        if self.cell.weighting == "loss":
            raise UserError(
                "the mixtures of this lifetime weigh losses (--weighting loss), and its arms were drawn evenly: a "
                "schedule of draws cannot say so, --format json can"
            )
        budget = self.cell.tokens_per_update
        if budget is not None:
            mixtures = mixtures * [max(1, budget // self.suite.length(arm)) for arm in range(self.suite.num_arms)]
        shares: Floats = mixtures / mixtures.sum(axis=-1, keepdims=True)
        return shares


def read_pace(run: Path) -> Pace:
    """Reads the one finished lifetime of a folder; its suite is made again.

    Args:
        run: a folder that ``run`` or ``bench`` made, or the folder of one lifetime in it.

    Raises:
        UserError: no folder of results, no finished lifetime or several, a damaged file, or a suite that cannot be made
            or is no longer what the lifetime ran on.
    """
    folder = _only_lifetime(run)
    summary = summary_of(folder)
    record = read_json(folder / "cell.json")
    try:
        cell = read_cell(record)
        fingerprint, tokens = summary["fingerprint"], int(summary["spent"]["tokens"])
        table = pl.read_parquet(folder / "trace.parquet", columns=["updates", "mixture", "count"])
    except (KeyError, TypeError, OSError, pl.exceptions.PolarsError) as error:
        raise UserError(f"{folder} is not a lifetime of this version's ({describe(error)}): run it again") from error
    try:
        suite = cell.make_suite()
        now = suite.fingerprint
    except UserError:
        raise
    except Exception as error:  # a suite of the user's may raise anything
        raise UserError(f"suite {cell.suite} cannot be made, and its arms are needed: {describe(error)}") from error
    if now != fingerprint:
        raise UserError(
            f"the data of suite {cell.suite} is no longer what {folder} ran on (fingerprint {fingerprint}, now {now}): "
            "restore it, so that its arms are the same"
        )
    mixtures, counts = (np.array(table[name].to_list()) for name in ("mixture", "count"))
    return Pace(cell, fingerprint, suite, table["updates"].to_numpy(), mixtures, counts, tokens)


def _only_lifetime(run: Path) -> Path:
    """The folder of the only finished lifetime in ``run``."""
    cells = [run] if (run / "cell.json").exists() else sorted(p.parent for p in run.glob("cells/*/*/*/*/cell.json"))
    if not cells and not (run / "settings.json").exists():
        raise UserError(f"{run} is not a folder of results: it has neither settings.json nor cell.json")
    finished = [cell for cell in cells if (cell / "summary.json").exists()]
    if not finished:
        raise UserError(f"{run} holds no finished lifetime yet: give the command that made it again to go on")
    if len(finished) > 1:
        shown = ", ".join(map(str, finished[:4])) + (", ..." if len(finished) > 4 else "")
        raise UserError(f"{run} holds {len(finished)} finished lifetimes: give the folder of one of them: {shown}")
    return finished[0]

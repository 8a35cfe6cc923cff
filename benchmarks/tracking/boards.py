"""Lifetimes in TensorBoard (extra: paceline[tensorboard]): the same names over the same axes, in event files."""

from __future__ import annotations

import importlib.util
import logging
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.settings import Cell
from benchmarks.store import UserError, describe
from benchmarks.tracking.rows import AXES, at_the_end, of_decision, of_evaluation
from envs import Suite

_log = logging.getLogger("paceline")
FOLDER = "tensorboard"


def refuse_missing_tensorboard() -> None:
    """Raises ``UserError`` if it is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        raise UserError("--tracker tensorboard needs it: pip install 'paceline[tensorboard]'")


class TensorBoardTracker:
    """Logs a lifetime into ``tensorboard/`` in its folder: ``tensorboard --logdir OUT`` shows all of a bench.

    ``teacher/*`` over decisions, ``student/*`` over tokens, ``eval/*`` over updates. A lifetime that goes on after an
    interruption begins a new event file in the same folder: what was logged after its last checkpoint stands there
    twice, with equal content but for seconds. What fails is said once, and training goes on.
    """

    waits = False

    def __init__(self) -> None:
        self._writer: Any = None

    def start(self, cell: Cell, suite: Suite, folder: Path) -> None:
        """Opens the event file; a lifetime without a checkpoint begins anew."""
        try:
            from torch.utils.tensorboard import SummaryWriter

            if not list(folder.glob("checkpoint*")):
                shutil.rmtree(folder / FOLDER, ignore_errors=True)
            self._writer = SummaryWriter(str(folder / FOLDER))
            self._writer.add_text("settings", f"`{cell}`")
        except Exception as error:  # whatever the client raises, training goes on
            self._fail(error)

    def log_decision(self, record: dict[str, Any], suite: Suite) -> None:
        """One trace record."""
        self._add(of_decision(record, suite))

    def log_evaluation(self, rows: list[dict[str, Any]], seconds: float) -> None:
        """The TEST ladder's rows of one evaluation, and the seconds of training so far."""
        self._add(of_evaluation(rows, seconds))

    def finish(self, summary: dict[str, Any], trace: pl.DataFrame, folder: Path) -> None:
        """The numbers of the summary, and the end of the file."""
        last = {
            f"summary/{name}": value for name, value in at_the_end(summary).items() if isinstance(value, int | float)
        }
        self._add(last)
        self.close()

    def close(self) -> None:
        """Ends the file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.close()
            except Exception as error:
                self._fail(error)

    def _add(self, rows: dict[str, Any]) -> None:
        if self._writer is None:
            return
        try:
            for name, value in rows.items():
                step = rows.get(AXES.get(name.split("/")[0], ""), 0)
                if name not in AXES.values():
                    self._writer.add_scalar(name, value, step)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._writer = None
        _log.warning("TensorBoard tracking stopped (%s); training goes on", describe(error))

"""What a running grid shows in the terminal: lifetimes done, current arms, accuracy, time left."""

from __future__ import annotations

import contextlib
import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.lifetime import Status


class Display:
    """A live display on a terminal's standard error; one line per finished lifetime elsewhere.

    Args:
        total: lifetimes in the grid.
        finished: those finished before.
    """

    def __init__(self, total: int, finished: int):
        console = Console(stderr=True)
        self._live = console.is_terminal
        self._total, self._finished = total, finished
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not self._live,
        )
        self._rows: dict[str, TaskID] = {}
        self._ended: set[str] = set()
        self._shares: dict[str, float] = {}  # of the budget, of each running lifetime
        note = f"{finished}/{total} done"
        self._lifetimes = self._progress.add_task("lifetimes", total=total, completed=finished, note=note)

    def __enter__(self) -> Display:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, status: Status) -> None:
        """A lifetime took another decision."""
        if status.cell in self._ended:  # a late message of a worker
            return
        if status.cell not in self._rows:
            self._rows[status.cell] = self._progress.add_task(status.cell, total=status.budget, note="")
        note = f"{status.updates}/{status.budget} updates  {status.arm}  competence {status.competence:.2f}"
        self._progress.update(self._rows[status.cell], completed=status.updates, note=note)
        self._shares[status.cell] = status.updates / status.budget
        self._progress.update(self._lifetimes, completed=self._finished + sum(self._shares.values()))

    def done(self, cell: str, how: str = "finished") -> None:
        """A lifetime ended."""
        self._finished += 1
        self._ended.add(cell)
        self._shares.pop(cell, None)
        if cell in self._rows:
            self._progress.remove_task(self._rows.pop(cell))
        note = f"{self._finished}/{self._total} done"
        self._progress.update(self._lifetimes, completed=self._finished + sum(self._shares.values()), note=note)
        if not self._live:
            with contextlib.suppress(BrokenPipeError):
                sys.stderr.write(f"{self._finished}/{self._total} {cell} {how}\n")
                sys.stderr.flush()

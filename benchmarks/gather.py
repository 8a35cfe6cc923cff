"""From the finished lifetimes of a folder to its tables, its summary and its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.report import render
from benchmarks.settings import Cell, Schedule
from benchmarks.statistics import summarise
from benchmarks.store import UserError, read_json, write_json, write_table, write_text


def planned_cells(out: Path) -> list[Cell]:
    """The cells that a folder's settings name.

    Raises:
        UserError: not a folder of results.
    """
    if not (out / "settings.json").exists():
        raise UserError(f"{out} is not a folder of results: it has no settings.json")
    try:
        cells = read_json(out / "settings.json")["cells"]
        return [Cell(**{**cell, "schedule": Schedule(**cell["schedule"])}) for cell in cells]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{out / 'settings.json'} is not a record of this version's ({error}): use another --out"
        ) from error


def gather(out: Path) -> dict[str, Any]:
    """Writes ``trace, results, timing.parquet``, ``summary.json`` and ``report.html``; returns the summary.

    Lifetimes that are not finished are left out and named.

    Raises:
        UserError: not a folder of results, or none is finished.
    """
    cells = planned_cells(out)
    finished = [cell for cell in cells if (out / "cells" / cell.name / "summary.json").exists()]
    if not finished:
        raise UserError(f"{out} holds no finished lifetime yet: give the command that made it again to go on")
    tables = {}
    for name in ("trace", "results", "timing"):
        parts = [_labelled(pl.read_parquet(out / "cells" / cell.name / f"{name}.parquet"), cell) for cell in finished]
        tables[name] = pl.concat(parts, how="diagonal")
    unfinished = [cell.name for cell in cells if cell not in finished]
    summaries = [read_json(out / "cells" / cell.name / "summary.json") for cell in finished]
    environment = read_json(out / "settings.json")["environment"]
    summary = {"groups": summarise(summaries), "unfinished": unfinished, "environment": environment}
    page = render(summary["groups"], tables["results"], tables["trace"], environment, unfinished)
    for name, table in tables.items():
        write_table(out / f"{name}.parquet", table)
    write_text(out / "report.html", page)
    write_json(out / "summary.json", summary)  # last: it says which lifetimes the other files hold
    return summary


def _labelled(table: pl.DataFrame, cell: Cell) -> pl.DataFrame:
    labels = [pl.lit(getattr(cell, name)).alias(name) for name in ("suite", "student", "teacher")]
    return table.select(*labels, pl.lit(cell.seed).alias("seed"), pl.all())

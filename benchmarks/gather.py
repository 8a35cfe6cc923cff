"""From the finished lifetimes of a folder to its tables, its summary and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from benchmarks.components.teachers import parts_of
from benchmarks.lifetime import ERROR
from benchmarks.meta.controls import control_of
from benchmarks.meta.trained import Names, Network, summarise_trained
from benchmarks.settings import Cell, read_cell
from benchmarks.statistics import summarise
from benchmarks.store import (
    UserError,
    checksums,
    first_damaged,
    read_sealed,
    refuse_damaged,
    write_sealed,
    write_table,
    write_text,
)

_LIFETIME = ("suite", "student", "teacher", "seed")
TABLES = ("trace", "results", "failures", "timing")


def has_lifetimes(out: Path) -> bool:
    """Whether a folder holds lifetimes in their places, as a bench does."""
    return any(out.glob("cells/*/*/*/seed-*/*.json"))


def is_bench(out: Path) -> bool:
    """Whether a folder is a bench's, if its settings are damaged or gone."""
    settings = out / "settings.json"  # damaged, it still bears this word
    named = settings.exists() and "bench_id" in settings.read_text(encoding="utf-8", errors="replace")
    return named or has_lifetimes(out)


def intact_record(out: Path) -> dict[str, Any] | None:
    """What a folder's settings say that it was begun with; None where they are damaged, gone or somebody else's."""
    try:
        return read_sealed(out / "settings.json")
    except UserError:
        return None


def record_of(out: Path) -> dict[str, Any]:
    """What a folder's settings say that it was begun with.

    Raises:
        UserError: not a folder of results, or its settings are damaged or gone.
    """
    settings = out / "settings.json"
    if (record := intact_record(out)) is not None:
        return record
    if is_bench(out):
        raise UserError(
            f"{settings} is {'damaged, or of an older version' if settings.exists() else 'gone'}: give the command "
            "that made it again, with this --out: it restores it, and keeps the lifetimes"
        )
    if settings.exists() and "meta_train" in settings.read_text(encoding="utf-8", errors="replace"):
        raise UserError(
            f"{out} is a folder of paceline meta-train, without lifetimes: its progress is in progress.json"
        )
    if (out / "report.html").exists() and (out / "summary.json").exists():
        raise UserError(
            f"{out} is a report of paceline compare, without lifetimes: give the folders of the benches themselves"
        )
    what = "its settings.json is damaged, or of something else" if settings.exists() else "it has no settings.json"
    raise UserError(f"{out} is not a folder of results: {what}")


def planned_cells(out: Path) -> list[Cell]:
    """The cells that a folder's settings name.

    Raises:
        UserError: not a folder of results.
    """
    try:
        return [read_cell(record) for record in record_of(out)["cells"]]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{out / 'settings.json'} is not a record of this version's ({error}): use another --out"
        ) from error


def summary_of(folder: Path, cell: Cell | None = None) -> dict[str, Any]:
    """The summary of a finished lifetime, whose files are all as they were written.

    Args:
        folder: of the lifetime.
        cell: whose place it is; None: anyone's.

    Raises:
        UserError: one of them is damaged, or the lifetime is another than this cell's.
    """
    summary = read_sealed(folder / "summary.json")
    other = [name for name in _LIFETIME if cell is not None and summary[name] != getattr(cell, name)]
    if other:
        held, due = (", ".join(f"{n} {of[n]}" for n in other) for of in (summary, vars(cell)))
        raise UserError(
            f"{folder} holds the lifetime of another place ({held}, not {due}): delete {folder} and give the command "
            "that made the bench again, which lives the right one"
        )
    refuse_damaged(folder, summary["files"])
    return summary


class Lived(NamedTuple):
    """A finished lifetime: its folder, its cell, the name of its teacher in tables; the digest of what that reads.

    The last is None where it reads no file, one for each seed, or where nobody has asked.
    """

    folder: Path
    cell: Cell
    teacher: str
    reads: str | None = None


def gather(out: Path, into: Path | None = None) -> dict[str, Any]:
    """Writes ``trace, results, failures, timing.parquet``, ``summary.json`` and ``report.html``; returns the summary.

    Lifetimes that are not finished are left out and named.

    Args:
        out: a folder of results.
        into: where they are written; default: the folder itself.

    Raises:
        UserError: not a folder of results, or none is finished.
    """
    cells = planned_cells(out)
    lived = finished(out)
    if not lived:
        raise UserError(f"{out} holds no finished lifetime yet: give the command that made it again to go on")
    done = {life.cell.name for life in lived}
    unfinished = [cell.name for cell in cells if cell.name not in done]
    return write_all(into or out, lived, unfinished, record_of(out)["environment"], reasons(out, unfinished))


def refuse_other_folder(out: Path) -> None:
    """Raises ``UserError`` unless ``out`` can hold tables and a report that are no bench's: new, empty, or such."""
    if out.exists() and not out.is_dir():
        raise UserError(f"--out must be a folder; {out} is a file")
    if (out / "settings.json").exists():
        raise UserError(f"{out} holds a bench of its own: choose another --out")
    written = {*(f"{name}.parquet" for name in TABLES), "report.html", "summary.json"}
    there = {path.name for path in out.iterdir() if path.name[0] != "."} if out.is_dir() else set()
    if others := there - written:
        raise UserError(f"{out} holds something else than a report ({min(others)}): choose another --out")
    if there and not (_is_trace(out / "trace.parquet") or _is_summary(out / "summary.json")):
        raise UserError(f"{out} holds files that are none of a report's ({min(there)}): choose another --out")


def _is_trace(file: Path) -> bool:
    """Whether it is a table of decisions: the first file of a report, so that one half-written is known, too."""
    try:
        return {"teacher", "decision", "mixture"} <= set(pl.read_parquet_schema(file))
    except (OSError, pl.exceptions.PolarsError):
        return False


def _is_summary(file: Path) -> bool:
    try:
        return "groups" in read_sealed(file)
    except UserError:
        return False


def reasons(out: Path, names: Sequence[str]) -> dict[str, str]:
    """Why lifetimes failed, those of these names that did, in a line each."""
    files = {name: out / "cells" / name / ERROR for name in names}
    texts = {name: file.read_text(encoding="utf-8", errors="replace") for name, file in files.items() if file.exists()}
    lines = {name: text.partition("\n")[0].removeprefix(f"{name} ") for name, text in texts.items()}
    return {name: line for name, line in lines.items() if line}


def finished(out: Path) -> list[Lived]:
    """The finished lifetimes of a folder of results.

    Raises:
        UserError: it is none.
    """
    lived = [Lived(out / "cells" / cell.name, cell, cell.teacher) for cell in planned_cells(out)]
    return [life for life in lived if (life.folder / "summary.json").exists()]


def write_all(
    out: Path,
    lived: Sequence[Lived],
    unfinished: Sequence[str],
    environment: dict[str, str],
    failed: Mapping[str, str],
    networks: Mapping[Names, Network] | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Tables, report and summary of these lifetimes, into a folder; returns the summary.

    Args:
        out: the folder.
        lived: finished lifetimes.
        unfinished: names of the others.
        environment: what they were run with.
        failed: why some of the others did, by name.
        networks: of learned teachers that are no controls; those that were trained alike are summarised together.
        notes: what a reader of the report must know first.

    Raises:
        UserError: a file of a lifetime is damaged, or a lifetime is in another's place.
    """
    kept = [summary_of(life.folder, life.cell) for life in lived]
    tables = {}
    for name in TABLES:
        parts = [_labelled(pl.read_parquet(life.folder / f"{name}.parquet"), life) for life in lived]
        tables[name] = pl.concat(parts, how="diagonal")
    summaries = [{**summary, "teacher": life.teacher} for life, summary in zip(lived, kept, strict=True)]
    timed = with_seconds(tables["results"], tables["trace"], tables["timing"])
    groups = summarise([{**summary, **seconds_of(summary, timed)} for summary in summaries])
    controls = learned_controls(lived)
    for group in groups:
        if control := controls.get((group["suite"], group["student"], group["teacher"])):
            group["control"] = control
    summary = {"groups": groups, "unfinished": list(unfinished), "reasons": dict(failed), "environment": environment}
    if trained := summarise_trained(groups, networks or {}):
        summary["trained"] = trained
    from benchmarks.report import render  # with matplotlib: a second to import, which a lifetime does not need

    shown = {**tables, "results": timed}
    page = render(groups, shown, environment, unfinished, failed, trained, notes)
    for name, table in tables.items():
        write_table(out / f"{name}.parquet", table)
    write_text(out / "report.html", page)
    files = checksums(out, [*(f"{name}.parquet" for name in TABLES), "report.html"])
    write_sealed(out / "summary.json", {**summary, "files": files})  # last: it says what the other files hold
    return summary


def learned_controls(lived: Sequence[Lived]) -> dict[tuple[str, str, str], str]:
    """Suite, student and name in tables of the learned teachers that are controls, and which each is."""
    found = {}
    for _, cell, teacher, _ in lived:
        if is_learned(cell) and (control := control_of(cell.options.get("teacher", {}).get("path", ""))):
            found[cell.suite, cell.student, teacher] = control
    return found


def is_learned(cell: Cell) -> bool:
    """Whether a cell's teacher, or the one in its wrappers, is a learned one of ours."""
    return parts_of(cell.teacher)[0] == "general"


def is_gathered(out: Path) -> bool:
    """Whether a folder's tables and report hold every lifetime, and are as they were written."""
    try:
        summary = read_sealed(out / "summary.json")
        return not summary["unfinished"] and first_damaged(out, summary["files"]) is None
    except (UserError, KeyError):  # damaged, or of an older version
        return False


def with_seconds(results: pl.DataFrame, trace: pl.DataFrame, timing: pl.DataFrame) -> pl.DataFrame:
    """The TEST ladders with one more column: ``seconds`` of training (probes and teacher included) up to there."""
    clock = timing.join(trace.select(*_LIFETIME, "decision", "updates"), on=[*_LIFETIME, "decision"])
    spent = clock.sort("decision").with_columns(pl.col("training_seconds").cum_sum().over(_LIFETIME).alias("seconds"))
    return results.join(
        spent.select(*_LIFETIME, "updates", "seconds"), on=[*_LIFETIME, "updates"], how="left", maintain_order="left"
    )


def seconds_of(summary: dict[str, Any], timed: pl.DataFrame) -> dict[str, Any]:
    """A lifetime's seconds to mastery, or all it spent."""
    own = timed.filter(*(pl.col(name) == summary[name] for name in _LIFETIME))
    at = summary["to_mastery"]["updates"] if summary["mastered"] else own["updates"].max()
    return {"seconds_to_mastery": own.filter(pl.col("updates") == at)["seconds"].max()}


def _labelled(table: pl.DataFrame, life: Lived) -> pl.DataFrame:
    cell = life.cell
    labels = {"suite": cell.suite, "student": cell.student, "teacher": life.teacher, "seed": cell.seed}
    return table.select(*(pl.lit(value).alias(name) for name, value in labels.items()), pl.all())

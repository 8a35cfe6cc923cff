"""Latency, throughput and memory over a lifetime, stage by stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from benchmarks.report.numbers import number

STAGES = ("early", "middle", "late")
_MEMORY = {"resident_mib": "MiB held", "gpu_mib": "MiB on a GPU"}
_LIFETIME = ("suite", "student", "teacher", "seed")


def by_stage(trace: pl.DataFrame, timing: pl.DataFrame, teachers: Sequence[str]) -> dict[str, list[Any]]:
    """Head and rows: teacher, stage, what an update took, tokens, memory; of GPUs only where one was used.

    Stages are thirds of the updates of a lifetime. Over lifetimes, seconds and tokens are summed before they are
    divided; of memory it is the most.

    Args:
        trace: the decisions of one suite and student.
        timing: their seconds and memory; columns of memory may be missing, as in folders of older versions.
        teachers: in the order of the rows.
    """
    absent = [pl.lit(None, pl.Float64).alias(name) for name in _MEMORY if name not in timing.columns]
    clock = timing.with_columns(absent).join(
        trace.select(*_LIFETIME, "decision", "updates", "tokens"), on=[*_LIFETIME, "decision"]
    )
    last = pl.col("updates").max().over(_LIFETIME)
    spent = clock.sort("decision").with_columns(
        *(pl.col(name) - pl.col(name).shift(1, fill_value=0).over(_LIFETIME) for name in ("updates", "tokens")),
        stage=((len(STAGES) * pl.col("updates") - 1) // last).cast(pl.Int64),
    )
    found = spent.group_by("teacher", "stage").agg(
        pl.col("training_seconds", "updates", "tokens").sum(), pl.col(*_MEMORY).max()
    )
    rows = {(row["teacher"], row["stage"]): row for row in found.to_dicts()}
    memory = {
        name: title for name, title in _MEMORY.items() if name == "resident_mib" or spent[name].is_not_null().any()
    }
    return {
        "head": ["teacher", "stage", "ms per update", "tokens per update", "tokens per second", *memory.values()],
        "rows": [
            _row(teacher, stage, rows[teacher, index], memory)
            for teacher in teachers
            for index, stage in enumerate(STAGES)
            if (teacher, index) in rows
        ],
    }


def _row(teacher: str, stage: str, of: dict[str, float | None], memory: Iterable[str]) -> list[str]:
    seconds, updates, tokens = (float(of[name] or 0) for name in ("training_seconds", "updates", "tokens"))
    held = ["not known" if of[name] is None else number(float(of[name] or 0)) for name in memory]
    return [
        teacher,
        stage,
        f"{1e3 * seconds / updates:.3g}",
        number(tokens / updates),
        number(tokens / seconds) if seconds else "not known",
        *held,
    ]

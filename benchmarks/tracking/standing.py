"""The standing of a whole bench in Weights & Biases: a run of its own, with intervals, tests and pictures."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from benchmarks.statistics import COSTS
from benchmarks.tracking.connection import Connection, Mode, run_options

_COLUMNS = ("suite", "student", "teacher", "seeds", "solve_rate", "area_under_curve")


class Standing(Connection):
    """Pushes the summary of a folder of results: W&B has no intervals in its tables, so they come from here.

    One run of job type ``report``, always the same for a folder, so that pushing again goes on in it: a table of
    teachers, one of paired comparisons, the page with its pictures, and the files as an artifact.
    """

    def __init__(self, mode: Mode, project: str):
        super().__init__(mode, project, "report")
        self.entity = ""  # who the project belongs to, once the server has said so

    def push(self, out: Path, bench_id: str, summary: dict[str, Any]) -> bool:
        """Pushes the folder's files and their summary; whether that worked (what did not is in the log)."""
        try:
            self._push(out, hashlib.sha256(f"{bench_id} report".encode()).hexdigest()[:16], summary)
        except Exception as error:  # whatever the client raises
            self._fail(error)
        return not self._failed

    def _push(self, out: Path, run: str, summary: dict[str, Any]) -> None:
        suites = list(dict.fromkeys(group["suite"] for group in summary["groups"]))
        config = {"environment": summary["environment"], "unfinished": summary["unfinished"], "suites": suites}
        self._init(
            run_options(self.project, out, run, f"report of {out.resolve().name}", "report", "report", suites, config)
        )
        self.entity = str(getattr(self._run, "entity", None) or "")
        self._end(lambda run: _log_all(run, out, summary))


def _log_all(run: Any, out: Path, summary: dict[str, Any]) -> None:
    import wandb

    columns, rows = teachers(summary["groups"])
    run.log({"report/teachers": wandb.Table(columns=columns, data=rows)})
    columns, rows = pairs(summary["groups"])
    if rows:
        run.log({"report/pairs": wandb.Table(columns=columns, data=rows)})
    run.log({"report/page": wandb.Html(str(out / "report.html"))})
    for group in summary["groups"]:
        name = "/".join((group["suite"], group["student"], group["teacher"]))
        run.summary[f"updates/{name}"] = group["cost_to_mastery"]["updates"]["mean"]
    artifact = wandb.Artifact(f"{run.id}-report", type="report")
    for file in ("summary.json", "report.html", "results.parquet", "trace.parquet"):
        artifact.add_file(str(out / file))
    run.log_artifact(artifact)


def teachers(groups: list[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows: a teacher's costs with the ends of their intervals (None: too few seeds)."""
    columns = [*_COLUMNS, *(f"{unit}{end}" for unit in COSTS for end in ("", "_low", "_high")), "mastered_all"]
    rows = []
    for group in groups:
        row = [group["suite"], group["student"], group["teacher"], len(group["seeds"]), group["solve_rate"]]
        row.append(group["area_under_curve"]["mean"])
        for unit in COSTS:
            cost = group["cost_to_mastery"][unit]
            row += [cost["mean"], *(cost["interval"] or (None, None))]
        rows.append([*row, not any(group["cost_to_mastery"]["updates"]["censored"])])
    return columns, rows


def pairs(groups: list[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows: paired differences of updates with uniform sampling and the hand rule, and their tests."""
    columns = ["suite", "student", "teacher", "against", "pairs", "difference", "low", "high", "ratio", "p", "p_holm"]
    rows = []
    for group in groups:
        for reference, one in group.get("against", {}).items():
            ends = one["interval"] or (None, None)
            ahead = [group["suite"], group["student"], group["teacher"], reference, one["pairs"], one["difference"]]
            rows.append([*ahead, *ends, one["ratio"], one["p"], one["p_holm"]])
    return columns, rows

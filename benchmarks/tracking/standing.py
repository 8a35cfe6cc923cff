"""The standing of a whole bench in Weights & Biases: a run of its own, with intervals, tests and pictures."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from benchmarks.statistics import COSTS, aggregated
from benchmarks.tracking.connection import Connection, Mode, run_options

Table = tuple[list[str], list[list[Any]]]
"""Names of columns, and rows with as many values."""

_ENDS = ("", "_low", "_high")
_UNITS = (*COSTS, "seconds")
_FILES = ("summary.json", "report.html", "results.parquet", "trace.parquet", "failures.parquet")


class Standing(Connection):
    """Pushes the summary of a folder of results: W&B has no intervals in its tables, so they come from here.

    One run of job type ``report``, always the same for a folder, so that pushing again goes on in it: the page's tables
    of all suites and students at once, of teachers and of paired comparisons, under the names that ``summary.json`` has
    for their columns; the page with its pictures; and the files as an artifact.
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

    for name, table in (("all_suites", all_suites), ("teachers", teachers), ("pairs", pairs)):
        columns, rows = table(summary["groups"])
        if rows:
            run.log({f"report/{name}": wandb.Table(columns=columns, data=rows)})
    run.log({"report/page": wandb.Html(str(out / "report.html"))})
    for group in summary["groups"]:
        name = "/".join((group["suite"], group["student"], group["teacher"]))
        run.summary[f"updates/{name}"] = group["cost_to_mastery"]["updates"]["mean"]
    artifact = wandb.Artifact(f"{run.id}-report", type="report")
    for file in _FILES:
        artifact.add_file(str(out / file))
    run.log_artifact(artifact)


def all_suites(groups: list[dict[str, Any]]) -> Table:
    """All suites and students at once, the best first: the teachers that have lived in each; no rows of a single one.

    ``interquartile_mean`` is of updates to mastery over the budget, 1 where a lifetime never mastered: lower is better.
    ``suites`` counts suites and students. Ends of intervals are None where there are too few seeds.
    """
    columns = ["teacher", "suites", "lifetimes", *(f"interquartile_mean{end}" for end in _ENDS)]
    if len({(group["suite"], group["student"]) for group in groups}) == 1:
        return columns, []
    rows = []
    for record in sorted(aggregated(groups), key=lambda record: record["interquartile_mean"]):
        lifetimes = sum(len(scores) for scores in record["scores"].values())
        ahead = [record["teacher"], len(record["scores"]), lifetimes]
        rows.append([*ahead, record["interquartile_mean"], *_ends(record["interval"])])
    return columns, rows


def teachers(groups: list[dict[str, Any]]) -> Table:
    """A teacher's costs to mastery, and how it stands to uniform sampling, with the ends of the intervals.

    ``speedup`` is uniform's updates over its own and ``bound`` what censoring does to it; both, and the probability of
    improvement, are of the seeds that both have lived. None where a number is not known: of uniform sampling itself,
    and of intervals from too few seeds.
    """
    measured = [f"{name}{end}" for name in ("area_under_curve", *_UNITS) for end in _ENDS]
    over = ["speedup", "bound", *(f"probability_of_improvement{end}" for end in _ENDS)]
    columns = ["suite", "student", "teacher", "seeds", "solve_rate", *measured, *over, "mastered_all"]
    rows = []
    for group in groups:
        costs = [group["cost_to_mastery"].get(unit) for unit in _UNITS]
        row = [group["suite"], group["student"], group["teacher"], len(group["seeds"]), group["solve_rate"]]
        for one in (group["area_under_curve"], *costs):
            row += [one["mean"], *_ends(one["interval"])] if one else [None, None, None]
        row += _over_uniform(group.get("over_uniform"))
        rows.append([*row, not any(group["cost_to_mastery"]["updates"]["censored"])])
    return columns, rows


def _over_uniform(over: dict[str, Any] | None) -> list[Any]:
    """Ratio of updates and what bounds it, probability of fewer, and the ends of its interval."""
    if over is None:
        return [None] * 5
    chance = over["updates"]["probability_of_improvement"]
    return [over["updates"]["speedup"], over["updates"]["bound"], chance["value"], *_ends(chance["interval"])]


def pairs(groups: list[dict[str, Any]]) -> Table:
    """Paired differences of updates with uniform sampling and the hand rule, their tests, and how many pairs tell.

    ``faster`` is the share of pairs, ties half; ``pairs_needed`` is for a power of 0.8, None where it is over 1,000 or
    there is nothing to guess it from.
    """
    tests = ["ratio", "faster", "p", "p_holm", "pairs_needed"]
    columns = ["suite", "student", "teacher", "against", "pairs", "difference", "low", "high", *tests]
    rows = []
    for group in groups:
        for reference, one in group.get("against", {}).items():
            ahead = [group["suite"], group["student"], group["teacher"], reference, one["pairs"], one["difference"]]
            rows.append([*ahead, *_ends(one["interval"]), *(one[test] for test in tests)])
    return columns, rows


def _ends(interval: list[float] | None) -> list[float] | list[None]:
    return interval or [None, None]

"""From the records of a bench to its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import polars as pl

from benchmarks.evaluation.failures import stages
from benchmarks.report import heat, plots
from benchmarks.report.numbers import number
from benchmarks.report.retention import retention
from benchmarks.report.throughput import by_stage
from benchmarks.report.trained import as_tables
from benchmarks.report.words import disguised, forgetful, implied, narrow, standing, unpaired
from benchmarks.statistics import REFERENCES, aggregated

_TEMPLATES = Path(__file__).parent


def render(
    groups: Sequence[dict[str, Any]],
    tables: Mapping[str, pl.DataFrame],
    environment: dict[str, str],
    unfinished: Sequence[str],
    reasons: Mapping[str, str],
    trained: Sequence[dict[str, Any]] = (),
    notes: Sequence[str] = (),
) -> str:
    """The report as HTML.

    Args:
        groups: the records of ``statistics.summarise``.
        tables: of all lifetimes, by name: ``results`` (the TEST ladder, with seconds), ``trace`` (the decisions),
            ``failures`` (wrong sequences) and ``timing`` (seconds and memory of the decisions).
        environment: what they were run with.
        unfinished: names of planned lifetimes without results.
        reasons: why some of them failed, by name.
        trained: the records of ``meta.trained.summarise_trained``.
        notes: said first.
    """
    parts = []
    for suite, student in dict.fromkeys((g["suite"], g["student"]) for g in groups):
        of_part = (pl.col("suite") == suite) & (pl.col("student") == student)
        own = [g for g in groups if (g["suite"], g["student"]) == (suite, student)]
        parts.append(_part(own, {name: table.filter(of_part) for name, table in tables.items()}))
    page = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    ).get_template("report.html")
    return page.render(
        parts=parts,
        together=_together(groups) if len(parts) > 1 else None,
        trained=as_tables(trained) if trained else None,
        lifetimes=sum(len(g["seeds"]) for g in groups),
        environment=environment,
        notes=notes,
        unfinished=[f"{name} ({reasons[name]})" if name in reasons else name for name in unfinished],
    )


def _together(groups: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """All suites and students at once, of the teachers that have lived in each; None without any."""
    records = aggregated(groups)
    if not records:
        return None
    rows = []
    for record in sorted(records, key=lambda record: record["interquartile_mean"]):
        bounds = record["interval"]
        span = f" [{bounds[0]:.3f}, {bounds[1]:.3f}]" if bounds else ""
        lifetimes = sum(len(values) for values in record["scores"].values())
        rows.append([record["teacher"], str(lifetimes), f"{record['interquartile_mean']:.3f}{span}"])
    return {
        "rows": rows,
        "places": len(records[0]["scores"]),
        "narrow": narrow(groups, of="interquartile mean of two suites"),
        "svg": plots.profiles(records, "all"),
    }


def _part(groups: list[dict[str, Any]], tables: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    results, trace, failures = (tables[name] for name in ("results", "trace", "failures"))
    first = groups[0]
    name = f"{first['suite']} {first['student']}"
    teachers = [g["teacher"] for g in groups]
    arms = results.filter(pl.col("taught")).unique("arm", maintain_order=True).sort("arm")["arm_name"].to_list()
    pictures = {
        "chosen": plots.choices(trace, teachers, arms, name),
        "updates": plots.costs(groups, "updates", name),
        "forwards": plots.costs(groups, "forward_equivalents", name),
        "over_time": heat.over_time(results, teachers, name),
        "attention": heat.attention(results, teachers, name),
        "signals": heat.signals(trace, teachers, arms, name),
        "levels": plots.final_levels(results, teachers, name),
    }
    return {
        "suite": first["suite"],
        "student": first["student"],
        "budget": first["budget"],
        "fingerprint": first["fingerprint"],
        "words": standing(groups),
        "implied": implied(groups),
        "disguised": disguised(groups),
        "unpaired": unpaired(groups),
        "narrow": narrow(groups),
        "axes": _axes(results, teachers, first["budget"], name),
        "mastered": _mastered(groups, name),
        "retention": [_retained(teacher, results) for teacher in teachers],
        "table": [_row(g) for g in groups],
        "spent": [_spent(g) for g in groups],
        "pace": by_stage(trace, tables["timing"], teachers),
        "against": {to: [_against(g, to) for g in groups if to in g.get("against", {})] for to in REFERENCES},
        "failures": [_failed(g, results, failures) for g in groups],
        "forgetful": forgetful(trace, teachers),
        "evenness": [_evenness(g) for g in groups],
        "health": [_health(g) for g in groups if "health" in g],
        "forecast": [_forecast(g) for g in groups if "forecast" in g],
        "ends": f"{arms[0]} ... {arms[-1]}" if len(arms) > plots.NAMED else None,
        "pictures": pictures,
    }


def _axes(results: pl.DataFrame, teachers: list[str], budget: int, name: str) -> list[dict[str, str]]:
    """Learning curves over every cost that is known."""
    units = [unit for unit in plots.AXES if unit in results.columns]
    return [
        {"unit": plots.AXES[unit], "svg": plots.learning_curves(results, teachers, budget, name, unit)}
        for unit in units
    ]


def _mastered(groups: list[dict[str, Any]], name: str) -> list[dict[str, str]]:
    """Who mastered when, over every cost that is known of all."""
    units = [unit for unit in plots.AXES if all(unit in group["cost_to_mastery"] for group in groups)]
    budget = groups[0]["budget"]
    return [{"unit": plots.AXES[unit], "svg": plots.mastered(groups, budget, name, unit)} for unit in units]


def _retained(teacher: str, results: pl.DataFrame) -> dict[str, Any]:
    """The forgetting matrix of one teacher, as cells with their shade in percent."""
    found = retention(results.filter(pl.col("teacher") == teacher))
    rows = [
        {
            "name": name,
            "lifetimes": lives,
            "cells": [f"{value:.2f}" for value in row],
            "shades": [round(100 * v) for v in row],
        }
        for name, lives, row in zip(found.rows, found.lifetimes, found.competence, strict=True)
    ]
    return {"teacher": teacher, "levels": found.levels, "rows": rows}


def _cost(record: dict[str, Any]) -> str:
    sign = "≥ " if any(record["censored"]) else ""
    bounds = record["interval"]
    return f"{sign}{number(record['mean'])}" + (f" [{number(bounds[0])}, {number(bounds[1])}]" if bounds else "")


def _row(group: dict[str, Any]) -> list[str]:
    area = group["area_under_curve"]
    bounds = area["interval"]
    row = [
        group["teacher"],
        str(len(group["seeds"])),
        f"{group['solve_rate']:.0%}",
        _cost(group["cost_to_mastery"]["updates"]),
        f"{area['mean']:.3f}" + (f" [{bounds[0]:.3f}, {bounds[1]:.3f}]" if bounds else ""),
    ]
    over = group.get("over_uniform")
    if over is None:
        return [*row, "", ""]
    record = over["updates"]
    sign = {"none": "", "at least": "≥ ", "at most": "≤ ", "unknown": "? "}[record["bound"]]
    chance = record["probability_of_improvement"]
    span = f" [{chance['interval'][0]:.2f}, {chance['interval'][1]:.2f}]" if chance["interval"] else ""
    return [*row, f"{sign}{record['speedup']:.2f}", f"{chance['value']:.2f}{span}"]


def _spent(group: dict[str, Any]) -> list[str]:
    """Every cost to mastery."""
    known = group["cost_to_mastery"]
    return [group["teacher"], *(_cost(known[unit]) if unit in known else "not known" for unit in plots.AXES)]


def _failed(group: dict[str, Any], results: pl.DataFrame, failures: pl.DataFrame) -> dict[str, Any]:
    """Wrong sequences of a teacher's first seed, at three stages."""
    seed = min(group["seeds"])
    own = (pl.col("teacher") == group["teacher"]) & (pl.col("seed") == seed)
    evaluations = results.filter(own)["updates"].unique().sort().to_list()
    return {"teacher": group["teacher"], "seed": seed, "rows": stages(failures.filter(own).to_dicts(), evaluations)}


def _against(group: dict[str, Any], to: str) -> list[str]:
    """The paired comparison of updates with one teacher."""
    one = group["against"][to]
    bounds = one["interval"]
    span = f" [{bounds[0]:+,.0f}, {bounds[1]:+,.0f}]" if bounds else ""
    return [
        group["teacher"],
        str(one["pairs"]),
        f"{one['difference']:+,.0f}{span}",
        "" if one["ratio"] is None else f"{one['ratio']:.2f}",
        f"{one['faster']:.2f}",
        f"{one['p']:.2g}",
        f"{one['p_holm']:.2g}",
        _needed(one),
    ]


def _needed(one: dict[str, Any]) -> str:
    if one["pairs_needed"] is not None:
        return str(one["pairs_needed"])
    if one["pairs"] < 2:
        return "not known"
    return "over 1,000" if one["pairs_differing"] else "none differs"


def _evenness(group: dict[str, Any]) -> list[str]:
    """The largest ratio between consecutive updates, of tokens and of step length, of any lifetime; and forgetting."""
    ratios = group["largest_ratio"]
    return [
        group["teacher"],
        *(f"{ratios[what]:.3g}" if ratios[what] else "not known" for what in ("tokens", "update_norm")),
        f"{group['forgetting']:.3f}" if "forgetting" in group else "not known",
    ]


def _health(group: dict[str, Any]) -> list[str]:
    """What the teacher learned from, and how free its mixture was: means over decisions and seeds."""
    health = group["health"]
    return [
        group["teacher"],
        f"{health['raw_reward']:.3g}",
        f"{health['scaled_reward']:.2f}",
        f"{health['clip_rate']:.0%}",
        f"{health['effective_arms']:.2f}",
        f"{health['smallest_probability']:.2g}",
        f"{health['never_visited']:.1%}",
        f"{health['alarms']:g}",
    ]


def _forecast(group: dict[str, Any]) -> list[str]:
    """MASE and pinball loss of the final forecasts, mean over seeds and interval."""
    cells = []
    for what in ("mase", "pinball"):
        record = group["forecast"][what]
        bounds = record["interval"]
        cells.append(f"{record['mean']:.3f}" + (f" [{bounds[0]:.3f}, {bounds[1]:.3f}]" if bounds else ""))
    return [group["teacher"], *cells]

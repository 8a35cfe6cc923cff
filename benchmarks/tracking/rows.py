"""What is logged of a decision, of an evaluation and of a lifetime's end, by name, whoever logs it."""

from __future__ import annotations

from typing import Any

from benchmarks.evaluation.attention import NAME
from benchmarks.trace import COSTS, shown_by_teacher
from envs import Suite
from teacher.health import HEALTH

AXES = {"teacher": "teacher/decision", "student": "student/tokens", "eval": "eval/updates"}
"""What each family of metrics is plotted over."""


def of_decision(record: dict[str, Any], suite: Suite) -> dict[str, Any]:
    """Mixture, reward and scaled gains of the teacher; scores and costs of the student."""
    rows: dict[str, Any] = {
        "teacher/decision": record["decision"],
        "teacher/reward": record["reward"],
        **{f"teacher/{name}": record[name] for name in HEALTH},
        "student/tokens": record["tokens"],
        "student/updates": record["updates"],
        "student/forward_equivalents": record["forward_equivalents"],
        **{f"student/{name}": record[name] for name in ("gradient_norm", "token_ratio", "update_ratio")},
    }
    shown = shown_by_teacher(record)
    rows |= {f"teacher/{name}": value for name, value in shown.items() if isinstance(value, float)}
    for arm, name in enumerate(suite.arms.names):
        own = {kind: value for kind, value in shown.items() if not isinstance(value, float)}
        rows |= {f"teacher/{kind}/{name}": float(value[arm]) for kind, value in own.items()}
        rows[f"teacher/weight/{name}"] = float(record["mixture"][arm])
        if record["count"][arm]:
            rows[f"teacher/scaled_gain/{name}"] = float(record["scaled_gain"][arm])
            rows[f"student/loss/{name}"] = float(record["loss"][arm])
            rows[f"student/competence/{name}"] = float(record["competence"][arm])
    return rows


def of_evaluation(ladder: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """Loss, competence and stability of attention on TEST, by arm, the targets' mean, and every cost so far.

    Any of these can be the axis.

    Args:
        ladder: the TEST ladder's rows of one evaluation.
        seconds: of training, probes and the teacher included.
    """
    targets = [row["competence"] for row in ladder if row["target"]]
    rows = {**{f"eval/{name}": ladder[0][name] for name in COSTS}, "eval/seconds": seconds}
    rows["eval/target_competence"] = sum(targets) / len(targets)
    for row in ladder:
        rows[f"eval/competence/{row['arm_name']}"] = row["competence"]
        rows[f"eval/loss/{row['arm_name']}"] = row["loss"]
        if row.get(NAME) is not None:
            rows[f"eval/{NAME}/{row['arm_name']}"] = row[NAME]
    return rows


def at_the_end(summary: dict[str, Any]) -> dict[str, Any]:
    """The summary without what differs from machine to machine, and ``restricted_updates``, what sweeps minimise."""
    reached = summary["to_mastery"]["updates"] if summary["mastered"] else summary["budget"]
    return {**{k: v for k, v in summary.items() if k not in ("seconds", "files")}, "restricted_updates": reached}

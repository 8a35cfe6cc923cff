"""A saved view of a bench in Weights & Biases: the panels in the order of a reader's questions, seeds grouped."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from typing import Any

from benchmarks.store import UserError
from benchmarks.tracking.connection import Mode
from benchmarks.tracking.rows import AXES

_log = logging.getLogger("paceline")


def refuse_missing_views(mode: Mode) -> None:
    """Raises ``UserError`` unless a view can be saved: on the server alone, by a library of its own."""
    if mode != "online":
        raise UserError(f"--view saves a view on the server: it needs --wandb online; got {mode}")
    if importlib.util.find_spec("wandb_workspaces") is None:
        raise UserError("--view needs wandb-workspaces: pip install 'paceline[views]'")


def view_of(entity: str, project: str, name: str, bench_id: str) -> Any:
    """The view, not saved yet: the lifetimes of one bench, grouped without the seed.

    First how well and at what cost, then what each teacher did, then whether its reward can be trusted.

    Returns:
        A ``wandb_workspaces.workspaces.Workspace``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of its own, about pydantic
        import wandb_workspaces.expr as expr
        import wandb_workspaces.reports.v2 as panels
        import wandb_workspaces.workspaces as workspaces

    def line(title: str, metric: str, family: str) -> Any:
        return panels.LinePlot(title=title, x=AXES[family], y=[f"{family}/{metric}"])

    def lines(title: str, pattern: str, family: str) -> Any:
        return panels.LinePlot(title=title, x=AXES[family], metric_regex=f"{family}/{pattern}/.*")

    sections = {
        "How well, at what cost": [
            line("competence of the targets, held out", "target_competence", "eval"),
            panels.BarPlot(title="updates to mastery, restricted to the budget", metrics=["restricted_updates"]),
            lines("competence of each arm, held out", "competence", "eval"),
        ],
        "What the teacher did": [
            lines("mixture", "weight", "teacher"),
            line("arms in use (exponential of the entropy)", "effective_arms", "teacher"),
            lines("loss of each arm in training", "loss", "student"),
        ],
        "Can the reward be trusted": [
            line("reward", "raw_reward", "teacher"),
            line("share of clipped rewards", "clip_rate", "teacher"),
            line("alarms", "alarm", "teacher"),
        ],
    }
    return workspaces.Workspace(
        entity=entity,
        project=project,
        name=name,
        sections=[workspaces.Section(name=title, panels=own, is_open=True) for title, own in sections.items()],
        runset_settings=workspaces.RunsetSettings(
            groupby=[expr.Metric("Group")],
            filters=expr.And(expr.Metric("JobType").isin(["bench", "run"]), expr.Config("bench_id") == bench_id),
        ),
    )


def save_view(entity: str, project: str, name: str, bench_id: str) -> str | None:
    """Saves it, a new one each time, and returns its address; None if that failed (what did is in the log)."""
    try:
        saved = view_of(entity, project, name, bench_id).save()
        return str(saved.url)
    except Exception as error:  # whatever the client raises: the results are there without it
        _log.warning("the view was not saved (%s: %s)", type(error).__name__, " ".join(str(error).split()))
        return None

"""A saved view of a bench in Weights & Biases: the panels in the order of a reader's questions, seeds grouped."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from pathlib import Path
from typing import Any

from benchmarks.evaluation.attention import NAME
from benchmarks.store import UserError, read_json, write_json
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
    expr, panels, workspaces = _libraries()

    def line(title: str, metric: str, family: str) -> Any:
        return panels.LinePlot(title=title, x=AXES[family], y=[f"{family}/{metric}"])

    def lines(title: str, pattern: str, family: str) -> Any:
        return panels.LinePlot(title=title, x=AXES[family], metric_regex=f"{family}/{pattern}/.*")

    sections = {
        "How well, at what cost": [
            line("competence of the targets, held out", "target_competence", "eval"),
            panels.BarPlot(title="updates to mastery, restricted to the budget", metrics=["restricted_updates"]),
            lines("competence of each arm, held out", "competence", "eval"),
            lines("stability of attention on each arm, of students that attend", NAME, "eval"),
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


def save_view(entity: str, project: str, folder: Path, bench_id: str) -> str | None:
    """The address of a bench's view in a project: saved once, and left as its readers have changed it since.

    It follows the lifetimes by itself. One that is no longer on the server is saved anew.

    Args:
        entity: of W&B.
        project: of W&B.
        folder: of the bench, whose name the view has, and where its address is kept.
        bench_id: of its lifetimes.

    Returns:
        None if none was ever saved; what failed is in the log.
    """
    kept = folder / "view.json"
    place = {"entity": entity, "project": project, "bench_id": bench_id}
    address = _kept(kept, place)
    try:
        if address is None or not _is_there(address):
            address = str(view_of(entity, project, folder.resolve().name, bench_id).save().url)
    except Exception as error:  # whatever the client raises: the results are there without it
        said = "the view was not saved" if address is None else "it is not known whether the view is still there"
        _log.warning("%s (%s: %s)", said, type(error).__name__, " ".join(str(error).split()))
        return address
    try:
        write_json(kept, {**place, "address": address})
    except UserError as error:
        _log.warning("the address of the view was not kept (%s): another time it will be saved anew", error)
    return address


def _kept(file: Path, place: dict[str, str]) -> str | None:
    """The address that a file has for a place."""
    try:
        found = read_json(file)
    except UserError:  # there is none, or it is damaged
        return None
    there = isinstance(found, dict) and {name: found.get(name) for name in place} == place
    return str(found["address"]) if there and "address" in found else None


def _is_there(address: str) -> bool:
    """Whether the server has a view there; what else it may answer is raised."""
    try:
        _libraries()[2].Workspace.from_url(address)
    except ValueError as error:
        if "not found" in str(error):
            return False
        raise
    return True


def _libraries() -> tuple[Any, Any, Any]:
    """Expressions, panels and workspaces of the client."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of its own, about pydantic
        import wandb_workspaces.expr as expr
        import wandb_workspaces.reports.v2 as panels
        import wandb_workspaces.workspaces as workspaces
    return expr, panels, workspaces

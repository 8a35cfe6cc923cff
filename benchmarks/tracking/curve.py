"""One long run in Weights & Biases, row by row: a meta-training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.tracking.connection import Connection, Mode, run_options


class RunCurve(Connection):
    """Logs the rows of one long run over an axis of its own, its last row as the summary, its files as an artifact.

    Args:
        mode: ``offline``, ``online`` or ``disabled``.
        project: W&B project.
        job_type: of the run; metrics are named ``job_type/...``.
        axis: the name in a row that the others are plotted over.
    """

    def __init__(self, mode: Mode, project: str, job_type: str, axis: str):
        super().__init__(mode, project, job_type)
        self._axis = axis

    def start(self, name: str, run: str, config: dict[str, Any], folder: Path) -> None:
        """Begins the run, or goes on with it."""
        try:
            if self.mode != "disabled":
                job = self.job_type
                self._init(run_options(self.project, folder, run, name, job, job, [job], config))
            if self._run is not None:
                axis = f"{self.job_type}/{self._axis}"
                self._run.define_metric(axis, hidden=True)
                self._run.define_metric(f"{self.job_type}/*", step_metric=axis)
        except Exception as error:  # whatever the client raises, training goes on
            self._fail(error)

    def log(self, row: dict[str, Any]) -> None:
        """One row; what is None is left out."""
        self._log_rows({f"{self.job_type}/{name}": value for name, value in row.items() if value is not None})

    def finish(self, summary: dict[str, Any], files: list[Path]) -> None:
        """Summary and artifact."""
        self._end(lambda run: _log_the_last(run, summary, files))


def _log_the_last(run: Any, summary: dict[str, Any], files: list[Path]) -> None:
    import wandb

    run.summary.update(summary)
    artifact = wandb.Artifact(f"{run.id}-teacher", type="teacher")
    for file in files:
        artifact.add_file(str(file))
    run.log_artifact(artifact)

"""The engine that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from benchmarks.engines.job import Engine, Execution, Job
from benchmarks.engines.local import run_here, run_pool
from benchmarks.progress import Display
from benchmarks.store import UserError


def refuse_missing_engine(engine: Engine, ray_address: str | None = None) -> None:
    """Raises ``UserError`` unless what the engine needs is installed, and takes what it is given."""
    if ray_address is not None and engine != "ray":
        raise UserError(f"--ray-address goes with --engine ray; got --engine {engine}: add it, or drop the address")
    if engine == "ray" and find_spec("ray") is None:
        raise UserError("--engine ray needs Ray: pip install 'paceline[ray]', or take --engine local")


def run_jobs(jobs: Sequence[Job], execution: Execution, display: Display) -> list[str]:
    """Runs them all; what failed, in a line each.

    Raises:
        UserError: workers died, or there is no cluster.
    """
    if not jobs:
        return []
    if execution.engine == "ray":
        from benchmarks.engines.cluster import run_on_ray  # an extra, and seconds to import

        return run_on_ray(jobs, execution, display)
    return run_here(jobs, display) if execution.workers == 1 else run_pool(jobs, execution.workers, display)

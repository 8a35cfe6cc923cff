"""The trace of a lifetime: one row per decision, all that the report, W&B and a replay need; and what it took."""

from __future__ import annotations

import logging
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from teacher import Row
from teacher.health import HEALTH, RewardHealth

_log = logging.getLogger("paceline")
_PER_ARM = ("mixture", "count", "gain", "scaled_gain", "loss", "competence")
_PER_ROW = ("gradient_norm", "token_ratio", "update_ratio")
COSTS = ("updates", "tokens", "forward_equivalents")
TIMING = {
    "decision": pl.Int64,
    "training_seconds": pl.Float64,
    "evaluation_seconds": pl.Float64,
    "resident_mib": pl.Float64,
    "gpu_mib": pl.Float64,
}
"""Columns of ``timing.parquet``: what differs from machine to machine; null is not known."""
_NAMES = {"decision", "reward", *_PER_ARM, *_PER_ROW, *COSTS, *HEALTH}


def shown_by_teacher(record: dict[str, Any]) -> dict[str, Any]:
    """The entries of a record that the teacher itself shows: numbers, or arrays ``(A,)``."""
    return {name: value for name, value in record.items() if name not in _NAMES}


class Trace:
    """Rows of one lifetime (K = 1), in memory until the checkpoint takes them; what is unhealthy is said once.

    What a teacher shows of itself (``diagnostics``) stands in the row of the decision that it has just learned from.

    Args:
        name: of the lifetime, for what is said.
        num_arms: A.
        learns: whether the teacher reads gains.
    """

    def __init__(self, name: str, num_arms: int, learns: bool) -> None:
        self._name, self._health, self._said = name, RewardHealth(1, num_arms, learns), 0
        self.rows: list[dict[str, Any]] = []
        self.seconds: list[dict[str, Any]] = []

    def add(self, row: Row, training_seconds: float, inference: float = 0.0) -> dict[str, Any]:
        """Takes in a decision, and what the teacher's own network costs in each; returns the decision's flat record."""
        scaled = row.diagnostics.get("scaled_gain", row.feedback.gain)
        arms = (row.mixture, row.feedback.count, row.feedback.gain, scaled, row.feedback.loss, row.feedback.competence)
        record: dict[str, Any] = {
            "decision": row.decision,
            **{name: int(row.info[name][0]) for name in COSTS},
            "reward": float(row.reward[0]),
            **{name: float(value[0]) for name, value in self._health.take(row).items()},
            **{name: float(row.info[name][0]) for name in _PER_ROW},
            **{name: np.array(value[0]) for name, value in zip(_PER_ARM, arms, strict=True)},
        }
        record["forward_equivalents"] += math.ceil((row.decision + 1) * inference)
        shown = {name: value for name, value in row.diagnostics.items() if name not in record}
        record |= {name: float(v[0]) if v.ndim == 1 else np.array(v[0]) for name, v in shown.items()}
        fresh = int(record["alarm"]) & ~self._said
        for line in self._health.explain(fresh):
            _log.warning("%s, decision %d: %s", self._name, row.decision, line)
        self._said |= fresh
        self.rows.append(record)
        timed = {"decision": row.decision, "training_seconds": training_seconds, "evaluation_seconds": 0.0}
        self.seconds.append({**timed, "resident_mib": resident_mib(), "gpu_mib": gpu_mib()})
        return record

    def table(self) -> pl.DataFrame:
        """A row per decision; per-arm columns are lists of A numbers."""
        plain = [{k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in row.items()} for row in self.rows]
        return pl.DataFrame(plain)

    def health(self) -> dict[str, Any]:
        """The means of the health numbers over the lifetime, and in how many decisions an alarm was on."""
        means = {name: float(np.mean([row[name] for row in self.rows])) for name in HEALTH if name != "alarm"}
        return {**means, "alarms": sum(row["alarm"] > 0 for row in self.rows)}

    def state_dict(self) -> dict[str, Any]:
        """Column by column."""
        if not self.rows:
            return {"columns": {}, "seconds": [], "health": self._health.state_dict(), "said": self._said}
        columns = {name: np.stack([row[name] for row in self.rows]) for name in self.rows[0]}
        health = self._health.state_dict()
        return {"columns": columns, "seconds": list(self.seconds), "health": health, "said": self._said}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where ``state_dict`` was taken."""
        columns = state["columns"]
        count = len(next(iter(columns.values()))) if columns else 0
        self.rows = [
            {name: value[i] if value.ndim > 1 else value[i].item() for name, value in columns.items()}
            for i in range(count)
        ]
        self.seconds = list(state["seconds"])
        self._health.load_state_dict(state["health"])
        self._said = state["said"]

    def timing(self) -> pl.DataFrame:
        """A row per decision: ``TIMING``."""
        return pl.DataFrame(self.seconds, TIMING)


def resident_mib() -> float | None:
    """Memory that this process holds, in MiB; None where the system does not tell."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def gpu_mib() -> float | None:
    """The most that this process held on any GPU since this was last asked, in MiB; None without one in use."""
    if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return None
    most = 0
    for device in range(torch.cuda.device_count()):
        most = max(most, torch.cuda.max_memory_allocated(device))
        torch.cuda.reset_peak_memory_stats(device)
    return most / 2**20


_STATM = Path("/proc/self/statm")

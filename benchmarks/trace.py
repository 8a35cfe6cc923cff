"""The trace of a lifetime: one row per decision, all that the report, W&B and a replay need. Seconds are kept apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from teacher import Row

_PER_ARM = ("mixture", "count", "gain", "scaled_gain", "loss", "competence")
_PER_ROW = ("gradient_norm", "token_ratio", "update_ratio")
_COSTS = ("updates", "tokens", "forward_equivalents")


class Trace:
    """Rows of one lifetime (K = 1), in memory until the checkpoint takes them."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.seconds: list[dict[str, Any]] = []

    def add(self, row: Row, training_seconds: float) -> dict[str, Any]:
        """Takes in a decision; returns its flat record."""
        scaled = row.diagnostics.get("scaled_gain", row.feedback.gain)
        arms = (row.mixture, row.feedback.count, row.feedback.gain, scaled, row.feedback.loss, row.feedback.competence)
        record = {
            "decision": row.decision,
            **{name: int(row.info[name][0]) for name in _COSTS},
            "reward": float(row.reward[0]),
            **{name: float(row.info[name][0]) for name in _PER_ROW},
            **{name: np.array(value[0]) for name, value in zip(_PER_ARM, arms, strict=True)},
            **{name: float(v[0]) for name, v in row.diagnostics.items() if v.ndim == 1},
        }
        self.rows.append(record)
        self.seconds.append({"decision": row.decision, "training_seconds": training_seconds, "evaluation_seconds": 0.0})
        return record

    def table(self) -> pl.DataFrame:
        """A row per decision; per-arm columns are lists of A numbers."""
        return pl.DataFrame([{k: v.tolist() if k in _PER_ARM else v for k, v in row.items()} for row in self.rows])

    def state_dict(self) -> dict[str, Any]:
        """Column by column."""
        if not self.rows:
            return {"columns": {}, "seconds": []}
        columns = {name: np.stack([row[name] for row in self.rows]) for name in self.rows[0]}
        return {"columns": columns, "seconds": list(self.seconds)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where ``state_dict`` was taken."""
        columns = state["columns"]
        count = len(next(iter(columns.values()))) if columns else 0
        self.rows = [
            {name: value[i] if value.ndim > 1 else value[i].item() for name, value in columns.items()}
            for i in range(count)
        ]
        self.seconds = list(state["seconds"])

"""Schedules read from a file: a learned pace replayed open-loop, in its order or shuffled (yoked controls)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from teacher.arrays import ArrayTeacher, Seen, State
from teacher.loop import ArmsView, Floats
from teacher.randomness import uniforms

FORMAT, VERSION = "paceline.schedule", 1
_ORDER = 7  # stream of random numbers


def read_schedule(path: str | Path) -> dict[str, Any]:
    """A schedule as ``paceline export --format json`` writes it.

    Raises:
        ValueError: not there, not JSON, another format or version, or mixtures that are none.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        found = json.loads(text)
    except (OSError, ValueError) as error:
        raise ValueError(f"cannot read the schedule {path}: {error}") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT or found.get("version") != VERSION:
        what = {k: found.get(k) for k in ("format", "version")} if isinstance(found, dict) else type(found).__name__
        raise ValueError(f"{path} must be a {FORMAT} of version {VERSION}; got {what}: export it again")
    for name in ("mixtures", "counts"):
        try:
            table = np.array(found[name], dtype=np.float64)
            good = table.ndim == 2 and len(table) > 0 and table.shape[1] == len(found["arms"])
            good = good and bool(np.isfinite(table).all() and (table >= 0).all() and (table.sum(axis=1) > 0).all())
        except (KeyError, TypeError, ValueError):
            good = False
        if not good:
            raise ValueError(f"{name} of {path} must be rows of one weight per arm, not negative: export it again")
        found[name] = table
    found["digest"] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return found


@dataclass
class Replayed(ArrayTeacher):
    """Gives another run's mixtures again, decision by decision, whatever the student does: the yoked control.

    ``shuffled`` gives the same mixtures in an order of its own for every seed: as much of each arm (in expectation:
    arms are drawn from the mixtures anew), but at other times. A gain that survives the first and not the second lies
    in the order; one that survives both lies in the mixture. When the record ends its last mixture stays, which may be
    one for another student's last weakness; with ``again`` it begins anew (shuffled: always, in another order). A file
    that has changed since the run began is refused at its next decision.

    Attributes:
        path: a file of ``paceline export RUN --format json``; ``{seed}`` in it stands for the seed of a single row, so
            that each lifetime of a bench replays its own.
        shuffled: whether the order is shuffled.
        again: whether the record begins anew when it ends.
        counts: replay the shares of sequences that arms really got instead of the mixtures they were drawn from (not
            under a token budget, where a mixture is a share of updates).

    Raises:
        ValueError: at reset: no file, not a schedule, or one of other arms.
    """

    path: str = ""
    shuffled: bool = False
    again: bool = False
    counts: bool = False
    feedback: ClassVar[Literal["any"]] = "any"

    def file_of(self, seed: int) -> str:
        """The file that a single row of this seed replays."""
        return self.path.replace("{seed}", str(seed))

    def _start(self, arms: ArmsView, num_envs: int) -> State:
        if not self.path:
            raise ValueError("a replay needs a schedule: path=..., a file of `paceline export RUN --format json`")
        if "{seed}" in self.path and num_envs > 1:
            raise ValueError(f"{self.path} has a {{seed}}, which is of one row; got {num_envs} rows")
        path = self.file_of(int(self._keys[0]))
        record = read_schedule(path)
        if tuple(record["arms"]) != tuple(arms.names):
            raise ValueError(
                f"{path} is a schedule of the arms {', '.join(record['arms'][:3])}, .. ({len(record['arms'])}); "
                f"these are {', '.join(arms.names[:3])}, .. ({arms.num_arms})"
            )
        table = record["counts" if self.counts else "mixtures"]
        # A mixture that already sums to one is replayed bit for bit.
        total = table.sum(axis=1, keepdims=True)
        self._table = np.where(np.abs(total - 1.0) < 1e-9, table, table / total)
        self._digest, self._file = record["digest"], path
        return {"schedule": self._digest}

    def _mixture(self, state: State, obs: NDArray[np.float32]) -> Floats:
        if state["schedule"] != self._digest:
            raise ValueError(f"{self._file} has changed since the run began: restore it, or begin anew")
        decision, length = state["updates"], len(self._table)
        if not self.shuffled:
            place = decision % length if self.again else min(decision, length - 1)
            return np.tile(self._table[place], (self._shape[0], 1))
        round_, place = divmod(decision, length)
        order = uniforms(self._keys, round_, length, _ORDER).argsort(axis=1)  # (K, decisions)
        found: Floats = self._table[order[:, place]]
        return found

    def _learn(self, state: State, mixture: Floats, seen: Seen) -> None:
        """Nothing: it is open-loop."""

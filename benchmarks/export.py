"""A finished lifetime's pace as a static schedule that others can use: ours, DeepSpeed's, llm-foundry's, weights."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.pace import Pace, read_pace
from benchmarks.store import UserError, write_text
from benchmarks.terminal import say
from envs import Suite
from envs.batch import Floats, Ints
from teacher.schedules.recorded import FORMAT, VERSION


@dataclass(frozen=True)
class Options:
    """What is written, and how a pace is reduced to it; an option that the format has no use for is refused."""

    format: Literal["json", "deepspeed", "llm-foundry", "weights"] = "json"
    """json (every decision, for Paceline to replay), deepspeed, llm-foundry, or weights (for a torch sampler)."""
    phases: int | None = None
    """llm-foundry, weights: pieces of constant mixture, at most; default 10."""
    coverage: float | None = None
    """deepspeed: the share of the sequences that lies at or below the difficulty; default 0.5."""
    axis: str | None = None
    """deepspeed: the axis of difficulty, where the suite has several."""
    total: int | None = None
    """Length to stretch the schedule to, in updates (llm-foundry: tokens); default: the lifetime's. Not for json."""


_USES = {
    "json": set[str](),
    "deepspeed": {"coverage", "axis", "total"},
    "llm-foundry": {"phases", "total"},
    "weights": {"phases", "total"},
}


def export(run: Path, options: Options, out: Path | None, overwrite: bool) -> None:
    """Writes the pace of a lifetime to a file, or to standard output.

    Args:
        run: a folder that ``run`` or ``bench`` made, with one finished lifetime, or the folder of one lifetime.
        options: the format, and how the pace is reduced to it.
        out: a file; None: standard output.
        overwrite: whether an existing file is replaced.

    Raises:
        UserError: bad options, not one finished lifetime, a pace that the format cannot say, a file that exists or that
            cannot be written.
    """
    _check(options)
    if out is not None and out.exists() and not overwrite:
        raise UserError(f"{out} exists: choose another --out, or replace it with --overwrite")
    pace = read_pace(run)
    text = _WRITERS[options.format](pace, options)
    if out is None:
        say(text.rstrip("\n"))
    else:
        write_text(out, text)
        say(f"pace of {pace.cell.name}: {out}")


def _check(options: Options) -> None:
    for name in ("phases", "coverage", "axis", "total"):
        value = getattr(options, name)
        if value is not None and name not in _USES[options.format]:
            raise UserError(f"--{name} is set, and --format {options.format} has no use for it: drop the flag")
        if value is not None and name in ("phases", "total") and value < 1:
            raise UserError(f"{name} must be at least 1; got {value}")
    if options.coverage is not None and not 0 < options.coverage <= 1:
        raise UserError(f"coverage must be in (0, 1]; got {options.coverage}")


def as_json(pace: Pace) -> str:
    """Every decision as it was: a float is written so that it reads back as the same float."""
    cell = pace.cell
    content = {
        "format": FORMAT,
        "version": VERSION,
        **{name: getattr(cell, name) for name in ("suite", "student", "teacher", "seed")},
        "fingerprint": pace.fingerprint,
        "arms": list(pace.suite.arms.names),
        "updates": pace.updates.tolist(),
        "mixtures": pace.mixtures.tolist(),
        "counts": pace.counts.tolist(),
    }
    return json.dumps(content, allow_nan=False) + "\n"


def _as_weights(pace: Pace, options: Options) -> str:
    """A weight per arm and phase, with the updates ``from_update <= u < to_update`` (from 0) that it is for."""
    ends, shares = _phases(pace, options)
    steps = _stretched(ends, pace, options.total)
    phases = [
        {"from_update": start, "to_update": end, "weights": weights}
        for start, end, weights in zip([0, *steps[:-1]], steps, shares.tolist(), strict=True)
    ]
    arms = list(pace.suite.arms.names)
    return _pretty({"format": "paceline.weights", "version": 1, "arms": arms, "phases": phases})


def _as_deepspeed(pace: Pace, options: Options) -> str:
    """One difficulty per step: the lowest value of the axis with the covered share of the sequences at or below it.

    DeepSpeed 0.19.8 draws evenly from all samples up to the difficulty. It adds those between the last difficulty and
    a new one and takes none away (``data_sampler.py``, ``get_new_cluster``), so that a fall would change nothing, and a
    rise after it would add samples twice: the difficulty written is the largest so far. Step s, from 1, has
    ``difficulty[i]`` for ``max_step[i - 1] < s <= max_step[i]``; the last one stays (``curriculum_scheduler.py``).
    """
    axis = _axis(pace.suite, options.axis)
    values: list[Any] = [pace.suite.task_of(arm)[1][axis] for arm in range(pace.suite.num_arms)]
    levels = sorted(set(values))
    level = np.array([levels.index(value) for value in values])  # (A,)
    shares = pace.sequences(pace.mixtures)
    per_level = np.stack([shares[:, level == i].sum(axis=1) for i in range(len(levels))], axis=1)
    coverage = 0.5 if options.coverage is None else options.coverage
    covered = per_level.cumsum(axis=1) >= coverage - 1e-9  # shares sum to 1 but for rounding
    path = np.maximum.accumulate(covered.argmax(axis=1))  # (D,)
    last = np.flatnonzero(np.diff(path, append=len(levels)))  # the last decision at each difficulty
    difficulty = [levels[i] for i in path[last]]
    steps = _stretched(pace.updates[last], pace, options.total)
    if len(difficulty) == 1:  # the scheduler insists on a change
        difficulty, steps = difficulty * 2, steps * 2
    metric = {
        "index_to_sample_path": "YOUR/ANALYSIS/index_to_sample",
        "index_to_metric_path": "YOUR/ANALYSIS/index_to_metric",
        "difficulty_type": "value",
        "clustering_type": "schedule_based",
        "min_difficulty": difficulty[0],
        "max_difficulty": difficulty[-1],
        "schedule_type": "fixed_discrete",
        "schedule_config": {"difficulty": difficulty, "max_step": steps[:-1]},
    }
    learning = {"enabled": True, "data_cluster_path": "YOUR/CLUSTERS", "curriculum_metrics": {axis: metric}}
    sampling = {"enabled": True, "curriculum_learning": learning}
    return _pretty({"data_efficiency": {"enabled": True, "data_sampling": sampling}})


def _axis(suite: Suite, wanted: str | None) -> str:
    """The axis of difficulty: one that every task has, of numbers that rise from easy to hard."""
    fit = []
    for name in suite.arms.axes:
        axes = [axis for task in suite.tasks for axis in task.axes if axis.name == name]
        values: list[list[Any]] = [list(axis.values) for axis in axes]
        numbers = all(isinstance(value, int | float) for row in values for value in row)
        shared = len(axes) == len(suite.tasks) and all(axis.ordered for axis in axes)
        if shared and numbers and all(row == sorted(set(row)) for row in values):
            fit.append(name)
    if wanted is not None and wanted not in suite.arms.axes:
        raise UserError(f"--axis must be an axis of {suite.name} ({', '.join(suite.arms.axes)}); got {wanted}")
    if not fit or wanted not in (None, *fit):
        raise UserError(
            f"deepspeed needs an axis of numbers that rise from easy to hard and that every task has; {suite.name} has "
            f"{', '.join(suite.arms.axes)}, of which fit: {', '.join(fit) or 'none'}; --format weights needs none"
        )
    if wanted is None and len(fit) > 1:
        raise UserError(f"deepspeed follows one axis, and {suite.name} has {', '.join(fit)}: choose with --axis")
    return fit[0] if wanted is None else wanted


_FOUNDRY_HEAD = """\
# The pace of {name} for llm-foundry's CurriculumLearning callback: merge this into a training configuration.
# Yours to give: data_local, a folder that holds a streaming dataset (MDS) per arm under the names below, and what else
# train_loader.dataset needs (beside streams it must have no local and no remote).
variables:
  data_local: YOUR/DATA
max_duration: {total}tok
train_loader:
  dataset:
    streams:
{streams}
callbacks:
  curriculum_learning:
    duration: {duration}tok
    schedule:
"""
_FOUNDRY_PHASE = """\
    - duration: {duration}tok
      dataset:
        streams:
{streams}
"""


def _as_llm_foundry(pace: Pace, options: Options) -> str:
    """Phases as datamixes of ``CurriculumLearning`` (llm-foundry 0.22.0); the first is the ``train_loader``'s own.

    Durations are tokens (or epochs, which here mean nothing) and sum to ``max_duration``. They go by updates: where
    batches are of one size, tokens are updates.
    """
    ends, shares = _phases(pace, options)
    if len(ends) < 2:
        raise UserError(
            f"llm-foundry needs at least 2 phases to change between; got 1 (of {len(pace.updates)} decisions): raise "
            "--phases, or export a longer lifetime"
        )
    total = pace.tokens if options.total is None else options.total
    durations = np.diff(_stretched(ends, pace, total), prepend=0).tolist()
    streams = [_streams(pace.suite.arms.names, row) for row in shares]
    first = {"duration": durations[0], "streams": _indented(streams[0], 6)}
    rest = zip(durations[1:], streams[1:], strict=True)
    return _FOUNDRY_HEAD.format(name=pace.cell.name, total=total, **first) + "".join(
        _FOUNDRY_PHASE.format(duration=duration, streams=_indented(lines, 10)) for duration, lines in rest
    )


def _streams(names: Sequence[str], shares: Floats) -> list[str]:
    """A line of YAML per arm; proportions in millionths, so that they sum to 1 as they are written."""
    edges = np.rint(np.append(0.0, shares.cumsum() / shares.sum()) * 1_000_000).astype(int)
    lines = []
    for number, (name, millionths) in enumerate(zip(names, np.diff(edges), strict=True)):
        folder = f"{number}-{re.sub('[^A-Za-z0-9_.=]+', '-', name)}"  # the number keeps them distinct
        key = json.dumps(name, ensure_ascii=False)  # a JSON string is a YAML string
        lines.append(f'{key}: {{local: "${{variables.data_local}}/{folder}", proportion: {millionths / 1e6:.6f}}}')
    return lines


def _indented(lines: Sequence[str], depth: int) -> str:
    return "\n".join(" " * depth + line for line in lines)


def _phases(pace: Pace, options: Options) -> tuple[Ints, Floats]:
    ends, mixtures = pace.phases(10 if options.phases is None else options.phases)
    return ends, pace.sequences(mixtures)


def _stretched(ends: Ints, pace: Pace, total: int | None) -> list[int]:
    """The ends of a schedule's pieces, given in the lifetime's updates, when it takes ``total`` steps."""
    scaled = ends if total is None else np.rint(ends / pace.updates[-1] * total).astype(np.int64)
    if (np.diff(scaled, prepend=0) < 1).any():
        raise UserError(f"total must give each of the schedule's {len(ends)} pieces a step; got {total}: raise --total")
    steps: list[int] = scaled.tolist()
    return steps


def _pretty(content: Any) -> str:
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


_WRITERS: dict[str, Callable[[Pace, Options], str]] = {
    "json": lambda pace, _: as_json(pace),
    "deepspeed": _as_deepspeed,
    "llm-foundry": _as_llm_foundry,
    "weights": _as_weights,
}

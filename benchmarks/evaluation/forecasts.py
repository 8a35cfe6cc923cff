"""How good a student's free-running forecasts are, in the units of the field: MASE and pinball loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from envs import Difficulty, Split, Student, Suite
from envs.batch import Floats
from envs.suite import symbols_of
from envs.tasks.real.errors import mase, pinball
from envs.tasks.real.forecast import Forecast
from student import Experienced, TorchStudent, generate

LEVELS = np.arange(1, 10) / 10
"""Quantiles judged by the pinball loss."""


def forecast_errors(suite: Suite, student: Student, windows: int = 64, paths: int = 20) -> dict[str, Any] | None:
    """Errors on TEST of forecasts that the student makes token by token, from its own last tokens.

    Each window's forecast is the median of sampled paths; their quantiles are judged by the pinball loss. Both are
    divided by the mean absolute one-step change of the series in TRAIN (for MASE by definition), so 1 is about what
    repeating the last value would have erred one step ahead.

    Args:
        suite: its arms of ``Forecast`` tasks are judged, those beyond the taught range too; also under modifiers, but
            not in a shared vocabulary, where bins have other numbers.
        student: one learner of torch; others are not judged.
        windows: per arm.
        paths: sampled per window.

    Returns:
        ``mase`` and ``pinball``, mean over the target arms, and ``arms``, the same for each arm; None where there is
        nothing to judge. The draws are fixed: the same student gives the same numbers.
    """
    if isinstance(student, Experienced):
        student = student.inner
    if not isinstance(student, TorchStudent):
        return None
    arms = []
    for arm in range(suite.num_arms + suite.num_beyond):
        task, difficulty = _unwrapped(*suite.task_of(arm))
        if not isinstance(task, Forecast):
            continue
        drawn = task.forecast_windows(difficulty, Split.TEST, windows, np.random.default_rng(0))
        prompt = task.bins.tokens(drawn.context / drawn.scale[:, None])
        tokens = generate(
            student.models[0],
            torch.from_numpy(prompt.repeat(paths, axis=0)),
            int(difficulty["horizon"]),
            temperature=1.0,
            generator=torch.Generator().manual_seed(0),
            below=task.vocab_size,  # the suite's vocabulary may be larger: other tokens are no values
        )
        sampled = task.values(tokens.cpu().numpy(), drawn.scale.repeat(paths)).reshape(windows, paths, -1)
        past = task.steps_of(difficulty, Split.TRAIN)
        naive = float(np.abs(np.diff(past)).mean())
        quantiles: Floats = np.quantile(sampled, LEVELS, axis=1)  # (Q, B, H)
        arms.append(
            {
                "arm": suite.arm_name(arm),
                "target": arm < suite.num_arms and bool(suite.arms.targets[arm]),
                "mase": float(mase(np.median(sampled, axis=1), drawn.future, past).mean()),
                "pinball": float(pinball(quantiles, drawn.future, LEVELS).mean() / naive),
            }
        )
    counted = [arm for arm in arms if arm["target"]]
    if not counted:
        return None
    means = {what: float(np.mean([arm[what] for arm in counted])) for what in ("mase", "pinball")}
    return {**means, "arms": arms}


def _unwrapped(task: Any, difficulty: Difficulty) -> tuple[Any, Difficulty]:
    """The task inside modifiers that keep its tokens: what is held out is the inner task's."""
    while not isinstance(task, Forecast) and hasattr(task, "inner") and symbols_of(task) == symbols_of(task.inner):
        task = task.inner
    return task, {axis.name: difficulty[axis.name] for axis in task.axes}

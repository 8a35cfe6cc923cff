"""The signals by name."""

from __future__ import annotations

from collections.abc import Callable, Generator

from envs.batch import Floats
from envs.progress.decision import Decision
from envs.progress.inside import (
    attention_change,
    gradient_prediction_gain,
    gradient_variational_complexity_gain,
    separability_gain,
    variational_complexity_gain,
)
from envs.progress.prediction import (
    accuracy_gain,
    loss_decay_rate,
    mean_prediction_gain,
    prediction_gain,
    self_prediction_gain,
    target_prediction_gain,
)

Signal = Callable[[Decision], Generator[None, None, Floats]]

SIGNALS: dict[str, Signal] = {
    "accuracy_gain": accuracy_gain,
    "loss_decay": loss_decay_rate,
    "PG": prediction_gain,
    "SPG": self_prediction_gain,
    "TPG": target_prediction_gain,
    "MPG": mean_prediction_gain,
    "GPG": gradient_prediction_gain,
    "VCG": variational_complexity_gain,
    "GVCG": gradient_variational_complexity_gain,
    "separability": separability_gain,
    "attention": attention_change,
}
NEEDS_ONE_ARM = frozenset({"TPG", "MPG", "GPG", "VCG", "GVCG"})
"""Signals that credit one arm: a decision must hold one (``redraw="decision"``)."""

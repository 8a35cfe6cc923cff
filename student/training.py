"""How a student trains: settings, optimiser, learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import torch
from torch import nn

from envs.batch import Ints

Optimizer = Literal["adam", "adamw", "sgd"]
Schedule = Literal["constant", "linear", "cosine", "phase"]
Precision = Literal["float32", "bfloat16"]


class TrainingOptions(TypedDict, total=False):
    """The fields of ``Training`` as keyword arguments."""

    optimizer: Optimizer
    learning_rate: float
    schedule: Schedule
    warmup: int
    budget: int | None
    final_factor: float
    phases: Sequence[int] | None
    weight_decay: float
    decay: Literal["all", "matrices"]
    clip: float | None
    precision: Precision
    micro_batch: int | None
    truncate: int | None
    reference_batch: int | None
    compile: bool


@dataclass(frozen=True)
class Training:
    """Options of ``TorchStudent``.

    Raises:
        ValueError: a value out of range.
    """

    optimizer: Optimizer = "adam"
    """Adam, AdamW (both fused), or plain SGD."""
    learning_rate: float = 1e-3
    """Step size at its highest."""
    schedule: Schedule = "constant"
    """Of the learning rate: ``constant``; ``linear`` or ``cosine`` down to ``final_factor`` at ``budget`` updates; or
    ``phase``: constant, with a new warm-up whenever a harder phase of the curriculum begins."""
    warmup: int = 0
    """Updates over which the learning rate rises linearly at the start (and, with ``phase``, of each phase)."""
    budget: int | None = None
    """Updates in a lifetime, for ``linear`` and ``cosine``."""
    final_factor: float = 0.1
    """Learning rate at the end over its highest, for ``linear`` and ``cosine``."""
    phases: Sequence[int] | None = None
    """The phase of each arm, ``(A,)``, for ``phase``: ``suite.arms.levels``, say."""
    weight_decay: float = 0.0
    """Decoupled with adamw, in the gradient otherwise."""
    decay: Literal["all", "matrices"] = "all"
    """Parameters that decay: all, or matrices only (no biases, norms, nor embeddings)."""
    clip: float | None = 1.0
    """The gradient of each learner is scaled down to this norm; None: never."""
    precision: Precision = "float32"
    """``bfloat16`` runs forward and backward under autocast (``student.precision``); weights and optimiser stay
    float32."""
    micro_batch: int | None = None
    """Gradient accumulation: sequences per forward and backward; None: the whole batch at once."""
    truncate: int | None = None
    """Truncated back-propagation through time: tokens per window; the state is carried, the gradient is not. For models
    with ``start`` and ``resume``; None: through the whole sequence."""
    reference_batch: int | None = None
    """Sequences that the learning rate was set for: at B of them it is scaled by sqrt(B / reference) (by B / reference
    with sgd); None: not scaled. Reference: S. Malladi et al. (2022), arXiv:2205.10287; P. Goyal et al. (2017),
    arXiv:1706.02677."""
    compile: bool = False
    """Compile the model with ``torch.compile``: tens of seconds per sequence length before the first step."""

    def __post_init__(self) -> None:
        for name, allowed in (
            ("optimizer", ("adam", "adamw", "sgd")),
            ("schedule", ("constant", "linear", "cosine", "phase")),
            ("decay", ("all", "matrices")),
            ("precision", ("float32", "bfloat16")),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {getattr(self, name)!r}")
        rates = 0 < self.learning_rate < float("inf") and self.weight_decay >= 0 and 0 <= self.final_factor <= 1
        if not rates or (self.clip is not None and not self.clip > 0):
            raise ValueError(
                "learning_rate and clip must be above 0, weight_decay not below, final_factor in [0, 1]; "
                f"got learning_rate={self.learning_rate}, clip={self.clip}, weight_decay={self.weight_decay}, "
                f"final_factor={self.final_factor}"
            )
        for name in ("budget", "micro_batch", "truncate", "reference_batch"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1; got {value}")
        if self.warmup < 0:
            raise ValueError(f"warmup must not be negative; got {self.warmup}")

    def refuse_incomplete(self) -> None:
        """Refuses a schedule that lacks what it follows (settings get it from the lifetime and the suite later).

        Raises:
            ValueError: says what is missing.
        """
        if self.schedule in ("linear", "cosine") and self.budget is None:
            raise ValueError(f"schedule {self.schedule} ends at the budget: give budget (updates in a lifetime)")
        if self.schedule == "phase" and (self.phases is None or self.warmup < 1):
            raise ValueError(
                "schedule phase warms up anew in each phase: give phases (the phase of each arm) and warmup >= 1"
            )


def make_optimizer(model: nn.Module, settings: Training) -> torch.optim.Optimizer:
    """The optimiser over a model's trainable parameters, in one group or (``decay="matrices"``) two.

    Raises:
        ValueError: the model has no trainable parameter.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    if not trainable:
        raise ValueError("make_model() gave a module without a trainable parameter")
    groups: list[dict[str, Any]] = [{"params": trainable, "weight_decay": settings.weight_decay}]
    if settings.decay == "matrices":
        embeddings = {id(p) for m in model.modules() if isinstance(m, nn.Embedding) for p in m.parameters()}
        decaying = [p for p in trainable if p.ndim >= 2 and id(p) not in embeddings]
        kept = {id(p) for p in decaying}
        groups = [
            {"params": decaying, "weight_decay": settings.weight_decay},
            {"params": [p for p in trainable if id(p) not in kept], "weight_decay": 0.0},
        ]
        groups = [group for group in groups if group["params"]]
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=settings.learning_rate)
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, lr=settings.learning_rate, fused=True)


@dataclass
class Pace:
    """Where a learner's learning rate stands: all that its schedule depends on.

    Attributes:
        updates: made so far.
        phase: the hardest phase trained on so far; -1 before the first.
        began: the update at which it began.
    """

    updates: int = 0
    phase: int = -1
    began: int = 0

    def factor(self, settings: Training, arms: Ints | None, num_sequences: int) -> float:
        """Learning rate of the coming update over ``settings.learning_rate``; takes note of the phase and counts on.

        Args:
            settings: of the training.
            arms: ``(B,)``, the arm of each sequence.
            num_sequences: B.

        Raises:
            ValueError: the schedule follows phases, and the batch does not say its arms.
        """
        if settings.schedule == "phase":
            if arms is None or arms.min() < 0:
                raise ValueError("schedule phase needs batches that say their arms (a suite's do)")
            assert settings.phases is not None
            if arms.max() >= len(settings.phases):
                raise ValueError(
                    f"phases must name the phase of every arm; got {len(settings.phases)} of them, and arm {arms.max()}"
                )
            hardest = max(int(settings.phases[arm]) for arm in set(arms.tolist()))
            if hardest > self.phase:
                self.phase, self.began = hardest, self.updates
        since = self.updates - self.began
        factor = min(1.0, (since + 1) / settings.warmup) if settings.warmup else 1.0
        if settings.schedule in ("linear", "cosine"):
            assert settings.budget is not None
            spent = min(1.0, max(0, self.updates - settings.warmup) / max(1, settings.budget - settings.warmup))
            left = 1 - spent if settings.schedule == "linear" else (1 + math.cos(math.pi * spent)) / 2
            factor *= settings.final_factor + (1 - settings.final_factor) * left
        if settings.reference_batch is not None:
            ratio = num_sequences / settings.reference_batch
            factor *= ratio if settings.optimizer == "sgd" else math.sqrt(ratio)
        self.updates += 1
        return factor

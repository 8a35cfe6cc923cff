"""A batch of token sequences, and how batches of several arms or several learners become one.

Shapes: K learners, B sequences, T tokens. Targets are aligned with the positions that predict them: the logits at
position t are scored against ``targets[..., t]``; ``IGNORE`` marks positions without a loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

IGNORE = -100
"""Target of a position at which no loss is taken (torch's default ``ignore_index``)."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Token sequences with aligned targets.

    Attributes:
        tokens: int64 ``(B, T)``, or ``(K, B, T)`` for K learners.
        targets: int64 of the shape of ``tokens``; ``IGNORE`` where no loss is taken.
        arms: int64 ``(B,)`` or ``(K, B)``: the arm that each sequence was drawn from; -1 where none is known.
        weights: float64 ``(B,)`` or ``(K, B)``, the factor on each sequence's loss; None: one everywhere.
        widths: int64 ``(K,)``, for K learners: columns of each learner's own batch, the rest is padding; None: all T.
        times: int64 of the shape of ``tokens``, the time label of each input position (its index in the series or the
            document), -1 on padding; None: the position itself. Nothing trains on it: it lets a check see that inputs,
            targets and time stay together.
    """

    tokens: Ints
    targets: Ints
    arms: Ints | None = None
    weights: Floats | None = None
    widths: Ints | None = None
    times: Ints | None = None

    def __post_init__(self) -> None:
        if self.tokens.shape != self.targets.shape or self.tokens.ndim not in (2, 3):
            raise ValueError(
                "tokens and targets must share one shape (B, T) or (K, B, T); "
                f"got {self.tokens.shape} and {self.targets.shape}"
            )
        if self.tokens.dtype != np.int64 or self.targets.dtype != np.int64:
            raise TypeError(f"tokens and targets must be int64; got {self.tokens.dtype} and {self.targets.dtype}")
        if self.times is not None and self.times.shape != self.tokens.shape:
            raise ValueError(f"times must have the shape of tokens {self.tokens.shape}; got {self.times.shape}")

    @property
    def num_sequences(self) -> int:
        """B, the number of sequences (of each learner)."""
        return int(self.tokens.shape[-2])

    def learner(self, k: int) -> Batch:
        """The ``(B, T)`` batch of learner k, without the columns that ``stack`` padded: the inverse of ``stack``."""
        width = self.tokens.shape[-1] if self.widths is None else int(self.widths[k])
        return Batch(
            self.tokens[k, :, :width],
            self.targets[k, :, :width],
            None if self.arms is None else self.arms[k],
            None if self.weights is None else self.weights[k],
            times=None if self.times is None else self.times[k, :, :width],
        )

    def token_counts(self) -> Ints:
        """Input positions that each learner processes, its own padding counted: ``(K,)``."""
        num_learners, num_sequences, width = self.tokens.shape
        widths: Ints = np.full(num_learners, width) if self.widths is None else self.widths
        counts: Ints = num_sequences * widths
        return counts


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a student measured on a batch.

    Attributes:
        loss: float64 ``(K, B)``, mean over the counted targets of a sequence, nats per token.
        token_accuracy: float64 ``(K, B)``, share of the counted targets that the argmax hits.
        sequence_accuracy: float64 ``(K, B)``, 1 where every counted target is hit, else 0. (Under teacher forcing this
            equals greedy free-running exact match.)
        gradient_norm: float64 ``(K,)``, norm before clipping; None from ``evaluate``.
        measures: whatever else a training step measured, by name, float64 ``(K,)`` each. Known names: ``update_norm``
            (length of the step in weight space), ``complexity_slope`` (see the signal GVCG).
    """

    loss: Floats
    token_accuracy: Floats
    sequence_accuracy: Floats
    gradient_norm: Floats | None = None
    measures: Mapping[str, Floats] = field(default_factory=dict)


def _padded(parts: Sequence[Ints], fill: int) -> list[Ints]:
    width = max(part.shape[-1] for part in parts)
    return [np.pad(part, ((0, 0), (0, width - part.shape[-1])), constant_values=fill) for part in parts]


def _rows(parts: Sequence[Batch]) -> tuple[list[Ints], list[Floats] | None]:
    arms = [np.full(p.num_sequences, -1) if p.arms is None else p.arms for p in parts]
    if all(p.weights is None for p in parts):
        return arms, None
    return arms, [np.ones(p.num_sequences) if p.weights is None else p.weights for p in parts]


def _times(parts: Sequence[Batch]) -> list[Ints] | None:
    """Time labels padded to one width; positions where a part brings none; None where no part brings any."""
    if all(p.times is None for p in parts):
        return None
    return _padded(
        [np.broadcast_to(np.arange(p.tokens.shape[-1]), p.tokens.shape) if p.times is None else p.times for p in parts],
        -1,
    )


def stack(batches: Sequence[Batch]) -> Batch:
    """Joins the ``(B, T_k)`` batches of K learners to one ``(K, B, T)``, padded on the right to the longest.

    Padding is token 0 with target ``IGNORE``; ``widths`` keeps each learner's own T, so that a learner in a cohort sees
    exactly what it would see alone.
    """
    arms, weights = _rows(batches)
    if len(batches) == 1:  # the common case: views, no copy
        one = batches[0]
        own = None if weights is None else weights[0][None]
        times = None if one.times is None else one.times[None]
        return Batch(one.tokens[None], one.targets[None], arms[0][None], own, times=times)
    times_of = _times(batches)
    return Batch(
        np.stack(_padded([b.tokens for b in batches], 0)),
        np.stack(_padded([b.targets for b in batches], IGNORE)),
        np.stack(arms),
        None if weights is None else np.stack(weights),
        np.array([b.tokens.shape[-1] for b in batches]),
        None if times_of is None else np.stack(times_of),
    )


def mix(parts: Sequence[Batch]) -> Batch:
    """Joins ``(B_i, T_i)`` batches, of several arms say, to one ``(sum B_i, max T_i)``, padded on the right."""
    arms, weights = _rows(parts)
    times = _times(parts)
    return Batch(
        np.concatenate(_padded([p.tokens for p in parts], 0)),
        np.concatenate(_padded([p.targets for p in parts], IGNORE)),
        np.concatenate(arms),
        None if weights is None else np.concatenate(weights),
        times=None if times is None else np.concatenate(times),
    )

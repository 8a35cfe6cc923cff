"""One module that learns: forward, backward, optimiser step, scores."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from envs.batch import IGNORE, Batch, Floats
from student.inspection import evaluating
from student.precision import in_bfloat16
from student.scoring import Counted, weighted
from student.streaming import detached
from student.training import Pace, Training, make_optimizer

_CHUNK_TOKENS = 4096  # of one forward in evaluate


class TorchLearner:
    """A module with its optimiser and the state of its learning rate.

    Args:
        model: tokens ``(B, T)`` to logits ``(B, T, V)``.
        training: how it trains.
        device: where it lives.
    """

    def __init__(self, model: nn.Module, training: Training, device: torch.device):
        self.model: Any = model.to(device).train()  # Any: what else a module may offer is asked for at run time
        self._training, self._device = training, device
        self._optimizer = make_optimizer(model, training)
        self._call: Callable[[Tensor], Any] = torch.compile(model) if training.compile else model
        self._pace = Pace()

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The trainable ones."""
        return [p for p in self.model.parameters() if p.requires_grad]

    def step(self, batch: Batch) -> tuple[Floats, dict[str, float]]:
        """One optimiser step on ``(B, T)``.

        Returns:
            Sums of the scores before the step, ``(3, B)`` as ``Counted.sums``, and measures: ``gradient_norm`` (before
            clipping), ``update_norm``, and ``complexity_slope`` where the module has a complexity.
        """
        factor = self._pace.factor(self._training, batch.arms, batch.num_sequences)
        for group in self._optimizer.param_groups:
            group["lr"] = self._training.learning_rate * factor
        self._optimizer.zero_grad(set_to_none=True)
        rows = self._training.micro_batch or batch.num_sequences
        total = int((batch.targets != IGNORE).sum())
        starts = range(0, batch.num_sequences, rows)
        sums = np.concatenate([self._backward(_rows(batch, slice(i, i + rows)), total) for i in starts], axis=1)
        measures = self._add_complexity(batch.num_sequences / total)
        norm = self._clipped()
        measures.setdefault("gradient_norm", norm)
        before = [p.detach().clone() for p in self.parameters]
        self._optimizer.step()
        moved = [after.detach() - old for after, old in zip(self.parameters, before, strict=True)]
        measures["update_norm"] = float(torch.stack([change.norm() for change in moved]).norm())
        return sums, measures

    def _clipped(self) -> float:
        """Scales the gradient down to the clip; returns its norm before."""
        clip = float("inf") if self._training.clip is None else self._training.clip
        return float(nn.utils.clip_grad_norm_(self.parameters, clip))

    def _backward(self, batch: Batch, total: int) -> Floats:
        """Adds the gradient of some rows to that of the update, whose ``total`` targets it is the mean over."""
        length, window = batch.tokens.shape[1], self._training.truncate
        if window is None or window >= length:
            return self._descend(Counted(self._logits(batch), batch.targets), batch, total)
        if not hasattr(self.model, "resume"):
            raise ValueError(
                "truncate carries a model's state from window to window: it needs methods start(batch_size) and "
                f"resume(tokens, state); {type(self.model).__name__} has none"
            )
        self._refuse_unknown_tokens(batch)
        state, sums = self.model.start(batch.num_sequences), np.zeros((3, batch.num_sequences))
        tokens = self.tokens(batch)
        for start in range(0, length, window):
            piece = slice(start, start + window)
            with self._autocast():
                logits, state = self.model.resume(tokens[:, piece], state)
            state = detached(state)
            if (batch.targets[:, piece] != IGNORE).any():
                sums += self._descend(Counted(logits.float(), batch.targets[:, piece]), batch, total)
        return sums

    @staticmethod
    def _descend(counted: Counted, batch: Batch, total: int) -> Floats:
        losses = weighted(counted.losses, counted.sequence, batch.weights)
        (losses.sum() / total).backward()  # type: ignore[no-untyped-call]
        return counted.sums()

    def _add_complexity(self, samples_per_target: float) -> dict[str, float]:
        """Adds the gradient of complexity to that of the loss; their product says how complexity moves.

        The loss is a mean per target, so the description length per sample is divided by the targets of a sample too.
        The gradient norm that is reported stays the loss' own.
        """
        if not hasattr(self.model, "complexity"):
            return {}
        product, scale = 0.0, samples_per_target / self.model.num_samples
        gradients = [p.grad.norm() for p in self.parameters if p.grad is not None]
        slopes = torch.autograd.grad(self.model.complexity(), self.parameters, allow_unused=True)
        for parameter, slope in zip(self.parameters, slopes, strict=True):
            if slope is not None:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                product += float((parameter.grad * slope).sum())
                parameter.grad += scale * slope
        return {"complexity_slope": -product, "gradient_norm": float(torch.stack(gradients).norm())}

    def sums(self, batch: Batch) -> Floats:
        """Sums of the scores ``(3, B)`` in eval mode, without gradients."""
        with evaluating(self.model):
            parts = [Counted(self._logits(part), part.targets).sums() for part in _chunks(batch)]
        return np.concatenate(parts, axis=1)

    def tokens(self, batch: Batch) -> Tensor:
        """The batch's tokens ``(B, T)`` where the module lives."""
        return torch.from_numpy(np.ascontiguousarray(batch.tokens)).to(self._device)

    def _autocast(self) -> Any:
        return in_bfloat16(self._device) if self._training.precision == "bfloat16" else nullcontext()

    def _refuse_unknown_tokens(self, batch: Batch) -> None:
        known, smallest, largest = getattr(self.model, "vocab_size", None), batch.tokens.min(), batch.tokens.max()
        if smallest < 0 or (isinstance(known, int) and largest >= known):
            raise ValueError(
                f"the module's vocabulary has {known} tokens, from 0 on, and the suite sent tokens {smallest} to "
                f"{largest}: make the module with vocab_size=suite.vocab_size"
            )

    def _logits(self, batch: Batch) -> Tensor:
        self._refuse_unknown_tokens(batch)
        try:
            with self._autocast():
                logits = self._call(self.tokens(batch))
        except IndexError as error:  # an embedding, or a table of positions, that is too small
            raise ValueError(
                f"the module cannot read {batch.tokens.shape[1]} tokens up to {batch.tokens.max()} ({error}): make it "
                "with the suite's vocab_size, and with as many positions as its longest arm (beyond included) has"
            ) from error
        expected, top = batch.tokens.shape, int(batch.targets.max())
        if not isinstance(logits, Tensor) or logits.ndim != 3 or logits.shape[:2] != expected or logits.shape[2] <= top:
            got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise ValueError(
                f"the module must map tokens (B, T) = {expected} to logits (B, T, V) with V above the largest target "
                f"{top}; got {got}"
            )
        return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits

    def state_dict(self) -> dict[str, Any]:
        """Weights, optimiser state and pace; a copy."""
        own = {"model": self.model.state_dict(), "optimizer": self._optimizer.state_dict(), "pace": asdict(self._pace)}
        return copy.deepcopy(own)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken."""
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
        self._pace = Pace(**state["pace"])


@contextmanager
def fixed_algorithms(device: torch.device) -> Iterator[None]:
    """Of cuDNN, for the block: those it picks by itself for a convolution's gradient add in another order each time."""
    cudnn = torch.backends.cudnn
    kept = cudnn.deterministic, cudnn.benchmark
    try:
        if device.type == "cuda":
            cudnn.deterministic, cudnn.benchmark = True, False
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark = kept


def _chunks(batch: Batch) -> Iterator[Batch]:
    """Sequences in parts of about ``_CHUNK_TOKENS``: logits that stay in the cache are nearly twice as fast."""
    step = max(1, _CHUNK_TOKENS // batch.tokens.shape[1])
    for start in range(0, batch.num_sequences, step):
        yield _rows(batch, slice(start, start + step))


def _rows(batch: Batch, part: slice) -> Batch:
    return Batch(
        batch.tokens[part],
        batch.targets[part],
        None if batch.arms is None else batch.arms[part],
        None if batch.weights is None else batch.weights[part],
    )

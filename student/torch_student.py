"""Any torch module as a student of K learners."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from envs.batch import IGNORE, Batch, Floats, Ints, Scores

_CHUNK_TOKENS = 4096  # of one forward in evaluate


class TorchStudent:
    """K learners over ``make_model()``, each an ordinary module with its own optimiser and random stream, in a loop.

    Args:
        make_model: makes one module that maps tokens ``(B, T)`` to logits ``(B, T, V)``; called once per learner under
            that learner's seed.
        num_learners: K.
        optimizer: ``adam`` or ``adamw`` (fused).
        learning_rate: step size.
        weight_decay: decoupled with adamw, in the gradient with adam.
        clip: the gradient of each learner is scaled down to this norm; None: never.
        device: where the modules live.
        backend: ``looped``, the only one so far.

    Raises:
        ValueError: an option out of range, or logits of another shape than ``(B, T, V)`` with V above every target.
    """

    def __init__(
        self,
        make_model: Callable[[], nn.Module],
        num_learners: int = 1,
        optimizer: Literal["adam", "adamw"] = "adam",
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        clip: float | None = 1.0,
        device: str = "cpu",
        backend: Literal["looped"] = "looped",
    ):
        if num_learners < 1:
            raise ValueError(f"num_learners must be at least 1; got {num_learners}")
        if optimizer not in ("adam", "adamw"):
            raise ValueError(f"optimizer must be adam or adamw; got {optimizer!r}")
        if not 0 < learning_rate < float("inf") or weight_decay < 0 or (clip is not None and clip <= 0):
            raise ValueError(
                "learning_rate and clip must be above 0 and weight_decay not below; "
                f"got learning_rate={learning_rate}, clip={clip}, weight_decay={weight_decay}"
            )
        if backend != "looped":
            raise ValueError(f"backend must be looped; got {backend!r}")
        self.num_learners = num_learners
        self.models: list[nn.Module] = []
        self._make_model, self._optimizer, self._clip = make_model, optimizer, clip
        self._learning_rate, self._weight_decay, self._device = learning_rate, weight_decay, torch.device(device)
        self._optimizers: list[torch.optim.Optimizer] = []
        self._random: list[list[Tensor]] = []  # each learner's random stream: state of the CPU and of the GPU in use

    def reset(self, seeds: Sequence[int]) -> None:
        """Starts K new lifetimes; learner k's weights and randomness derive from ``seeds[k]`` alone."""
        if len(seeds) != self.num_learners:
            raise ValueError(f"reset needs {self.num_learners} seeds, one per learner; got {len(seeds)}")
        self.models, self._optimizers, self._random = [], [], []
        for seed in seeds:
            with self._own_randomness(None):
                torch.manual_seed(seed)
                self._add_learner()
                self._random.append(self._random_state())

    def _add_learner(self) -> None:
        model = self._make_model().to(self._device)
        model.train()
        kind = torch.optim.AdamW if self._optimizer == "adamw" else torch.optim.Adam
        trainable = [p for p in model.parameters() if p.requires_grad]
        if not trainable:
            raise ValueError("make_model() gave a module without a trainable parameter")
        self.models.append(model)
        self._optimizers.append(kind(trainable, lr=self._learning_rate, weight_decay=self._weight_decay, fused=True))

    def train(self, batch: Batch) -> Scores:
        """One optimiser step of every learner; scores before the step, gradient norms before clipping."""
        rows = []
        for k in range(self.num_learners):
            with self._own_randomness(k):
                rows.append(self._step(k, batch.learner(k)))
                self._random[k] = self._random_state()
        return _joined([scores for scores, _ in rows], np.array([norm for _, norm in rows]))

    def _step(self, k: int, batch: Batch) -> tuple[list[Floats], float]:
        model, optimizer = self.models[k], self._optimizers[k]
        counted = _Counted(self._logits(model, batch), batch.targets)
        losses = counted.losses
        if batch.weights is not None:
            losses = losses * torch.from_numpy(batch.weights[counted.sequence]).to(losses)
        optimizer.zero_grad(set_to_none=True)
        losses.mean().backward()  # type: ignore[no-untyped-call]
        clip = float("inf") if self._clip is None else self._clip
        norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        return counted.scores(), float(norm)

    def evaluate(self, batch: Batch) -> Scores:
        """Scores without any side effect: modules are in eval mode for its time, no random stream is touched."""
        rows = []
        for k, model in enumerate(self.models):
            own = batch.learner(k)
            modes = [(module, module.training) for module in model.modules()]
            model.eval()
            try:
                with torch.no_grad(), self._own_randomness(k):
                    parts = [_Counted(self._logits(model, part), part.targets).scores() for part in _chunks(own)]
                    rows.append([np.concatenate(score) for score in zip(*parts, strict=True)])
            finally:
                for module, mode in modes:
                    module.training = mode
        return _joined(rows, None)

    def _logits(self, model: nn.Module, batch: Batch) -> Tensor:
        logits = model(torch.from_numpy(np.ascontiguousarray(batch.tokens)).to(self._device))
        expected, top = batch.tokens.shape, int(batch.targets.max())
        if not isinstance(logits, Tensor) or logits.ndim != 3 or logits.shape[:2] != expected or logits.shape[2] <= top:
            got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise ValueError(
                f"the module must map tokens (B, T) = {expected} to logits (B, T, V) with V above the largest target "
                f"{top}; got {got}"
            )
        return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits

    @contextmanager
    def _own_randomness(self, k: int | None) -> Iterator[None]:
        """Torch's global streams set to learner k's for the block, and put back after it."""
        outside = self._random_state()
        try:
            if k is not None:
                self._set_random_state(self._random[k])
            yield
        finally:
            self._set_random_state(outside)

    def _random_state(self) -> list[Tensor]:
        state = [torch.get_rng_state()]
        return [*state, torch.cuda.get_rng_state(self._device)] if self._device.type == "cuda" else state

    def _set_random_state(self, state: list[Tensor]) -> None:
        torch.set_rng_state(state[0])
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(state[1], self._device)

    def state_dict(self) -> dict[str, Any]:
        """Weights, optimiser state and random stream of every learner; a copy."""
        learners = [
            {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": random}
            for model, optimizer, random in zip(self.models, self._optimizers, self._random, strict=True)
        ]
        return copy.deepcopy({"learners": learners})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken; no reset is needed before."""
        learners = copy.deepcopy(state["learners"])
        if len(learners) != self.num_learners:
            raise ValueError(f"the state is of {len(learners)} learners; this student has {self.num_learners}")
        self.models, self._optimizers, self._random = [], [], []
        for learner in learners:
            with self._own_randomness(None):
                self._add_learner()
            self.models[-1].load_state_dict(learner["model"])
            self._optimizers[-1].load_state_dict(learner["optimizer"])
            self._random.append(learner["random"])


def _chunks(batch: Batch) -> Iterator[Batch]:
    """Sequences in parts of about ``_CHUNK_TOKENS``: logits that stay in the cache are nearly twice as fast."""
    step = max(1, _CHUNK_TOKENS // batch.tokens.shape[1])
    for start in range(0, batch.num_sequences, step):
        part = slice(start, start + step)
        yield Batch(batch.tokens[part], batch.targets[part])


class _Counted:
    """The N positions of a batch that bear a target: only these are scored.

    Attributes:
        losses: ``(N,)``, cross-entropy in nats.
        sequence: ``(N,)``, the number of each position's sequence.
    """

    def __init__(self, logits: Tensor, targets: Ints):
        self._num_sequences, length = targets.shape
        flat = targets.ravel()
        place = np.flatnonzero(flat != IGNORE)  # (N,)
        self.sequence = place // length
        self._targets = flat[place]
        self._logits = logits.flatten(0, 1)  # (B T, V)
        if len(place) < len(flat):
            self._logits = self._logits[torch.from_numpy(place).to(logits.device)]  # (N, V)
        answers = torch.from_numpy(self._targets).to(logits.device)
        self.losses = F.cross_entropy(self._logits, answers, reduction="none")

    def scores(self) -> list[Floats]:
        """Loss, token accuracy and sequence accuracy of each sequence, ``(B,)`` each.

        On the CPU numpy's argmax is used: over a vocabulary of 256 it is nine times as fast as torch's.
        """
        logits = self._logits.detach()
        best = logits.numpy().argmax(axis=-1) if logits.device.type == "cpu" else logits.argmax(dim=-1).cpu().numpy()
        length = np.bincount(self.sequence, minlength=self._num_sequences)
        hits = np.bincount(self.sequence, best == self._targets, self._num_sequences)
        loss = np.bincount(self.sequence, self.losses.detach().cpu().numpy(), self._num_sequences)
        return [loss / length, hits / length, (hits == length).astype(np.float64)]


def _joined(rows: list[list[Floats]], norms: Floats | None) -> Scores:
    loss, token_accuracy, sequence_accuracy = (np.stack(score) for score in zip(*rows, strict=True))  # each (K, B)
    return Scores(loss, token_accuracy, sequence_accuracy, norms)

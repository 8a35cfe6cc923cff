"""Any torch module as a student of K learners."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from envs.batch import Batch, Floats, Scores
from student.inspection import answers, attention_maps, last_hidden
from student.learner import TorchLearner, fixed_algorithms
from student.scoring import scored
from student.training import Training, TrainingOptions


class TorchStudent:
    """K learners over ``make_model()``, each an ordinary module with its own optimiser and random stream, in a loop.

    A module may offer more, and is then asked for it: ``start(batch_size)`` and ``resume(tokens, state)`` for truncated
    back-propagation; ``complexity()`` and ``num_samples``, for a cost of the weights (see ``student.Variational``).

    Args:
        make_model: makes one module that maps tokens ``(B, T)`` to logits ``(B, T, V)``; called once per learner under
            that learner's seed.
        num_learners: K.
        device: where the modules live.
        backend: ``looped``, the only one so far.
        **options: the fields of ``student.training.Training``: optimiser, learning rate and its schedule, precision,
            accumulation, truncation, compilation.

    Raises:
        ValueError: an option out of range, or logits of another shape than ``(B, T, V)`` with V above every target.
    """

    def __init__(
        self,
        make_model: Callable[[], nn.Module],
        num_learners: int = 1,
        device: str = "cpu",
        backend: Literal["looped"] = "looped",
        **options: Unpack[TrainingOptions],
    ):
        if num_learners < 1:
            raise ValueError(f"num_learners must be at least 1; got {num_learners}")
        if backend != "looped":
            raise ValueError(f"backend must be looped; got {backend!r}")
        self.num_learners, self.training = num_learners, Training(**options)
        self.training.refuse_incomplete()
        self._make_model, self._device = make_model, torch.device(device)
        self._learners: list[TorchLearner] = []
        self._random: list[list[Tensor]] = []  # each learner's random stream: state of the CPU and of the GPU in use

    @property
    def models(self) -> list[nn.Module]:
        """The K modules."""
        return [learner.model for learner in self._learners]

    @property
    def num_weights(self) -> int:
        """Of one module, trained or not; 0 before ``reset``."""
        return sum(weight.numel() for learner in self._learners[:1] for weight in learner.model.parameters())

    def reset(self, seeds: Sequence[int]) -> None:
        """Starts K new lifetimes; learner k's weights and randomness derive from ``seeds[k]`` alone."""
        if len(seeds) != self.num_learners:
            raise ValueError(f"reset needs {self.num_learners} seeds, one per learner; got {len(seeds)}")
        self._learners, self._random = [], []
        for seed in seeds:
            with self._own_randomness(None):
                torch.manual_seed(seed)
                self._add_learner()
                self._random.append(self._random_state())

    def _add_learner(self) -> None:
        self._learners.append(TorchLearner(self._make_model(), self.training, self._device))

    def train(self, batch: Batch) -> Scores:
        """One optimiser step of every learner; scores before the step, gradient norms before clipping.

        ``measures`` holds ``update_norm``, the length of the step in weight space, and ``complexity_slope`` where the
        modules have a complexity.
        """
        rows, measures = [], []
        for k, learner in enumerate(self._learners):
            with self._own_randomness(k):
                sums, measured = learner.step(batch.learner(k))
                rows.append(scored(sums))
                measures.append(measured)
                self._random[k] = self._random_state()
        joined = {name: np.array([measured[name] for measured in measures]) for name in measures[0]}
        return _joined(rows, joined.pop("gradient_norm"), joined)

    def evaluate(self, batch: Batch) -> Scores:
        """Scores without any side effect: modules are in eval mode for its time, no random stream is touched."""
        rows = []
        for k, learner in enumerate(self._learners):
            with self._own_randomness(k):
                rows.append(scored(learner.sums(batch.learner(k))))
        return _joined(rows, None, {})

    def complexity(self) -> Floats:
        """KL(posterior || prior) of each learner's weights in nats, ``(K,)``.

        Raises:
            ValueError: the modules have no complexity.
        """
        for learner in self._learners:
            if not hasattr(learner.model, "complexity"):
                raise ValueError(
                    "complexity needs a module with uncertain weights, student.Variational(model); got "
                    f"{type(learner.model).__name__}"
                )
        with torch.no_grad():
            return np.array([float(learner.model.complexity()) for learner in self._learners])

    def representations(self, batch: Batch) -> Floats:
        """The last hidden layer, ``(K, B, T, D)``: what the last ``nn.Linear`` of each module reads; 0 on padding."""
        return self._inspected(batch, last_hidden, (1,))

    def answers(self, batch: Batch) -> NDArray[np.int64]:
        """The likeliest token at each position, given all before it, ``(K, B, T)``; 0 on padding."""
        return self._inspected(batch, answers, (1,)).astype(np.int64)

    def attention(self, batch: Batch) -> Floats:
        """Weights ``(K, layers, B, heads, T, T)`` of modules that attend by fused attention; 0 on padding."""
        return self._inspected(batch, attention_maps, (3, 4))

    def _inspected(self, batch: Batch, look: Callable[[nn.Module, Tensor], Tensor], padded: tuple[int, ...]) -> Floats:
        """What ``look`` sees in each module on its own part of the batch, with the ``padded`` axes at full length."""
        found = []
        for k, learner in enumerate(self._learners):
            tokens = learner.tokens(batch.learner(k))
            with self._own_randomness(k):
                seen = look(learner.model, tokens).cpu().double().numpy()
            short = batch.tokens.shape[-1] - tokens.shape[1]
            found.append(np.pad(seen, [(0, short if axis in padded else 0) for axis in range(seen.ndim)]))
        return np.stack(found)

    @contextmanager
    def _own_randomness(self, k: int | None) -> Iterator[None]:
        """Torch's global streams set to learner k's for the block, and put back after it."""
        outside = self._random_state()
        try:
            if k is not None:
                self._set_random_state(self._random[k])
            with fixed_algorithms(self._device):
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

    def _on_this_device(self, state: list[Tensor]) -> list[Tensor]:
        """The stream of a state that may come from another device: one that has none of the GPU's begins it anew."""
        if self._device.type == "cuda" and len(state) == 1:
            with self._own_randomness(None):
                torch.set_rng_state(state[0])
                stream = torch.Generator(self._device).manual_seed(int(torch.randint(2**62, (1,))))
                return [*state, stream.get_state()]
        return state

    def state_dict(self) -> dict[str, Any]:
        """Weights, optimiser state, learning-rate state and random stream of every learner; a copy."""
        parts = zip(self._learners, self._random, strict=True)
        return {"learners": [{**own.state_dict(), "random": copy.deepcopy(random)} for own, random in parts]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken; no reset is needed before.

        A state may come from another device: weights and optimiser move, and on a GPU that the state knows nothing of
        a random stream derived from the CPU's begins.
        """
        learners = state["learners"]
        if len(learners) != self.num_learners:
            raise ValueError(f"the state is of {len(learners)} learners; this student has {self.num_learners}")
        self._learners, self._random = [], []
        for learner in learners:
            with self._own_randomness(None):
                self._add_learner()
            self._learners[-1].load_state_dict(learner)
            self._random.append(self._on_this_device(copy.deepcopy(learner["random"])))


def _joined(rows: list[list[Floats]], norms: Floats | None, measures: dict[str, Floats]) -> Scores:
    loss, token_accuracy, sequence_accuracy = (np.stack(score) for score in zip(*rows, strict=True))  # each (K, B)
    return Scores(loss, token_accuracy, sequence_accuracy, norms, measures)

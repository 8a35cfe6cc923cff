"""Using a model token by token: probabilities of the next token, and generation.

Every function puts the model into eval mode without gradients for its time and puts the modes back afterwards.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from student.inspection import evaluating


@runtime_checkable
class StreamingModel(Protocol):
    """A causal model that can carry its state from token to token; all causal built-in models do.

    A state is nested tuples of tensors and belongs to the model that made it. No method changes the state it is given.
    ``model(tokens)`` equals ``resume(tokens, start(B))[0]``, and T steps equal one ``resume`` of T tokens.
    """

    def start(self, batch_size: int) -> Any:
        """The state of B sequences before their first token."""

    def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Logits ``(B, V)`` after one more token ``(B,)`` of each sequence, and the new state."""

    def resume(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Logits ``(B, T, V)`` of tokens ``(B, T)`` that follow those of the state, and the state after them.

        One parallel pass. It keeps gradients: cut them with ``detached`` for truncated back-propagation.
        """


def detached(state: Any) -> Any:
    """The same state without its history of gradients: what is carried over in truncated back-propagation."""
    if isinstance(state, Tensor):
        return state.detach()
    if isinstance(state, dict):
        return {name: detached(part) for name, part in state.items()}
    if isinstance(state, list | tuple):
        parts = [detached(part) for part in state]
        return type(state)(*parts) if hasattr(state, "_fields") else type(state)(parts)
    return state


class Stream:
    """A predictor that is fed token by token.

    With a ``StreamingModel`` a push costs one step. Any other module runs again on all tokens since ``reset``: the cost
    of a push then grows with their number.

    Worked example::

        stream = Stream(model)
        for token in (4, 7, 10, 8, 5, 11):
            probabilities = stream.push(token)  # (1, V), of the token after it

    Args:
        model: tokens ``(B, T)`` to logits ``(B, T, V)``, causal.
    """

    def __init__(self, model: nn.Module):
        self._model = model
        self.reset()

    def reset(self) -> None:
        """Forgets all tokens; the next push starts new sequences, of which there may be another number."""
        self._state: Any = None
        self._num_sequences: int | None = None

    def push(self, tokens: ArrayLike | Tensor) -> Tensor:
        """Probabilities ``(B, V)`` of the token after these.

        Args:
            tokens: the next token of each sequence, ``(B,)``, or one number where there is one sequence.

        Raises:
            ValueError: another shape or number of sequences than before, or a token outside the vocabulary.
        """
        column = torch.as_tensor(tokens, device=_device(self._model))
        column = column[None] if column.ndim == 0 else column
        expected = self._num_sequences or (len(column) if column.ndim == 1 else 0)
        if column.shape != (expected,) or not expected:
            want = f"({self._num_sequences},) until reset" if self._num_sequences else "(B,)"
            raise ValueError(f"push takes the next token of each sequence, {want}; got shape {tuple(column.shape)}")
        with evaluating(self._model):
            _check_tokens(self._model, column[:, None])
            logits, self._state = _feed(self._model, column[:, None], self._state)
        self._num_sequences = expected
        return logits.softmax(dim=-1)


def predict(model: nn.Module, tokens: ArrayLike | Tensor) -> Tensor:
    """Probabilities ``(B, T, V)`` of the token after each position of ``tokens`` ``(B, T)``.

    Raises:
        ValueError: tokens of another shape, none, or one outside the vocabulary.
    """
    tokens = _whole_numbers(tokens, model)
    with evaluating(model):
        _check_tokens(model, tokens)
        probabilities: Tensor = model(tokens).softmax(dim=-1)
    return probabilities


def generate(
    model: nn.Module,
    prompt: ArrayLike | Tensor,
    num_tokens: int,
    temperature: float = 0.0,
    generator: torch.Generator | None = None,
    top_k: int | None = None,
    lengths: ArrayLike | Tensor | None = None,
    below: int | None = None,
) -> Tensor:
    """Continues each prompt by ``num_tokens`` tokens, ``(B, num_tokens)``.

    A ``StreamingModel`` reads the prompt in one pass and then costs a step per token; any other module runs again on
    the whole text for every token. Prompts of equal length are continued together.

    Args:
        model: tokens ``(B, T)`` to logits ``(B, T, V)``, causal.
        prompt: ``(B, T)``, padded on the right where ``lengths`` is given.
        num_tokens: how many to generate.
        temperature: 0 takes the likeliest token; above 0 tokens are drawn from softmax(logits / temperature).
        generator: source of all draws; None: torch's global one. A row draws the same whatever the others' lengths.
        top_k: draw among the k likeliest only; None: all.
        lengths: ``(B,)``, tokens of each prompt, which goes on from its own end; None: all T.
        below: only tokens below this one are generated; None: the whole vocabulary.

    Raises:
        ValueError: an empty prompt, a token outside the vocabulary, num_tokens or top_k below 1, a temperature below 0,
            or lengths outside [1, T].
    """
    if num_tokens < 1 or not 0 <= temperature < float("inf") or (top_k is not None and top_k < 1):
        raise ValueError(
            "num_tokens and top_k must be at least 1 and temperature finite and not below 0; "
            f"got num_tokens={num_tokens}, top_k={top_k}, temperature={temperature}"
        )
    tokens = _whole_numbers(prompt, model)
    of = _lengths(tokens, lengths)
    with evaluating(model):
        _check_tokens(model, tokens, of)
        shape = (len(tokens), num_tokens)
        if temperature:
            home = None if generator is None else generator.device
            noise = torch.rand(shape, generator=generator, dtype=torch.float64, device=home).to(tokens.device)
        out = tokens.new_zeros(shape)
        for length in sorted(set(of.tolist())):
            rows = (of == length).nonzero()[:, 0]
            fed, state = tokens[rows, :length], None
            for i in range(num_tokens):
                logits, state = _feed(model, fed, state)  # (rows, V)
                logits = logits[:, :below]
                drawn = _draw(logits, temperature, top_k, noise[rows, i]) if temperature else logits.argmax(dim=-1)
                out[rows, i] = drawn
                fed = drawn[:, None]
    return out


def _draw(logits: Tensor, temperature: float, top_k: int | None, noise: Tensor) -> Tensor:
    """Tokens ``(B,)`` by inversion: the first whose cumulative probability exceeds the noise in [0, 1)."""
    scaled = logits.double() / temperature  # (B, V)
    if top_k is not None and top_k < scaled.shape[1]:
        best = scaled.topk(top_k, dim=-1)
        scaled = torch.full_like(scaled, -torch.inf).scatter(1, best.indices, best.values)
    total = scaled.softmax(dim=-1).cumsum(dim=-1)
    return torch.searchsorted(total, noise[:, None] * total[:, -1:], right=True)[:, 0]


def _feed(model: nn.Module, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
    """Logits ``(B, V)`` after tokens ``(B, T)``; the state is the model's, or all tokens so far where it has none."""
    if isinstance(model, StreamingModel):
        state = model.start(len(tokens)) if state is None else state
        if tokens.shape[1] == 1:
            return model.step(tokens[:, 0], state)
        logits, state = model.resume(tokens, state)
    else:
        state = tokens if state is None else torch.cat([state, tokens], dim=1)
        logits = model(state)
    return logits[:, -1], state


def _device(model: nn.Module) -> torch.device:
    return next((p.device for p in model.parameters()), torch.device("cpu"))


def _lengths(tokens: Tensor, lengths: ArrayLike | Tensor | None) -> Tensor:
    """The number of tokens of each prompt, ``(B,)``."""
    if tokens.ndim != 2 or not tokens.numel():
        raise ValueError(f"tokens must be (B, T) with at least one token each; got shape {tuple(tokens.shape)}")
    num_sequences, width = tokens.shape
    if lengths is None:
        return torch.full((num_sequences,), width, device=tokens.device)
    of = torch.as_tensor(lengths, device=tokens.device)
    if of.shape != (num_sequences,) or of.min() < 1 or of.max() > width:
        raise ValueError(f"lengths must be ({num_sequences},) with values in [1, {width}]; got {of.tolist()}")
    return of


def _whole_numbers(tokens: ArrayLike | Tensor, model: nn.Module) -> Tensor:
    """Tokens as int64 where the model lives, whatever integers they came in (bytes, say)."""
    found = torch.as_tensor(tokens, device=_device(model))
    if found.numel() and (found.is_floating_point() or found.dtype == torch.bool):
        raise ValueError(f"tokens must be whole numbers; got {found.dtype}")
    return found.long()


def _check_tokens(model: nn.Module, tokens: Tensor, lengths: Tensor | None = None) -> None:
    """Refuses what an embedding would answer with an index error, or not at all on a GPU."""
    lengths = _lengths(tokens, lengths)
    vocab_size = getattr(model, "vocab_size", None)
    if vocab_size is None:  # a module of the user's: ask it
        vocab_size = model(torch.zeros_like(tokens[:1, :1])).shape[-1]
    real = tokens[torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]]
    if real.min() < 0 or real.max() >= vocab_size:
        raise ValueError(
            f"tokens must lie in [0, {vocab_size}), the model's vocabulary; got {int(real.min())} to {int(real.max())}"
        )

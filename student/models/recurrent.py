"""Recurrent language models: LSTM, GRU and plain RNN."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from student.models.sizes import refuse_no_size


class LSTM(nn.Module):
    """Embedding, LSTM layers, linear read-out.

    Args:
        vocab_size: V.
        width: size of the hidden state.
        num_layers: stacked LSTM layers.
        embedding: size of the token embedding.

    Raises:
        ValueError: a size below 1.

    Reference: S. Hochreiter and J. Schmidhuber, Long Short-Term Memory (1997), Neural Computation 9(8).
    """

    def __init__(self, vocab_size: int, width: int = 128, num_layers: int = 1, embedding: int = 32):
        super().__init__()
        refuse_no_size(width=width, num_layers=num_layers, embedding=embedding)
        self.vocab_size = vocab_size
        self.embed = nn.Embedding(vocab_size, embedding)
        self.recur = nn.LSTM(embedding, width, num_layers, batch_first=True)
        self.read = nn.Linear(width, vocab_size)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)`` of the target at each position of ``tokens`` ``(B, T)``."""
        return _resume(self, tokens, None)[0]

    def start(self, batch_size: int) -> tuple[Tensor, Tensor]:
        """Hidden and cell state before the first token, ``(layers, B, width)`` each."""
        return _zeros(self, batch_size), _zeros(self, batch_size)

    def resume(self, tokens: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Logits ``(B, T, V)`` of tokens ``(B, T)`` that follow those of the state, and the state after them."""
        logits, (hidden, cell) = _resume(self, tokens, state)
        return logits, (hidden, cell)

    def step(self, tokens: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Logits ``(B, V)`` after one more token ``(B,)``, and the new state; the old one stays as it is."""
        logits, state = self.resume(tokens[:, None], state)
        return logits[:, 0], state


class GRU(nn.Module):
    """Embedding, GRU layers, linear read-out.

    Args:
        vocab_size: V.
        width: size of the hidden state.
        num_layers: stacked GRU layers.
        embedding: size of the token embedding.

    Reference: K. Cho et al., Learning Phrase Representations using RNN Encoder-Decoder (2014), arXiv:1406.1078, section
    2.3 (in the variant of cuDNN: the reset gate acts after the recurrent matrix).
    """

    def __init__(self, vocab_size: int, width: int = 128, num_layers: int = 1, embedding: int = 32):
        super().__init__()
        refuse_no_size(width=width, num_layers=num_layers, embedding=embedding)
        self.vocab_size = vocab_size
        self.embed = nn.Embedding(vocab_size, embedding)
        self.recur = nn.GRU(embedding, width, num_layers, batch_first=True)
        self.read = nn.Linear(width, vocab_size)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)`` of the target at each position of ``tokens`` ``(B, T)``."""
        return _resume(self, tokens, None)[0]

    def start(self, batch_size: int) -> tuple[Tensor]:
        """The hidden state before the first token, ``(layers, B, width)``."""
        return (_zeros(self, batch_size),)

    def resume(self, tokens: Tensor, state: tuple[Tensor]) -> tuple[Tensor, tuple[Tensor]]:
        """Logits ``(B, T, V)`` of tokens ``(B, T)`` that follow those of the state, and the state after them."""
        logits, hidden = _resume(self, tokens, state[0])
        return logits, (hidden,)

    def step(self, tokens: Tensor, state: tuple[Tensor]) -> tuple[Tensor, tuple[Tensor]]:
        """Logits ``(B, V)`` after one more token ``(B,)``, and the new state; the old one stays as it is."""
        logits, state = self.resume(tokens[:, None], state)
        return logits[:, 0], state


class RNN(nn.Module):
    """Embedding, plain recurrent layers (tanh), linear read-out.

    Args:
        vocab_size: V.
        width: size of the hidden state.
        num_layers: stacked layers.
        embedding: size of the token embedding.

    Reference: J. L. Elman, Finding Structure in Time (1990), Cognitive Science 14(2).
    """

    def __init__(self, vocab_size: int, width: int = 128, num_layers: int = 1, embedding: int = 32):
        super().__init__()
        refuse_no_size(width=width, num_layers=num_layers, embedding=embedding)
        self.vocab_size = vocab_size
        self.embed = nn.Embedding(vocab_size, embedding)
        self.recur = nn.RNN(embedding, width, num_layers, batch_first=True)
        self.read = nn.Linear(width, vocab_size)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)`` of the target at each position of ``tokens`` ``(B, T)``."""
        return _resume(self, tokens, None)[0]

    def start(self, batch_size: int) -> tuple[Tensor]:
        """The hidden state before the first token, ``(layers, B, width)``."""
        return (_zeros(self, batch_size),)

    def resume(self, tokens: Tensor, state: tuple[Tensor]) -> tuple[Tensor, tuple[Tensor]]:
        """Logits ``(B, T, V)`` of tokens ``(B, T)`` that follow those of the state, and the state after them."""
        logits, hidden = _resume(self, tokens, state[0])
        return logits, (hidden,)

    def step(self, tokens: Tensor, state: tuple[Tensor]) -> tuple[Tensor, tuple[Tensor]]:
        """Logits ``(B, V)`` after one more token ``(B,)``, and the new state; the old one stays as it is."""
        logits, state = self.resume(tokens[:, None], state)
        return logits[:, 0], state


def _resume(model: LSTM | GRU | RNN, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
    """Logits ``(B, T, V)`` and torch's own state after them; state None: from the start (torch's fast path)."""
    embedded = model.embed(tokens)
    hidden, state = model.recur(embedded) if state is None else model.recur(embedded, state)  # (B, T, width)
    logits: Tensor = model.read(hidden)
    return logits, state


def _zeros(model: LSTM | GRU | RNN, batch_size: int) -> Tensor:
    recur = model.recur
    return model.read.weight.new_zeros(recur.num_layers, batch_size, recur.hidden_size)

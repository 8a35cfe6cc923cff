"""A recurrent language model."""

from __future__ import annotations

from torch import Tensor, nn


class LSTM(nn.Module):
    """Embedding, LSTM layers, linear read-out.

    Args:
        vocab_size: V.
        width: size of the hidden state.
        num_layers: stacked LSTM layers.
        embedding: size of the token embedding.

    Reference: S. Hochreiter and J. Schmidhuber, Long Short-Term Memory (1997), Neural Computation 9(8).
    """

    def __init__(self, vocab_size: int, width: int = 128, num_layers: int = 1, embedding: int = 32):
        super().__init__()
        self.embed = nn.Embedding(vocab_size, embedding)
        self.recur = nn.LSTM(embedding, width, num_layers, batch_first=True)
        self.read = nn.Linear(width, vocab_size)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)`` of the target at each position of ``tokens`` ``(B, T)``."""
        hidden, _ = self.recur(self.embed(tokens))  # (B, T, width)
        logits: Tensor = self.read(hidden)
        return logits

"""Temporal convolutional network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from student.models.sizes import refuse_no_size

Windows = tuple[Tensor, ...]
"""The last inputs of each convolution, two per block: ``(B, width, (kernel - 1) dilation)``."""


class TCN(nn.Module):
    """Residual blocks of two dilated causal convolutions each; the dilation doubles from block to block.

    Takes sequences of any length, but a position sees only the last ``receptive_field`` tokens, itself included.

    Args:
        vocab_size: V.
        width: channels of every convolution, and size of the token embedding.
        num_layers: blocks; block i has dilation 2^i.
        kernel: taps of each convolution.
        dropout: rate at which whole channels are dropped after each convolution.

    Raises:
        ValueError: kernel below 2 or no block.

    Reference: S. Bai, J. Z. Kolter and V. Koltun, An Empirical Evaluation of Generic Convolutional and Recurrent
    Networks for Sequence Modeling (2018), arXiv:1803.01271, section 3.
    """

    def __init__(self, vocab_size: int, width: int = 128, num_layers: int = 4, kernel: int = 3, dropout: float = 0.0):
        super().__init__()
        refuse_no_size(width=width)
        if kernel < 2 or num_layers < 1:
            raise ValueError(
                f"kernel must be at least 2 and num_layers at least 1; got kernel={kernel}, num_layers={num_layers} "
                "(a kernel of 1 sees no past)"
            )
        self.vocab_size = vocab_size
        self.embed = nn.Embedding(vocab_size, width)
        self.blocks = nn.ModuleList(_Block(width, kernel, 2**i, dropout) for i in range(num_layers))
        self._reaches = [(kernel - 1) << i for i in range(num_layers)]  # positions back, of each convolution
        self.read = nn.Linear(width, vocab_size)

    @property
    def receptive_field(self) -> int:
        """Number of last tokens that a position sees: 1 + 2 (kernel - 1) (2^num_layers - 1)."""
        return 1 + 2 * sum(self._reaches)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)`` of the target at each position of ``tokens`` ``(B, T)``."""
        return self.resume(tokens, self.start(len(tokens)))[0]

    def start(self, batch_size: int) -> tuple[Windows, ...]:
        """Zeros, the padding on the left: the last inputs of the convolutions of each block."""
        zeros, width = self.read.weight.new_zeros, self.read.in_features
        return tuple((zeros(batch_size, width, r), zeros(batch_size, width, r)) for r in self._reaches)

    def resume(self, tokens: Tensor, state: tuple[Windows, ...]) -> tuple[Tensor, tuple[Windows, ...]]:
        """Logits ``(B, T, V)`` of tokens ``(B, T)`` that follow those of the state, and the state after them."""
        hidden = self.embed(tokens).transpose(1, 2)  # (B, width, T)
        after = []
        for block, windows in zip(self.blocks, state, strict=True):
            hidden, windows = block(hidden, windows)
            after.append(windows)
        logits: Tensor = self.read(hidden.transpose(1, 2))
        return logits, tuple(after)

    def step(self, tokens: Tensor, state: tuple[Windows, ...]) -> tuple[Tensor, tuple[Windows, ...]]:
        """Logits ``(B, V)`` after one more token ``(B,)``, and the new state; the old one stays as it is."""
        logits, state = self.resume(tokens[:, None], state)
        return logits[:, 0], state


class _Block(nn.Module):
    def __init__(self, width: int, kernel: int, dilation: int, dropout: float):
        super().__init__()
        self.reach = (kernel - 1) * dilation
        self.convs = nn.ModuleList(weight_norm(nn.Conv1d(width, width, kernel, dilation=dilation)) for _ in range(2))
        self.drop = nn.Dropout1d(dropout)

    def forward(self, hidden: Tensor, windows: Windows) -> tuple[Tensor, Windows]:
        out, after = hidden, []
        for conv, window in zip(self.convs, windows, strict=True):
            inputs = torch.cat([window, out], dim=2)  # (B, width, reach + T)
            after.append(inputs[:, :, -self.reach :])
            out = self.drop(conv(inputs).relu())
        return (hidden + out).relu(), tuple(after)

"""MinGRU: a gated recurrence whose gates do not look at the state, so that training runs over all positions at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from student.models.sizes import refuse_no_size

Carried = tuple[Tensor, Tensor]
"""Of one block: hidden state ``(B, width)``, and the last inputs of its convolution ``(B, width, conv - 1)``."""


class MinGRU(nn.Module):
    """Pre-norm residual blocks of MinGRU and a feed-forward part.

    Gate z_t and candidate c_t are functions of the input alone, the state is a moving average with g > 0::

        h_t = (1 - z_t) h_{t-1} + z_t g(c_t)        z = sigmoid(.), g(c) = c + 0.5 if c >= 0 else sigmoid(c)

    This is linear in h, hence a scan. The paper's scan works with logarithms; here the two positive factors are
    multiplied as they are, which loses no digits to cancellation and is several times as fast on a CPU.

    Args:
        vocab_size: V.
        width: model width and size of the hidden state of each block.
        num_layers: blocks.
        conv: taps of a short causal convolution, one filter per feature, before each recurrence; 0: none.
        dropout: rate on both residual branches.

    Raises:
        ValueError: conv below 0.

    Reference: L. Feng et al., Were RNNs All We Needed? (2024), arXiv:2410.01201, section 3.1 and appendix B.
    """

    def __init__(self, vocab_size: int, width: int = 128, num_layers: int = 2, conv: int = 0, dropout: float = 0.0):
        super().__init__()
        refuse_no_size(width=width, num_layers=num_layers)
        if conv < 0:
            raise ValueError(f"conv must be a number of taps, or 0 for no convolution; got {conv}")
        self.vocab_size = vocab_size
        self.embed = nn.Embedding(vocab_size, width)
        self.blocks = nn.ModuleList(_Block(width, conv, dropout) for _ in range(num_layers))
        self.norm = nn.LayerNorm(width)
        self.read = nn.Linear(width, vocab_size, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)`` of the target at each position of ``tokens`` ``(B, T)``."""
        return self.resume(tokens, self.start(len(tokens)))[0]

    def start(self, batch_size: int) -> tuple[Carried, ...]:
        """Zeros: hidden state and convolution inputs of each block before the first token."""
        return tuple(block.start(batch_size) for block in self.blocks)  # type: ignore[operator]

    def resume(self, tokens: Tensor, state: tuple[Carried, ...]) -> tuple[Tensor, tuple[Carried, ...]]:
        """Logits ``(B, T, V)`` of tokens ``(B, T)`` that follow those of the state, and the state after them."""
        hidden = self.embed(tokens)  # (B, T, width)
        after = []
        for block, carried in zip(self.blocks, state, strict=True):
            hidden, last = block(hidden, carried)
            after.append(last)
        logits: Tensor = self.read(self.norm(hidden))
        return logits, tuple(after)

    def step(self, tokens: Tensor, state: tuple[Carried, ...]) -> tuple[Tensor, tuple[Carried, ...]]:
        """Logits ``(B, V)`` after one more token ``(B,)``, and the new state; the old one stays as it is."""
        logits, state = self.resume(tokens[:, None], state)
        return logits[:, 0], state


class _Block(nn.Module):
    def __init__(self, width: int, conv: int, dropout: float):
        super().__init__()
        self.norm_mix, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, width, conv, groups=width) if conv else None
        self.mix = nn.Linear(width, 2 * width)  # gate and candidate
        self.join = nn.Linear(width, width, bias=False)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.drop = nn.Dropout(dropout)

    def start(self, batch_size: int) -> Carried:
        width, taps = self.join.in_features, 1 if self.conv is None else self.conv.kernel_size[0]
        zeros = self.join.weight.new_zeros
        return zeros(batch_size, width), zeros(batch_size, width, taps - 1)

    def forward(self, hidden: Tensor, carried: Carried) -> tuple[Tensor, Carried]:
        state, window = carried
        x = self.norm_mix(hidden)  # (B, T, width)
        if self.conv is not None:
            inputs = torch.cat([window, x.transpose(1, 2)], dim=2)  # (B, width, conv - 1 + T)
            x = self.conv(inputs).transpose(1, 2)
            window = inputs[:, :, inputs.shape[2] - window.shape[2] :]
        gate, candidate = self.mix(x).chunk(2, dim=-1)
        states = _states(gate, candidate, state)  # (B, T, width)
        hidden = hidden + self.drop(self.join(states))
        out: Tensor = hidden + self.drop(self.feed(self.norm_feed(hidden)))
        return out, (states[:, -1], window)


def _states(gate: Tensor, candidate: Tensor, start: Tensor) -> Tensor:
    """The recurrence of the class, ``(B, T, width)``, from the pre-activations of gate and candidate."""
    z = gate.sigmoid()
    return scan(gate.neg().sigmoid(), z * _positive(candidate), start)  # 1 - z would round to 0 above 17


def _positive(x: Tensor) -> Tensor:
    """The activation g of appendix B: continuous and above 0."""
    return torch.where(x >= 0, x + 0.5, x.sigmoid())


def scan(decay: Tensor, drive: Tensor, start: Tensor) -> Tensor:
    """All states of the linear recurrence ``h_t = decay_t h_{t-1} + drive_t``, ``(B, T, W)``.

    Args:
        decay: ``(B, T, W)``.
        drive: ``(B, T, W)``.
        start: ``(B, W)``, the state before the first position.
    """
    return _by_position(decay, drive, start) if decay.device.type == "cpu" else _by_doubling(decay, drive, start)


def _by_position(decay: Tensor, drive: Tensor, start: Tensor) -> Tensor:
    """T steps of little work each: on a CPU several times as fast as the doubling."""
    states, state = [], start
    for a, b in zip(decay.unbind(1), drive.unbind(1), strict=True):
        state = torch.addcmul(b, a, state)
        states.append(state)
    return torch.stack(states, dim=1)


def _by_doubling(decay: Tensor, drive: Tensor, start: Tensor) -> Tensor:
    """Log2 T steps over all positions: after each, position t has composed the last ``span`` maps h -> a h + b."""
    a, b = decay, torch.cat([drive[:, :1] + decay[:, :1] * start[:, None], drive[:, 1:]], dim=1)
    span = 1
    while span < a.shape[1]:
        b = torch.cat([b[:, :span], torch.addcmul(b[:, span:], a[:, span:], b[:, :-span])], dim=1)
        a = torch.cat([a[:, :span], a[:, span:] * a[:, :-span]], dim=1)
        span *= 2
    return b

"""A decoder-only Transformer."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Transformer(nn.Module):
    """Pre-norm decoder with rotary positions (any length) and fused causal attention.

    Args:
        vocab_size: V.
        width: model width.
        num_layers: blocks.
        num_heads: attention heads; divides width into parts of even size.
        dropout: rate on both residual branches.

    Raises:
        ValueError: width is not num_heads times an even number.

    Reference: A. Vaswani et al., Attention Is All You Need (2017), arXiv:1706.03762; rotary positions: J. Su et al.,
    RoFormer (2021), arXiv:2104.09864, eq. 34.
    """

    def __init__(self, vocab_size: int, width: int = 64, num_layers: int = 2, num_heads: int = 4, dropout: float = 0.0):
        super().__init__()
        if width % (2 * num_heads):
            raise ValueError(f"width must be num_heads times an even number; got width={width}, num_heads={num_heads}")
        self.embed = nn.Embedding(vocab_size, width)
        nn.init.normal_(self.embed.weight, std=0.02)
        self.blocks = nn.ModuleList(_Block(width, num_heads, dropout) for _ in range(num_layers))
        self.norm = nn.LayerNorm(width)
        self.read = nn.Linear(width, vocab_size, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)`` of the target at each position of ``tokens`` ``(B, T)``."""
        hidden = self.embed(tokens)  # (B, T, width)
        for block in self.blocks:
            hidden = block(hidden)
        logits: Tensor = self.read(self.norm(hidden))
        return logits


class _Block(nn.Module):
    def __init__(self, width: int, num_heads: int, dropout: float):
        super().__init__()
        self.num_heads = num_heads
        self.norm_attend, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.join = nn.Linear(width, width, bias=False)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.drop = nn.Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        num_sequences, length, width = hidden.shape
        qkv = self.qkv(self.norm_attend(hidden)).view(num_sequences, length, 3, self.num_heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, T, head width)
        attended = F.scaled_dot_product_attention(_rotate(query), _rotate(key), value, is_causal=True)
        joined = attended.transpose(1, 2).reshape(num_sequences, length, width)
        hidden = hidden + self.drop(self.join(joined))
        out: Tensor = hidden + self.drop(self.feed(self.norm_feed(hidden)))
        return out


def _rotate(x: Tensor) -> Tensor:
    """Rotary positions: turns each pair of features of position t by t times the pair's frequency. (B, heads, T, D)."""
    length, half = x.shape[-2], x.shape[-1] // 2
    frequency = 10000.0 ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angle = torch.arange(length, device=x.device, dtype=torch.float32)[:, None] * frequency  # (T, D / 2)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)

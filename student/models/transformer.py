"""A decoder-only Transformer."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from student.models.sizes import refuse_no_size

Cache = tuple[Tensor, Tensor]
"""Keys (rotated) and values of one block so far, ``(B, heads, t, head width)`` each."""


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
        refuse_no_size(width=width, num_layers=num_layers, num_heads=num_heads)
        self.vocab_size = vocab_size
        if width % (2 * num_heads):
            raise ValueError(f"width must be num_heads times an even number; got width={width}, num_heads={num_heads}")
        self.embed = nn.Embedding(vocab_size, width)
        nn.init.normal_(self.embed.weight, std=0.02)
        self.blocks = nn.ModuleList(_Block(width, num_heads, dropout) for _ in range(num_layers))
        self.norm = nn.LayerNorm(width)
        self.read = nn.Linear(width, vocab_size, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)`` of the target at each position of ``tokens`` ``(B, T)``."""
        return self._run(tokens, None)[0]

    def start(self, batch_size: int) -> tuple[Cache, ...]:
        """The empty key-value cache of each block; its length is the position of the next token."""
        return tuple(block.empty(batch_size) for block in self.blocks)  # type: ignore[operator]

    def resume(self, tokens: Tensor, state: tuple[Cache, ...]) -> tuple[Tensor, tuple[Cache, ...]]:
        """Logits ``(B, T, V)`` of tokens ``(B, T)`` that follow those of the state, and the state after them.

        The cache grows with every token and is copied at every call, so that the old one stays usable.
        """
        return self._run(tokens, state)

    def step(self, tokens: Tensor, state: tuple[Cache, ...]) -> tuple[Tensor, tuple[Cache, ...]]:
        """Logits ``(B, V)`` after one more token ``(B,)``, and the new state; the old one stays as it is."""
        logits, state = self.resume(tokens[:, None], state)
        return logits[:, 0], state

    def _run(self, tokens: Tensor, state: tuple[Cache, ...] | None) -> tuple[Tensor, tuple[Cache, ...]]:
        hidden = self.embed(tokens)  # (B, T, width)
        caches = []
        for i, block in enumerate(self.blocks):
            hidden, cache = block(hidden, None if state is None else state[i])
            caches.append(cache)
        logits: Tensor = self.read(self.norm(hidden))
        return logits, tuple(caches)


class _Block(nn.Module):
    def __init__(self, width: int, num_heads: int, dropout: float):
        super().__init__()
        self.num_heads = num_heads
        self.norm_attend, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.join = nn.Linear(width, width, bias=False)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.drop = nn.Dropout(dropout)

    def empty(self, batch_size: int) -> Cache:
        shape = (batch_size, self.num_heads, 0, self.join.in_features // self.num_heads)
        return self.join.weight.new_zeros(shape), self.join.weight.new_zeros(shape)

    def forward(self, hidden: Tensor, past: Cache | None) -> tuple[Tensor, Cache]:
        num_sequences, length, width = hidden.shape
        qkv = self.qkv(self.norm_attend(hidden)).view(num_sequences, length, 3, self.num_heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, T, head width)
        before = 0 if past is None else past[0].shape[2]
        query, key = _rotate(query, before), _rotate(key, before)
        if past is not None:
            key, value = torch.cat([past[0], key], dim=2), torch.cat([past[1], value], dim=2)
        if before and length > 1:  # is_causal would align the mask with the first key, not with the last
            seen = torch.ones(length, before + length, dtype=torch.bool, device=hidden.device).tril(before)
            attended = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        else:
            attended = F.scaled_dot_product_attention(query, key, value, is_causal=before == 0)
        joined = attended.transpose(1, 2).reshape(num_sequences, length, width)
        hidden = hidden + self.drop(self.join(joined))
        out: Tensor = hidden + self.drop(self.feed(self.norm_feed(hidden)))
        return out, (key, value)


def _rotate(x: Tensor, before: int = 0) -> Tensor:
    """Rotary positions: turns each pair of features of position t by t times the pair's frequency.

    ``x`` is ``(B, heads, T, D)``; its first position is number ``before``.
    """
    length, half = x.shape[-2], x.shape[-1] // 2
    dtype = torch.promote_types(x.dtype, torch.float32)  # half precision cannot count positions
    frequency = 10000.0 ** (-torch.arange(half, device=x.device, dtype=dtype) / half)
    position = torch.arange(before, before + length, device=x.device, dtype=dtype)
    angle = position[:, None] * frequency  # (T, D / 2)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)

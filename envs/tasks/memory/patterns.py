"""Patterns of symbol sequences: the random one that is taught, and structured ones for tests out of distribution."""

from __future__ import annotations

import numpy as np

from envs.batch import Ints

PATTERNS = ("random",)
"""Taught: every symbol independent and uniform."""
UNSEEN = ("runs", "motif")
"""Never taught. ``runs``: each symbol is repeated three times; ``motif``: one random block of three recurs."""
_BLOCK = 3


def drawn_pattern(rng: np.random.Generator, pattern: str, shape: tuple[int, int], num_symbols: int) -> Ints:
    """Symbols in ``[0, num_symbols)``: int64 ``(B, n)``.

    Raises:
        ValueError: no such pattern.
    """
    batch_size, length = shape
    place = np.arange(length)
    if pattern == "random":
        return rng.integers(0, num_symbols, shape)
    if pattern == "runs":
        return rng.integers(0, num_symbols, (batch_size, -(-length // _BLOCK)))[:, place // _BLOCK]
    if pattern == "motif":
        return rng.integers(0, num_symbols, (batch_size, _BLOCK))[:, place % _BLOCK]
    raise ValueError(f"pattern must be one of {', '.join(PATTERNS + UNSEEN)}; got {pattern!r}")

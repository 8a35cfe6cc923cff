"""Decimal digits: numbers drawn digit by digit, and carries."""

from __future__ import annotations

import numpy as np

from envs.batch import Ints


def drawn_number(rng: np.random.Generator, batch_size: int, digits: int) -> Ints:
    """Digits ``(B, n)``, most significant first, uniform over the numbers of that length (of length 1: 0 to 9)."""
    number = rng.integers(0, 10, (batch_size, digits))
    if digits > 1:
        number[:, 0] = rng.integers(1, 10, batch_size)
    return number


def carried(sums: Ints) -> Ints:
    """The decimal digits ``(B, W)`` of sums per place ``(B, W)``, both least significant first; W must hold them."""
    digits = np.empty_like(sums)
    carry = np.zeros(len(sums), dtype=np.int64)
    for place in range(sums.shape[1]):
        total = sums[:, place] + carry
        carry = total // 10
        digits[:, place] = total - 10 * carry
    return digits

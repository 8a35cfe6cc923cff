"""Random numbers as a pure function of (seed, counter): nothing to save, and K rows at once without a loop over them.

Reference: the SplitMix64 generator; G. Steele, D. Lea and C. Flood, Fast Splittable Pseudorandom Number Generators
(2014), doi:10.1145/2714064.2660195.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def finalise(words: Words) -> Words:
    """SplitMix64's finaliser: a bijection of 64-bit words in which each bit depends on all."""
    with np.errstate(over="ignore"):
        z = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def keys(seed: int, num_envs: int) -> Words:
    """Row k's key, from ``seed + k`` alone: ``(K,)``.

    Raises:
        ValueError: a negative seed.
    """
    if seed < 0:
        raise ValueError(f"seed must not be negative; got {seed}")
    return np.arange(num_envs, dtype=np.uint64) + np.uint64(seed)


def uniforms(key: Words, counter: int, num: int, stream: int = 0) -> Floats:
    """Uniform numbers in (0, 1), ``(K, num)``: independent between keys, counters and streams.

    Args:
        key: ``(K,)``, as ``keys`` gives them.
        counter: the decision.
        num: numbers per row.
        stream: keeps several draws within a decision apart.
    """
    with np.errstate(over="ignore"):
        place = np.uint64(counter) * np.uint64(0xD1342543DE82EF95) + np.uint64(stream) * np.uint64(0xA0761D6478BD642F)
        state = finalise(key * _GOLDEN + finalise(np.array(place + _GOLDEN)))  # (K,)
        words = finalise(state[:, None] + np.arange(1, num + 1, dtype=np.uint64) * _GOLDEN)  # (K, num)
    numbers: Floats = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54
    return numbers

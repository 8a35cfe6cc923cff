"""Real numbers and real text as tokens: scaling and binning of series, bytes of questions and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.batch import IGNORE, Batch, Floats, Ints
from envs.tasks.real.text import BYTES
from envs.tasks.sequence import PAD

SEPARATOR, END = 256, 257
"""Tokens between question and answer, and after the answer: the two after the bytes."""

ANSWER_SYMBOLS = (*BYTES, "SEP", "END")
"""``(258,)``, how the tokens of questions and answers are written for a human."""

_MOST = 65_536  # bins: more are finer than any student tells apart, and its first and last layer grow with them


def mean_scale(context: Floats) -> Floats:
    """Mean absolute value of each context: ``(B, C)`` to ``(B, 1)``; 1 where the context is zero throughout.

    ``s = (1 / C) sum_i |x_i|``, the mean scaling of A. Ansari et al., Chronos (2024), arXiv:2403.07815, section 3.1.
    """
    scale: Floats = np.abs(context).mean(axis=1, keepdims=True)
    return np.where(scale > 0, scale, 1.0)


@dataclass(frozen=True)
class Bins:
    """Uniform bins over scaled values; a token is the number of a bin.

    The centres lie evenly between ``low`` and ``high``, both included; a value goes to the bin whose centre is nearest
    (the upper one half way between two), and one out of range to the outermost. Worked example, five bins, -1 to 1::

        centres  -1.0  -0.5   0.0   0.5   1.0
        tokens      0     1     2     3     4
        -0.3 -> 1 -> -0.5       7.0 -> 4 -> 1.0

    Attributes:
        low: centre of the first bin.
        high: centre of the last.
        num_bins: how many there are.

    Reference: A. Ansari et al., Chronos (2024), arXiv:2403.07815, section 3.1 (there 4,094 bins from -15 to 15).

    Raises:
        ValueError: low not below high, fewer than 2 bins, or more than 65,536.
    """

    low: float = -15.0
    high: float = 15.0
    num_bins: int = 4094

    def __post_init__(self) -> None:
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(f"the limits of the bins must be finite, low below high; got {self.low} and {self.high}")
        if not 2 <= self.num_bins <= _MOST:
            raise ValueError(f"num_bins must be from 2 to {_MOST:,}; got {self.num_bins:,}")

    @property
    def width(self) -> float:
        """Distance between two centres."""
        return (self.high - self.low) / (self.num_bins - 1)

    @property
    def symbols(self) -> tuple[str, ...]:
        """``(num_bins,)``, the centres in writing, always with a sign: 3 as a value is not the digit 3."""
        return tuple(f"{centre:+.9g}" for centre in self.values(np.arange(self.num_bins)))

    def tokens(self, scaled: ArrayLike) -> Ints:
        """The bin of each scaled value, any shape."""
        nearest = np.floor((np.asarray(scaled) - self.low) / self.width + 0.5)
        return np.clip(nearest, 0, self.num_bins - 1).astype(np.int64)

    def values(self, tokens: ArrayLike) -> Floats:
        """The centre of each token's bin, any shape, in units of the scale."""
        return self.low + self.width * np.asarray(tokens, dtype=np.float64)


class Rows(NamedTuple):
    """Byte sequences encoded once and drawn from by index.

    Attributes:
        tokens: int16 ``(N, W)``, padded on the right.
        lengths: int64 ``(N,)``, tokens of each row.
        asked: int64 ``(N,)``, tokens up to the first one that is scored.
    """

    tokens: NDArray[np.int16]
    lengths: Ints
    asked: Ints

    def batch(self, rows: Ints) -> Batch:
        """The next-token sequences of some rows, ``(B, longest - 1)``; padding is not scored."""
        lengths = self.lengths[rows]
        width = int(lengths.max())
        text = self.tokens[rows, :width].astype(np.int64)
        place = np.arange(1, width)
        scored = (place >= self.asked[rows][:, None]) & (place < lengths[:, None])
        return Batch(text[:, :-1].copy(), np.where(scored, text[:, 1:], IGNORE))


def encoded_texts(texts: Sequence[bytes]) -> Rows:
    """Texts of at least two bytes as they are; every byte but the first is scored."""
    return _rows([np.frombuffer(text, dtype=np.uint8).astype(np.int16) for text in texts], [1] * len(texts))


def encoded_answers(pairs: Sequence[tuple[bytes, bytes]]) -> Rows:
    """Question, separator, answer, end; the answer and the end are scored.

    Worked example, 2+2 and 4::

    tokens    2    +    2   SEP   4
    targets   .    .    .    4   END        ('.' is IGNORE)
    """
    texts = [np.array([*question, SEPARATOR, *answer, END], dtype=np.int16) for question, answer in pairs]
    return _rows(texts, [len(question) + 1 for question, _ in pairs])


def _rows(texts: list[NDArray[np.int16]], asked: list[int]) -> Rows:
    lengths = np.array([len(text) for text in texts])
    tokens = np.full((len(texts), int(lengths.max())), PAD, dtype=np.int16)
    for row, text in zip(tokens, texts, strict=True):
        row[: len(text)] = text
    return Rows(tokens, lengths, np.array(asked))

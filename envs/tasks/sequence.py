"""How questions and answers become token sequences with aligned targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from envs.batch import IGNORE, Batch, Ints

PAD = 0
"""Token of padding on the right. Nothing is scored there, so it needs no symbol of its own."""


def answered(question: Ints, answer: Ints) -> Batch:
    """Question ``(B, Q)`` and answer ``(B, R)`` as one next-token sequence ``(B, Q + R - 1)``; the answer is scored.

    The last token of the question predicts the first of the answer.
    """
    text = np.concatenate([question, answer], axis=1)
    targets = text[:, 1:].copy()
    targets[:, : question.shape[1] - 1] = IGNORE
    return Batch(text[:, :-1].copy(), targets)


class Ragged(NamedTuple):
    """Rows of different lengths.

    Attributes:
        tokens: int64 ``(B, W)``; what lies beyond a row's length means nothing.
        lengths: int64 ``(B,)``.
    """

    tokens: Ints
    lengths: Ints


def whole(tokens: Ints) -> Ragged:
    """Rows of one length, ``(B, W)``."""
    return Ragged(tokens, np.full(len(tokens), tokens.shape[1]))


def joined(parts: Sequence[Ragged]) -> Ragged:
    """Rows laid end to end, part after part, without gaps; padded on the right with ``PAD``."""
    total = np.sum([part.lengths for part in parts], axis=0)
    tokens = np.full((len(total), int(total.max(initial=0))), PAD, dtype=np.int64)
    used = np.concatenate([_inside(part) for part in parts], axis=1)
    tokens[np.arange(tokens.shape[1]) < total[:, None]] = np.concatenate([p.tokens for p in parts], axis=1)[used]
    return Ragged(tokens, total)


def spliced(outer: Ints, place: Ints, inner: Ints) -> Ints:
    """``outer (..., W)``, its token at ``place (...)`` replaced by all of ``inner (..., V)``: ``(..., W + V - 1)``."""
    width, more = outer.shape[-1], inner.shape[-1] - 1
    at = np.arange(width + more)
    shift = at - np.arange(width)[:, None]
    # Where each token comes from in outer and inner laid end to end, a row for every place.
    table = np.where(shift < 0, at, np.where(shift <= more, width + shift, at - more))
    source = table[place]
    source += np.arange(0, place.size * (width + more + 1), width + more + 1).reshape(*place.shape, 1)
    return np.concatenate([outer, inner], axis=-1).ravel().take(source)


def answered_ragged(question: Ragged, answer: Ragged) -> Batch:
    """As ``answered``, for rows of different lengths: padded on the right, where nothing is scored."""
    text = joined([question, answer])
    place = np.arange(text.tokens.shape[1])
    scored = (place >= question.lengths[:, None]) & (place < text.lengths[:, None])
    targets = np.where(scored, text.tokens, IGNORE)
    return Batch(text.tokens[:, :-1].copy(), targets[:, 1:].copy())


def _inside(part: Ragged) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = np.arange(part.tokens.shape[1]) < part.lengths[:, None]
    return inside

"""Sequences as a human reads them: in columns, each token in the task's own symbols."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_WIDTH = 96  # characters of a line


def columns(lines: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Labelled rows of texts, one below the other, in columns; of long ones the end.

    Args:
        lines: labels, and as many texts in each.
    """
    texts = [list(row) for _, row in lines]
    wide = [max(map(len, column)) for column in zip(*texts, strict=True)]
    gap = " " if max(wide) > 1 else ""
    lengths = np.cumsum(np.array(wide[::-1]) + len(gap))
    shown = max(1, int((lengths <= _WIDTH).sum()))
    cut = "" if shown == len(wide) else "... "
    return [
        label + cut + gap.join(t.ljust(w) for t, w in zip(row[-shown:], wide[-shown:], strict=True)).rstrip()
        for (label, _), row in zip(lines, texts, strict=True)
    ]

"""The network of a learned teacher in numpy: shared over arms, so it serves any number of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from teacher.loop import Floats

Weights = dict[str, NDArray[np.float32]]

SHAPES = {
    "encode.weight": ("width", "features"),
    "encode.bias": ("width",),
    "mix.weight": ("width", "width"),
    "mix.bias": ("width",),
    "context.weight": ("width", "2 width"),
    "score.weight": ("1", "width"),
    "score.bias": ("1",),
}
"""Names and shapes of the weights, as ``torch.nn.Linear`` has them: ``(out, in)``."""


def scores(weights: Weights, observed: NDArray[np.float32], exists: NDArray[np.bool_] | None = None) -> Floats:
    r"""The logits of arms ``(K, A)`` from their features ``(K, A, F)``.

    ::

        h_a = relu(W_e x_a + b_e)
        c   = [mean over arms of h, max over arms of h]
        s_a = w_s relu(W_m h_a + W_c c + b_m) + b_s

    Permuting arms permutes the scores (Deep Sets; Zaheer et al. (2017), arXiv:1703.06114, equation 4).

    Args:
        weights: see ``SHAPES``.
        observed: the features.
        exists: ``(K, A)``, False where an arm is padding: it counts in no mean, and its score is -inf; None: none is.
    """
    hidden = np.maximum(observed @ weights["encode.weight"].T + weights["encode.bias"], 0.0)  # (K, A, W)
    if exists is None:
        mean = hidden.mean(axis=1)
    else:
        hidden *= exists[..., None]  # never below zero, so padding is no maximum either
        mean = hidden.sum(axis=1) / np.maximum(exists.sum(axis=1, keepdims=True), 1)
    context = np.concatenate([mean, hidden.max(axis=1)], axis=1)  # (K, 2 W)
    told = context @ weights["context.weight"].T + weights["mix.bias"]
    mixed = np.maximum(hidden @ weights["mix.weight"].T + told[:, None], 0.0)
    logits: Floats = (mixed @ weights["score.weight"][0] + weights["score.bias"]).astype(np.float64)
    return logits if exists is None else np.where(exists, logits, -np.inf)

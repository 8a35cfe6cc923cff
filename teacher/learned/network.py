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


def scores(weights: Weights, observed: NDArray[np.float32]) -> Floats:
    r"""The logits of arms ``(K, A)`` from their features ``(K, A, F)``, all arms being real ones.

    ::

        h_a = relu(W_e x_a + b_e)
        c   = [mean over arms of h, max over arms of h]
        s_a = w_s relu(W_m h_a + W_c c + b_m) + b_s

    Permuting arms permutes the scores (Deep Sets; Zaheer et al. (2017), arXiv:1703.06114, equation 4).
    """
    hidden = np.maximum(observed @ weights["encode.weight"].T + weights["encode.bias"], 0.0)  # (K, A, W)
    context = np.concatenate([hidden.mean(axis=1), hidden.max(axis=1)], axis=1)  # (K, 2 W)
    told = context @ weights["context.weight"].T + weights["mix.bias"]
    mixed = np.maximum(hidden @ weights["mix.weight"].T + told[:, None], 0.0)
    logits: Floats = (mixed @ weights["score.weight"][0] + weights["score.bias"]).astype(np.float64)
    return logits

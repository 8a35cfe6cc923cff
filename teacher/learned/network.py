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

MEMORY_SHAPES = {
    "memory.weight_ih_l0": ("4 memory", "2 width"),
    "memory.weight_hh_l0": ("4 memory", "memory"),
    "memory.bias_ih_l0": ("4 memory",),
    "memory.bias_hh_l0": ("4 memory",),
    "recall.weight": ("width", "memory"),
}
"""Those of a network with a memory beside them, as ``torch.nn.LSTM`` has them: input, forget, cell, output gate."""


def num_units(weights: Weights) -> int:
    """Units of its memory, M; 0: it has none."""
    recall = weights.get("recall.weight")
    return 0 if recall is None or recall.ndim != 2 else recall.shape[1]


def no_memory(weights: Weights, num_envs: int) -> Floats:
    """What K lifetimes begin with, ``(K, 2, M)``: output and cell of an LSTM."""
    return np.zeros((num_envs, 2, num_units(weights)))


def scores(
    weights: Weights,
    observed: NDArray[np.float32],
    exists: NDArray[np.bool_] | None = None,
    memory: Floats | None = None,
) -> Floats:
    r"""The logits of arms ``(K, A)`` from their features ``(K, A, F)``.

    ::

        h_a = relu(W_e x_a + b_e)
        c   = [mean over arms of h, max over arms of h]
        m   = LSTM(c, m before)                                      (where it has a memory)
        s_a = w_s relu(W_m h_a + W_c c + W_r m + b_m) + b_s

    Permuting arms permutes the scores (Deep Sets; Zaheer et al. (2017), arXiv:1703.06114, equation 4).

    Args:
        weights: see ``SHAPES``.
        observed: the features.
        exists: ``(K, A)``, False where an arm is padding: it counts in no mean, and its score is -inf; None: none is.
        memory: ``(K, 2, M)`` with this observation taken in, see ``remembered``; None: as in a first decision.
    """
    hidden, context = _encoded(weights, observed, exists)
    told = context @ weights["context.weight"].T + weights["mix.bias"]
    if num_units(weights):
        if memory is None:
            memory = _after(weights, context, no_memory(weights, len(observed)))
        told = told + memory[:, 0].astype(np.float32) @ weights["recall.weight"].T
    mixed = np.maximum(hidden @ weights["mix.weight"].T + told[:, None], 0.0)
    logits: Floats = (mixed @ weights["score.weight"][0] + weights["score.bias"]).astype(np.float64)
    return logits if exists is None else np.where(exists, logits, -np.inf)


def remembered(
    weights: Weights, observed: NDArray[np.float32], exists: NDArray[np.bool_] | None, memory: Floats
) -> Floats:
    """The memory ``(K, 2, M)`` after it has taken in an observation; nothing where the network has none."""
    return _after(weights, _encoded(weights, observed, exists)[1], memory) if num_units(weights) else memory


def _encoded(
    weights: Weights, observed: NDArray[np.float32], exists: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Codes of arms ``(K, A, W)`` and their context ``(K, 2 W)``."""
    hidden = np.maximum(observed @ weights["encode.weight"].T + weights["encode.bias"], 0.0)
    if exists is None:
        mean = hidden.mean(axis=1)
    else:
        hidden *= exists[..., None]  # never below zero, so padding is no maximum either
        mean = hidden.sum(axis=1) / np.maximum(exists.sum(axis=1, keepdims=True), 1)
    return hidden, np.concatenate([mean, hidden.max(axis=1)], axis=1)


def _after(weights: Weights, context: NDArray[np.float32], memory: Floats) -> Floats:
    """One step of an LSTM (Hochreiter and Schmidhuber (1997), with a forget gate, as ``torch.nn.LSTM``)."""
    gates = context @ weights["memory.weight_ih_l0"].T + weights["memory.bias_ih_l0"] + weights["memory.bias_hh_l0"]
    gates = gates + memory[:, 0].astype(np.float32) @ weights["memory.weight_hh_l0"].T
    take, keep, new, show = np.split(gates.astype(np.float64), 4, axis=1)
    cell = _logistic(keep) * memory[:, 1] + _logistic(take) * np.tanh(new)
    return np.stack([_logistic(show) * np.tanh(cell), cell], axis=1)


def _logistic(values: Floats) -> Floats:
    logistic: Floats = 0.5 * (1.0 + np.tanh(0.5 * values))
    return logistic

"""Signals from inside a student: gradients, complexity, representations, attention.

Same form as those of ``envs.progress.prediction``. A student that cannot give what a signal needs is refused with one
clear line.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np

from envs.batch import IGNORE, Floats, Ints
from envs.progress.decision import Decision


def gradient_prediction_gain(decision: Decision) -> Generator[None, None, Floats]:
    """GPG = ||grad L||^2 (eq. 7), mean over the decision's updates, credited to the trained arm. Cost: none.

    The gradient is that of the weighted loss: an arm of loss weight w has w squared of it.
    """
    yield
    return np.where(decision.drawn, decision.mean_squared_norm[:, None], 0.0)


def variational_complexity_gain(decision: Decision) -> Generator[None, None, Floats]:
    """VCG = KL(posterior || prior) after minus before (Graves et al. 2017, section 3.2), credited to the trained arm.

    In nats. Cost: none. Needs a student with ``complexity() -> (K,)``: uncertain weights, ``student.Variational``.
    """
    complexity: Callable[[], Floats] = _ability(decision, "complexity", "VCG")
    before = complexity()
    yield
    return np.where(decision.drawn, (complexity() - before)[:, None], 0.0)


def gradient_variational_complexity_gain(decision: Decision) -> Generator[None, None, Floats]:
    """GVCG: the change of KL(posterior || prior) that a gradient step on the loss makes, to first order.

    ``-<grad KL, grad L>``, mean over the decision's updates (Graves et al. 2017, section 3.2; the sign is chosen so
    that positive means rising complexity, as for VCG). Credited to the trained arm. Cost: none.
    """
    yield
    return np.where(decision.drawn, decision.measure("complexity_slope", "GVCG")[:, None], 0.0)


def separability_gain(decision: Decision) -> Generator[None, None, Floats]:
    """Change of the separability of the arm's representations, after minus before, on one fixed PROBE batch.

    Separability is the share of the variance of the student's last hidden layer at scored positions that lies between
    the classes (target tokens): tr S_B / (tr S_B + tr S_W), in [0, 1]; the ratio of Fisher's discriminant, and the
    within-class collapse of V. Papyan, X. Han and D. Donoho, Prevalence of Neural Collapse (2020), arXiv:2008.08186,
    eq. for NC1, without inverting S_B. Cost: two forwards. Needs a student with ``representations(batch)``.
    """
    _ability(decision, "representations", "separability")
    before = _separability(decision)
    yield
    return _separability(decision) - before


def _separability(decision: Decision) -> Floats:
    out = np.zeros(decision.drawn.shape)
    represent: Callable[..., Floats] = decision.student.representations  # type: ignore[attr-defined]
    for batch, live in decision.probes(decision.drawn):
        assert batch.arms is not None
        features = represent(batch)  # (K, B, T, D)
        for k in np.flatnonzero(live):
            scored = batch.targets[k] != IGNORE
            out[k, batch.arms[k, 0]] = separability(features[k][scored], batch.targets[k][scored])
    return out


def separability(features: Floats, classes: Ints) -> float:
    """Share of the variance of features ``(N, D)`` that lies between classes ``(N,)``; 0 where there is no variance."""
    centred = features - features.mean(axis=0)
    _, number, count = np.unique(classes, return_inverse=True, return_counts=True)
    sums = np.zeros((len(count), features.shape[1]))
    np.add.at(sums, number, centred)
    between = float((sums**2 / count[:, None]).sum())
    total = float((centred**2).sum())
    return between / total if total > 0 else 0.0


def attention_change(decision: Decision) -> Generator[None, None, Floats]:
    """How far a decision moved the student's attention on the arm: Jensen-Shannon divergence, after against before.

    Mean over layers, heads and positions, divided by log 2: in [0, 1]; the stability of attention is 1 minus it. Of
    one fixed PROBE batch. Cost: two forwards. Needs a student with ``attention(batch)``: a model that attends by
    ``scaled_dot_product_attention``. Reference for the measure: S. Jain and B. Wallace, Attention is not Explanation
    (2019), arXiv:1902.10186, section 3.
    """
    attention: Callable[..., Floats] = _ability(decision, "attention", "attention")
    before = [attention(batch) for batch, _ in decision.probes(decision.drawn)]
    yield
    out = np.zeros(decision.drawn.shape)
    for old, (batch, live) in zip(before, decision.probes(decision.drawn), strict=True):
        assert batch.arms is not None
        apart = divergence(old, attention(batch))  # (K, layers, B, heads, T)
        for k in map(int, np.flatnonzero(live)):  # over each learner's own positions, the rest is padding
            out[k, batch.arms[k, 0]] = apart[k, ..., : batch.learner(k).tokens.shape[-1]].mean()
    return out


def divergence(p: Floats, q: Floats) -> Floats:
    """Jensen-Shannon divergence over the last axis, in units of log 2: 0 where equal, 1 where disjoint."""
    middle = np.maximum((p + q) / 2, np.finfo(np.float64).tiny)  # of two that are less, the quotient overflows
    halves = [x * np.log2(np.where(x > 0, x / middle, 1.0)) for x in (p, q)]
    both: Floats = (halves[0].sum(axis=-1) + halves[1].sum(axis=-1)) / 2
    return both


def _ability(decision: Decision, name: str, signal: str) -> Callable[..., Floats]:
    found: Callable[..., Floats] | None = getattr(decision.student, name, None)
    if found is None:
        raise ValueError(
            f"signal {signal} needs a student with a method {name}(); {type(decision.student).__name__} has none: "
            "choose another signal, or another student"
        )
    return found

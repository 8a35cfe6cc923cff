"""What a mixture becomes: arms drawn, batches sampled, and how even the steps from one update to the next are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from envs.batch import Batch, Floats, Ints
from envs.curriculum.settings import CurriculumSettings
from envs.suite import Split, Suite

_DRAW_STREAM = 101  # apart from the data streams (splits 0-2) and 102, 103 elsewhere


class Sampler:
    """The training batches of K lifetimes, all pure functions of (seed, decision, batches given so far).

    Args:
        suite: the arms.
        settings: how arms are drawn, and how large a batch is.
        num_envs: K.

    Attributes:
        next_index: int64 ``(K, A)``, the number of the batch that each arm gives next.
    """

    def __init__(self, suite: Suite, settings: CurriculumSettings, num_envs: int):
        self._suite, self._settings = suite, settings
        self.next_index: Ints = np.zeros((num_envs, suite.num_arms), dtype=np.int64)

    def draw(self, mixture: Floats, seeds: Sequence[int], number: int, num_updates: int) -> Ints:
        """Arms of a decision by inverse distribution function: ``(K, num_updates, 1)``, ``(..., B)`` per sequence.

        With ``weighting="loss"`` arms are drawn uniformly, whatever the mixture.
        """
        if self._settings.weighting == "loss":
            mixture = np.full_like(mixture, 1.0 / mixture.shape[1])
        per_update = self._settings.batch_size if self._settings.redraw == "sequence" else 1
        fresh = 1 if self._settings.redraw == "decision" else num_updates
        draws = np.empty((len(mixture), fresh, per_update), dtype=np.int64)
        edges = mixture.cumsum(axis=1)
        last = mixture.shape[1] - 1 - (mixture[:, ::-1] > 0).argmax(axis=1)  # rounding must never draw a zero weight
        for k, seed in enumerate(seeds):
            uniform = np.random.default_rng([seed, _DRAW_STREAM, number]).random((fresh, per_update))
            draws[k] = np.minimum(np.searchsorted(edges[k], uniform, side="right"), last[k])
        return np.broadcast_to(draws, (len(mixture), num_updates, per_update))

    def batch(self, row: int, arms: Ints, seed: int, mixture: Floats) -> Batch:
        """The next TRAIN batch ``(B, T)`` of a row.

        Args:
            row: k.
            arms: ``(1,)``, the arm of the whole batch, or ``(B,)``, of each sequence.
            seed: of the row's data streams.
            mixture: ``(A,)`` of the row; with ``weighting="loss"`` A times it scales each sequence's loss.
        """
        index = self.next_index[row]
        if arms.size == 1:
            arm = int(arms[0])
            batch = self._suite.batch(arm, int(index[arm]), seed, Split.TRAIN, self._num_sequences(arm))
            index[arm] += 1
            return batch
        batch = self._suite.mixed_batch(arms, index, seed, Split.TRAIN)
        index[np.unique(arms)] += 1
        if self._settings.weighting == "draw":
            return batch
        scale = len(mixture) * mixture[arms]
        weights = scale if batch.weights is None else scale * batch.weights
        return Batch(batch.tokens, batch.targets, batch.arms, weights, times=batch.times)

    def _num_sequences(self, arm: int) -> int:
        """B, or what the token budget allows at the arm's length, at least one."""
        tokens = self._settings.tokens_per_update
        return self._settings.batch_size if tokens is None else max(1, tokens // self._suite.length(arm))


def draw_share(draws: Ints, num_arms: int) -> Floats:
    """The share of a decision's draws ``(K, updates, ..)`` that fell on each arm ``(K, A)``: its mean is the mixture.

    Of draws, not of sequences: under a token budget an update of longer sequences holds fewer of them.
    """
    flat = draws.reshape(len(draws), -1)
    number = np.arange(len(flat))[:, None] * num_arms + flat
    counts = np.bincount(number.reshape(-1), minlength=len(flat) * num_arms).reshape(len(flat), num_arms)
    share: Floats = counts / flat.shape[1]
    return share


class Evenness:
    """The largest ratio between two consecutive updates of K lifetimes, of tokens and of step length.

    Reference for what it watches: abrupt shifts of length, batch and step size destabilise (C. Li, M. Zhang and Y. He,
    The Stability-Efficiency Dilemma (2022), arXiv:2108.06084).
    """

    def __init__(self, num_envs: int):
        self.last: Floats = np.zeros((2, num_envs))  # tokens and length of each lifetime's last update; 0: none yet

    def take(self, tokens: Floats, norms: Floats) -> tuple[Floats, Floats]:
        """The largest ratio, up or down, over a decision's updates: of tokens and of step length, ``(K,)`` each.

        Args:
            tokens: ``(updates, K)``.
            norms: ``(updates, K)``; zero where the student does not report ``update_norm``.

        Returns:
            At least 1 each; 0 where it is not known.
        """
        largest = []
        for kind, values in enumerate((tokens, norms)):
            walk = np.concatenate([self.last[kind][None], values])  # (updates + 1, K)
            known = (walk[1:] > 0) & (walk[:-1] > 0)
            up = np.where(known, walk[1:] / np.where(known, walk[:-1], 1.0), 0.0)
            down = np.where(known, walk[:-1] / np.where(known, walk[1:], 1.0), 0.0)
            largest.append(np.maximum(up, down).max(axis=0))
            self.last[kind] = values[-1]
        return largest[0], largest[1]

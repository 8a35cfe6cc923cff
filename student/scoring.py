"""What a batch's logits are worth: losses where a target is, scores per sequence."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from envs.batch import IGNORE, Floats, Ints


class Counted:
    """The N positions of a batch that bear a target: only these are scored.

    Args:
        logits: ``(B, T, V)``.
        targets: int64 ``(B, T)``, ``IGNORE`` where none.

    Attributes:
        losses: ``(N,)``, cross-entropy in nats.
        sequence: ``(N,)``, the number of each position's sequence.
    """

    def __init__(self, logits: Tensor, targets: Ints):
        self._num_sequences, length = targets.shape
        flat = targets.ravel()
        place = np.flatnonzero(flat != IGNORE)  # (N,)
        self.sequence = place // length
        self._targets = flat[place]
        self._logits = logits.flatten(0, 1)  # (B T, V)
        if len(place) < len(flat):
            self._logits = self._logits[torch.from_numpy(place).to(logits.device)]  # (N, V)
        answers = torch.from_numpy(self._targets).to(logits.device)
        self.losses = F.cross_entropy(self._logits, answers, reduction="none")

    def sums(self) -> Floats:
        """Counted positions, hits and summed loss of each sequence: ``(3, B)``.

        On the CPU numpy's argmax is used: over a vocabulary of 256 it is nine times as fast as torch's.
        """
        logits = self._logits.detach()
        best = logits.numpy().argmax(axis=-1) if logits.device.type == "cpu" else logits.argmax(dim=-1).cpu().numpy()
        hits = np.bincount(self.sequence, best == self._targets, self._num_sequences)
        loss = np.bincount(self.sequence, self.losses.detach().cpu().numpy(), self._num_sequences)
        return np.stack([np.bincount(self.sequence, minlength=self._num_sequences), hits, loss])


def scored(sums: Floats) -> list[Floats]:
    """Loss, token accuracy and sequence accuracy of each sequence, ``(B,)`` each, from ``(3, B)`` sums."""
    length, hits, loss = sums
    return [loss / length, hits / length, (hits == length).astype(np.float64)]


def weighted(losses: Tensor, sequence: Ints, weights: Floats | None) -> Tensor:
    """Losses ``(N,)``, each times the weight of its sequence."""
    return losses if weights is None else losses * torch.from_numpy(weights[sequence]).to(losses)

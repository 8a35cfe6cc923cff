"""Reward health: is what the teacher learns from a signal, and is its mixture still free to move?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from teacher.loop import Row

Floats = NDArray[np.float64]

WINDOW = 100
"""Decisions that an alarm looks back on."""
HEALTH = (
    *("raw_reward", "scaled_reward", "clip_rate", "entropy", "effective_arms", "smallest_probability"),
    *("never_visited", "alarm"),
)
"""Names of the numbers of a decision."""

_CLIPPED, _FLAT, _COLLAPSED = 1, 2, 4  # bits of ``alarm``
_MESSAGES = {
    _CLIPPED: (
        "reward saturated: {clip:.0%} of the scaled gains of the last {window} decisions were clipped to -1 or 1, so "
        "they tell arms apart no more (quantiles clip about 40 % by design): scale them wider, say with +rescaled and "
        "--NAME.no-scale"
    ),
    _FLAT: (
        "no reward signal: every scaled gain of the last {window} decisions was the same, so the teacher learns "
        "nothing: progress has stalled, or the signal does not show it (another --signal, a larger --batch-size)"
    ),
    _COLLAPSED: (
        "mixture collapsed: of {num_arms} arms {arms:.2f} were in play over the last {window} decisions or so, and one "
        "had a chance of {rarest:.1g}: what is not tried is not found (+floor keeps every arm in play)"
    ),
}


class RewardHealth:
    """Watches K lifetimes of a teacher, decision by decision.

    Alarms, each over ``WINDOW`` decisions: the scaled gains are nearly all clipped (9 of 10); they are all the same; or
    the mixtures of a teacher that reads gains have collapsed, taken together (fewer than 1.01 effective arms, and an
    arm with less than a thousandth of its even share).

    Args:
        num_envs: K.
        num_arms: A.
        learns: whether the teacher reads gains; a schedule may hold one arm, and is not warned of it.
    """

    def __init__(self, num_envs: int, num_arms: int, learns: bool):
        self._num_arms, self._learns = num_arms, learns
        self._visited = np.zeros((num_envs, num_arms), dtype=bool)
        self._recent = np.zeros((3, num_envs, WINDOW))  # clip rate, lowest and highest scaled gain
        self._played = np.full((num_envs, num_arms), 1.0 / num_arms)  # mixtures, averaged over about a window
        self._number = 0

    def take(self, row: Row) -> dict[str, Floats]:
        """The numbers of a decision, ``(K,)`` each.

        ``raw_reward`` and ``scaled_reward`` are means over the decision's sequences (equal where nothing is scaled);
        ``clip_rate`` the share of this decision's scaled gains at -1 or 1; ``entropy`` of the mixture in nats;
        ``effective_arms`` its exponential; ``smallest_probability``; ``never_visited``, the share of arms without a
        sequence so far; ``alarm``, the sum of 1 (clipped), 2 (no signal) and 4 (collapsed).
        """
        count = row.feedback.count
        seen = count > 0
        self._visited |= seen
        total = np.maximum(count.sum(axis=1), 1)
        scaled = row.diagnostics.get("scaled_gain", row.feedback.gain)
        p = row.mixture
        self._played += 3.0 / WINDOW * (p - self._played)  # after a window 5 % is older
        entropy = _entropy(p)
        numbers = {
            "raw_reward": np.where(seen, row.feedback.gain * count, 0.0).sum(axis=1) / total,
            "scaled_reward": np.where(seen, scaled * count, 0.0).sum(axis=1) / total,
            "clip_rate": row.diagnostics.get("clip_rate", np.zeros(len(p))),
            "entropy": entropy,
            "effective_arms": np.exp(entropy),
            "smallest_probability": p.min(axis=1),
            "never_visited": 1.0 - self._visited.mean(axis=1),
        }
        lowest = np.where(seen, scaled, np.inf).min(axis=1)
        highest = np.where(seen, scaled, -np.inf).max(axis=1)
        self._recent[:, :, self._number % WINDOW] = numbers["clip_rate"], lowest, highest
        self._number += 1
        return {**numbers, "alarm": self._alarm()}

    def _alarm(self) -> Floats:
        clip, lowest, highest = self._recent
        arms, rarest = np.exp(_entropy(self._played)), self._played.min(axis=1)
        if self._number < WINDOW or not self._learns:
            return np.zeros(len(clip))
        clipped = _CLIPPED * (clip.mean(axis=1) > 0.9)
        flat = _FLAT * (highest.max(axis=1) - lowest.min(axis=1) <= 0.0)
        collapsed = _COLLAPSED * ((arms < 1.01) & (rarest < 1e-3 / self._num_arms) & (self._num_arms > 1))
        alarm: Floats = (clipped + flat + collapsed).astype(np.float64)
        return alarm

    def explain(self, alarm: float, row: int = 0) -> list[str]:
        """A line for each alarm that is on in a row."""
        played = self._played[row : row + 1]
        facts = {"clip": self._recent[0, row].mean(), "arms": np.exp(_entropy(played))[0], "rarest": played.min()}
        facts |= {"window": WINDOW, "num_arms": self._num_arms}
        return [text.format(**facts) for bit, text in _MESSAGES.items() if int(alarm) & bit]

    def state_dict(self) -> dict[str, Any]:
        """What the next decisions' numbers depend on; a copy."""
        arrays = {"visited": self._visited.copy(), "recent": self._recent.copy(), "played": self._played.copy()}
        return {**arrays, "number": self._number}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where ``state_dict`` was taken."""
        self._visited, self._recent, self._played = (state[name].copy() for name in ("visited", "recent", "played"))
        self._number = state["number"]


def _entropy(p: Floats) -> Floats:
    """In nats, of each row: ``(K,)``."""
    entropy: Floats = -np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0).sum(axis=1)
    return entropy

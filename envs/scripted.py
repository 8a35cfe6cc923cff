"""A student in closed form, without torch, whose best curriculum is known: for tests and for ``gym.make``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from envs.batch import Batch, Floats, Ints, Scores
from envs.suite import Suite


class ScriptedStudent:
    """K learners of a chain of skills, one per arm, in order of the arms' levels.

    Skill s_a grows linearly with the (weighted) share of an update's sequences on the arm, but only once every arm of
    the level below is complete (s = 1)::

        s_a <- min(1, s_a + rate * share_a)

    Accuracy of arm a is s_a, its loss is (1 - s_a) log V. So the best curriculum is known: each update wholly on one
    arm, level by level (``best_updates``); uniform sampling over A arms takes about A times as long on a chain.

    Args:
        suite: the arms; only their number, levels and V are used.
        num_learners: K.
        rate: growth of a skill per update spent on it.
        spread: each skill starts uniform in [0, spread], from the learner's seed.

    Raises:
        ValueError: rate outside (0, 1] or spread outside [0, 1).
    """

    def __init__(self, suite: Suite, num_learners: int = 1, rate: float = 0.02, spread: float = 0.1):
        if not 0 < rate <= 1 or not 0 <= spread < 1:
            raise ValueError(f"rate must be in (0, 1] and spread in [0, 1); got rate={rate}, spread={spread}")
        self.num_learners, self.rate, self.spread = num_learners, rate, spread
        self._levels, self._log_vocab = suite.arms.levels, float(np.log(suite.vocab_size))
        self.skills = np.zeros((num_learners, suite.num_arms))  # (K, A)

    def reset(self, seeds: Sequence[int]) -> None:
        """Starts K new lifetimes."""
        num_arms = self.skills.shape[1]
        self.skills = np.stack([np.random.default_rng(seed).uniform(0, self.spread, num_arms) for seed in seeds])

    def best_updates(self) -> Ints:
        """Updates that the best curriculum still needs until every skill is complete: ``(K,)``."""
        each: Ints = np.ceil((1.0 - self.skills) / self.rate - 1e-9).astype(np.int64)
        total: Ints = each.sum(axis=1)
        return total

    def train(self, batch: Batch) -> Scores:
        """One update; the gradient norm is the distance that the skills moved."""
        before = self.evaluate(batch)
        arms = self._known(batch)
        share = np.zeros_like(self.skills)
        weights = np.ones(arms.shape) if batch.weights is None else batch.weights
        np.add.at(share, (np.arange(self.num_learners)[:, None], arms), weights / arms.shape[1])
        complete = np.where(self.skills >= 1.0, np.inf, self._levels)  # level of what is still to learn
        reachable = self._levels <= complete.min(axis=1, keepdims=True)
        grown = np.where(reachable, np.minimum(1.0, self.skills + self.rate * share), self.skills)
        norm = np.linalg.norm(grown - self.skills, axis=1)
        self.skills = grown
        return Scores(before.loss, before.token_accuracy, before.sequence_accuracy, norm)

    def evaluate(self, batch: Batch) -> Scores:
        """The skills of the sequences' arms; an arm beyond the taught range is as hard as the hardest is."""
        skill: Floats = np.take_along_axis(self.skills, self._known(batch), axis=1)  # (K, B)
        return Scores((1.0 - skill) * self._log_vocab, skill.copy(), skill.copy())

    def _known(self, batch: Batch) -> Ints:
        if batch.arms is None:
            raise ValueError("a scripted student needs to know each sequence's arm; got a batch without arms")
        return np.minimum(batch.arms, self.skills.shape[1] - 1)

    def state_dict(self) -> dict[str, Any]:
        """The skills."""
        return {"skills": self.skills.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the skills."""
        self.skills = state["skills"].copy()

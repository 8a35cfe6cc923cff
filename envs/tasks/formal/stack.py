"""Carrying out pushes and pops on a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.batch import Batch
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.sequence import Ragged, answered_ragged, whole


@dataclass(frozen=True)
class StackManipulation(ExactTask):
    """The final stack, from top to bottom, after a list of actions on an initial one.

    The initial stack is given from bottom to top, then the actions: push a symbol (``+a``) or pop (``-``). A pop of an
    empty stack does nothing. Symbols are uniform; an action is a pop with probability ``pop_share``. Worked example,
    stack 4, actions 3 (``=`` ends the question, ``$`` the answer)::

        tokens   a  b  b  a  +b  -  -  =  b  b  a
        targets  .  .  .  .  .   .  .  b  b  a  $        ('.' is IGNORE)

    Attributes:
        stacks: the taught numbers of symbols on the initial stack, easiest first.
        actions: the taught numbers of actions.
        num_symbols: how many symbols there are.
        pop_share: how often an action is a pop; a third is the authors' uniform choice of three actions.
        name: the task's name.

    Reference: G. Deletang et al., Neural Networks and the Chomsky Hierarchy (2022), arXiv:2207.02098, the task "stack
    manipulation".

    Raises:
        ValueError: stacks or actions not increasing from 1 on; num_symbols outside [2, 26]; pop_share outside [0, 1).
    """

    stacks: Sequence[int] = (1, 2, 4, 8)
    actions: Sequence[int] = (1, 2, 4, 8)
    num_symbols: int = 2
    pop_share: float = 1 / 3
    name: str = "stack_manipulation"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("stacks", self.stacks, 1)
        increasing("actions", self.actions, 1)
        if not 2 <= self.num_symbols <= 26:
            raise ValueError(f"num_symbols must be in [2, 26]; got {self.num_symbols}")
        if not 0 <= self.pop_share < 1:
            raise ValueError(f"pop_share must be in [0, 1): something must be pushed; got {self.pop_share}")

    @property
    def symbols(self) -> tuple[str, ...]:
        """Letters, their pushes, pop, end of question, end of answer."""
        letters = "abcdefghijklmnopqrstuvwxyz"[: self.num_symbols]
        return (*letters, *(f"+{letter}" for letter in letters), "-", "=", "$")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Size of the initial stack x number of actions."""
        return (Axis("stack", tuple(self.stacks)), Axis("actions", tuple(self.actions)))

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` stacks: tokens and targets ``(B, T)``, T at most 2 (stack + actions) + 1."""
        size, num_actions, k = int(difficulty["stack"]), int(difficulty["actions"]), self.num_symbols
        rows = np.arange(batch_size)
        letters = rng.integers(0, k, (batch_size, size + num_actions))
        pops = rng.random((batch_size, num_actions)) < self.pop_share
        stack = letters.copy()
        height = np.full(batch_size, size)
        for action in range(num_actions):
            stack[rows, height] = letters[:, size + action]  # above the top: counts only if pushed
            height = np.maximum(height + np.where(pops[:, action], -1, 1), 0)
        down = height[:, None] - 1 - np.arange(size + num_actions + 1)  # (B, size + actions + 1), from the top on
        answer = np.where(down >= 0, stack[rows[:, None], np.maximum(down, 0)], 2 * k + 2)
        acts = np.where(pops, 2 * k, k + letters[:, size:])
        question = np.concatenate([letters[:, :size], acts, np.full((batch_size, 1), 2 * k + 1)], axis=1)
        return answered_ragged(whole(question), Ragged(answer, height + 1))

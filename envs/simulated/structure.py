"""Prerequisites among arms, and what the teacher is told of them, for n lifetimes at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from envs.batch import Bools, Floats, Ints
from envs.simulated.population import DESCRIPTIONS, STRUCTURES, Population


@dataclass(frozen=True, eq=False)
class Structure:
    """Of n lifetimes with at most A arms. A prerequisite's number is always lower than that of what builds on it.

    Attributes:
        kind: int ``(n,)``, index into ``STRUCTURES``.
        described: int ``(n,)``, index into ``DESCRIPTIONS``.
        exists: bool ``(n, A)``.
        parents: int ``(n, A, 2)``, prerequisites; -1: none.
        depth: int ``(n, A)``, length of the longest way to an arm without prerequisites.
        task: int ``(n, A)``, the task that the teacher is told the arm is of.
        position: int ``(n, A, 2)``, its place on that task's axes as told; -1: the task lacks the axis.
        easier: int ``(n, A, 2)``, the arms one step easier as told; -1: none.
        coordinates: ``(n, A, 2)``, see ``coordinates``.
        level: int ``(n, A)``, see ``levels``.
    """

    kind: Ints
    described: Ints
    exists: Bools
    parents: Ints
    depth: Ints
    task: Ints
    position: Ints
    easier: Ints
    coordinates: Floats
    level: Ints


def draw_structure(rng: np.random.Generator, n: int, population: Population) -> Structure:
    """Draws n of them."""
    least, most = population.num_arms
    num_arms = rng.integers(least, most + 1, n)
    arm = np.arange(most)
    exists = arm < num_arms[:, None]
    kind = _choose(rng, n, population.structures)
    width = rng.integers(2, 5, (n, 1))  # chains of blocks, columns of a grid
    parents = np.full((n, most, 2), -1)
    task, position = np.zeros((n, most), dtype=np.int64), np.full((n, most, 2), -1)
    position[..., 0] = arm  # told unless it is a grid or blocks: one chain in an order that no prerequisite breaks
    earlier = (rng.random((n, most, 2)) * arm[:, None]).astype(np.int64)  # a random earlier arm, twice
    for name, of in ((name, kind == i) for i, name in enumerate(STRUCTURES)):
        if name == "chain":
            parents[of, :, 0] = arm - 1
        elif name == "blocks":
            parents[of, :, 0] = np.maximum(arm - width[of], -1)
            task[of], position[of, :, 0] = arm % width[of], arm // width[of]
        elif name == "grid":
            row, column = arm // width[of], arm % width[of]
            parents[of] = np.stack([np.where(row > 0, arm - width[of], -1), np.where(column > 0, arm - 1, -1)], axis=-1)
            position[of] = np.stack([row, column], axis=-1)
        elif name in ("tree", "graph"):
            parents[of, 1:, 0] = earlier[of, 1:, 0]
            if name == "graph":
                second = np.where(rng.random((of.sum(), most)) < 0.7, earlier[of, :, 1], -1)
                parents[of, 1:, 1] = np.where(second == parents[of, :, 0], -1, second)[:, 1:]
    parents[~exists] = -1
    depth = np.zeros((n, most), dtype=np.int64)
    rows = np.arange(n)[:, None]
    for a in range(1, most):
        above = np.where(parents[:, a] >= 0, depth[rows, np.maximum(parents[:, a], 0)] + 1, 0)
        depth[:, a] = above.max(axis=1)
    described = _choose(rng, n, population.descriptions)
    easier = np.where(np.isin(kind, [STRUCTURES.index("blocks"), STRUCTURES.index("grid")])[:, None, None], parents, -1)
    as_chain = ~np.isin(kind, [STRUCTURES.index("blocks"), STRUCTURES.index("grid")])
    easier[as_chain, :, 0] = arm - 1
    wrong, none = (described == DESCRIPTIONS.index(name) for name in ("wrong", "none"))
    shuffled = np.argsort(np.where(exists, rng.random((n, most)), 2.0 + arm), axis=1)  # padding stays last
    place = np.argsort(shuffled, axis=1)
    before = np.where(place > 0, np.take_along_axis(shuffled, np.maximum(place - 1, 0), axis=1), -1)
    task[wrong], position[wrong, :, 0], position[wrong, :, 1] = 0, place[wrong], -1
    easier[wrong, :, 0], easier[wrong, :, 1] = before[wrong], -1
    task[none], position[none], easier[none] = arm, -1, -1
    easier[~exists], position[~exists], task[~exists] = -1, -1, 0
    told = coordinates(exists, task, position)
    return Structure(kind, described, exists, parents, depth, task, position, easier, told, levels(exists, told))


def _choose(rng: np.random.Generator, n: int, shares: tuple[float, ...]) -> Ints:
    chosen: Ints = rng.choice(len(shares), n, p=np.array(shares) / sum(shares))
    return chosen


def coordinates(exists: Bools, task: Ints, position: Ints) -> Floats:
    """Positions as told over the last of their task's axis, as in ``Arms``; 0 where a task lacks it: ``(n, A, 2)``."""
    position = np.maximum(position, 0)
    scaled = np.zeros(position.shape)
    for number in range(int(task.max(initial=0)) + 1):
        own = (task == number)[..., None] & exists[..., None]
        last = np.where(own, position, 0).max(axis=1, keepdims=True)
        scaled = np.where(own, position / np.maximum(last, 1), scaled)
    return scaled


def levels(exists: Bools, told: Floats) -> Ints:
    """Rank of an arm's total difficulty by its coordinates, as in ``Arms``; 0 where nothing is told: ``(n, A)``."""
    total = told.sum(axis=-1).round(9)
    total[~exists] = np.nan
    ordered = np.sort(total, axis=1)  # nan last
    new = np.ones(ordered.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    rank = np.cumsum(new, axis=1) - 1
    place = np.argsort(np.argsort(total, axis=1, kind="stable"), axis=1, kind="stable")
    found: Ints = np.where(exists, np.take_along_axis(rank, place, axis=1), 0)
    return found

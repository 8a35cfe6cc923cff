"""Teachers on simulated students, as deployed: a mixture per decision, the same lifetimes for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import teacher
from envs.features import ARM_FEATURES
from envs.simulated import Lifetimes, Population, SimulatedStudents, draw_lifetimes
from envs.simulated.population import DESCRIPTIONS
from teacher import Teacher
from teacher.learned.network import Weights, no_memory, remembered, scores
from teacher.mixtures import softmax

_HELD_OUT = 106  # stream of lifetimes that no training sees

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Of n lifetimes.

    Attributes:
        cost: ``(n,)``, decisions to mastery over the budget; 1 where it was not reached (the restricted cost).
        described: ``(n,)``, what the teacher was told of the order, an index into ``DESCRIPTIONS``.
    """

    cost: Floats
    described: NDArray[np.int64]

    def summary(self) -> dict[str, float]:
        """Restricted mean cost, solve rate, and the cost by what was told."""
        told = {f"cost_{name}": self.cost[self.described == i] for i, name in enumerate(DESCRIPTIONS)}
        means = {name: float(values.mean()) for name, values in told.items() if len(values)}
        return {"cost": float(self.cost.mean()), "solved": float((self.cost < 1.0).mean()), **means}


def held_out(seed: int, n: int, population: Population) -> Lifetimes:
    """Lifetimes apart from all that training draws."""
    return draw_lifetimes(np.random.default_rng([seed, _HELD_OUT]), n, population)


def teach(make: Callable[[], Teacher], lifetimes: Lifetimes, seed: int = 0) -> Outcome:
    """A teacher in one lifetime after another, told of each row's own arms."""
    n = len(lifetimes.decisions)
    cost = np.empty(n)
    for i in range(n):
        one = lifetimes.take([i]).trimmed(int(lifetimes.structure.exists[i].sum()))
        env = SimulatedStudents(1, lifetimes=one, autoreset=False)
        for _ in teacher.run(make(), env, seed=seed + i):
            pass
        cost[i] = min(env.mastered_at[0] / one.decisions[0], 1.0)
    return Outcome(cost, lifetimes.structure.described)


def teach_with_network(weights: Weights, reads: tuple[str, ...], lifetimes: Lifetimes, seed: int = 0) -> Outcome:
    """A network's probabilities as the mixture, in all lifetimes at once: what ``PPOTeacher`` does, faster."""
    env = SimulatedStudents(len(lifetimes.decisions), lifetimes=lifetimes, autoreset=False)
    columns = [ARM_FEATURES.index(name) for name in reads]
    exists = lifetimes.structure.exists
    obs, _ = env.reset(seed=seed)
    memory = no_memory(weights, len(obs))
    while not env.finished:
        read = obs[..., columns]
        memory = remembered(weights, read, exists, memory)
        obs = env.step(softmax(scores(weights, read, exists, memory)))[0]
    return Outcome(np.minimum(env.mastered_at / lifetimes.decisions, 1.0), lifetimes.structure.described)

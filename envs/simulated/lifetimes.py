"""The properties of n simulated lifetimes, drawn from a population."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.batch import Bools, Floats, Ints
from envs.features import Layout
from envs.simulated.population import Population, Range
from envs.simulated.structure import Structure, draw_structure


@dataclass(frozen=True, eq=False)
class Lifetimes:
    """Of n lifetimes with at most A arms; entries of padded arms mean nothing.

    Attributes:
        structure: prerequisites, and what the teacher is told of them.
        targets: bool ``(n, A)``.
        thresholds: ``(n, A)``.
        decisions: int ``(n,)``, H.
        time: ``(n, A)``, decisions to mastery when taught alone with all prerequisites mastered.
        transfer: ``(n, A, A)``, what a unit of training on arm b gives to arm a; 1 on the diagonal.
        harm: ``(n, A, A)``, what it takes from arm a.
        curve: ``(n, A)``, exponent of the learning curve.
        steepness: ``(n, A)``, so that mastery is reached at progress 1.
        ceiling, guessing: ``(n, A)``, token accuracy at infinite and at no progress.
        length: ``(n, A)``, tokens that must be right.
        label_noise: ``(n, A)``, share of wrong training labels.
        start: ``(n, A)``, progress at birth.
        gate_floor, gate_power, forgetting, warm_up, rate_noise, samples, loss_power, loss_start: ``(n, 1)``.
        common_loss, common_time: ``(n, 1)``, share of the loss that falls whatever is trained, and the share of the
            budget in which it falls to 1/e.
        capacity: ``(n, 1)``, sum of progress that can be held, inf where all.
        drift_at, drift: ``(n, 1)`` share of the budget and ``(n, A)`` factor on progress then.
        spikes: ``(n, 1)``, probability of a set-back in a decision.
        restlessness: ``(n, 1)``, deviation of the share of progress that is out of reach for the moment.
        final_speed: ``(n, 1)``, factor on the speed at the end of the budget.
        swift, rehearsal: ``(n, 1)``, rate at which an arm without training is forgotten at once (0: not so), and the
            share of training at which that is slowed to 1/e.
        returns: ``(n, 1)``, exponent of the speed over the share of training.
    """

    structure: Structure
    targets: Bools
    thresholds: Floats
    decisions: Ints
    time: Floats
    transfer: Floats
    harm: Floats
    curve: Floats
    steepness: Floats
    ceiling: Floats
    guessing: Floats
    length: Floats
    label_noise: Floats
    start: Floats
    gate_floor: Floats
    gate_power: Floats
    forgetting: Floats
    warm_up: Floats
    rate_noise: Floats
    samples: Floats
    loss_power: Floats
    loss_start: Floats
    common_loss: Floats
    common_time: Floats
    capacity: Floats
    drift_at: Floats
    drift: Floats
    spikes: Floats
    restlessness: Floats
    final_speed: Floats
    swift: Floats
    rehearsal: Floats
    returns: Floats

    def layout(self) -> Layout:
        """What a teacher is told, as features want it."""
        told = self.structure
        difficulty = told.level / np.maximum(told.level.max(axis=1, keepdims=True), 1)
        return Layout(told.exists, self.targets, self.thresholds, told.coordinates, difficulty, told.easier)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of them by name, those of the structure too; not copies."""
        parts = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "structure"}
        return {**parts, **{f"structure.{f.name}": getattr(self.structure, f.name) for f in fields(self.structure)}}

    def put(self, rows: Any, other: Lifetimes, which: Any) -> None:
        """Overwrites some rows by rows of another."""
        theirs = other.arrays()
        for name, mine in self.arrays().items():
            mine[rows] = theirs[name][which]

    def take(self, which: Any) -> Lifetimes:
        """A copy of some rows."""
        parts = {f.name: getattr(self, f.name)[which].copy() for f in fields(self) if f.name != "structure"}
        inner = {f.name: getattr(self.structure, f.name)[which].copy() for f in fields(self.structure)}
        return Lifetimes(Structure(**inner), **parts)

    def trimmed(self, num_arms: int) -> Lifetimes:
        """Only the first arms of every lifetime, so that none is padding."""

        def cut(value: Any) -> Any:
            if value.ndim == 3 and value.shape[1] == value.shape[2] == self.targets.shape[1]:
                return value[:, :num_arms, :num_arms].copy()
            return value[:, :num_arms].copy() if value.ndim > 1 else value.copy()

        parts = {f.name: cut(getattr(self, f.name)) for f in fields(self) if f.name != "structure"}
        return Lifetimes(
            Structure(**{f.name: cut(getattr(self.structure, f.name)) for f in fields(Structure)}), **parts
        )


def draw_lifetimes(rng: np.random.Generator, n: int, population: Population) -> Lifetimes:
    """Draws n lifetimes."""
    p, most = population, population.num_arms[1]
    shape, each = (n, most), (n, 1)

    def uniform(bounds: Range, size: tuple[int, ...] = each) -> Floats:
        return rng.uniform(*bounds, size)

    def log_uniform(bounds: Range, size: tuple[int, ...] = each) -> Floats:
        values: Floats = np.exp(rng.uniform(np.log(bounds[0]), np.log(bounds[1]), size))
        return values

    def happens(share: float, size: tuple[int, ...] = each) -> Bools:
        return rng.random(size) < share

    structure = draw_structure(rng, n, population)
    exists, depth = structure.exists, structure.depth
    decisions = np.round(log_uniform(p.decisions)[:, 0]).astype(np.int64)
    targets = _draw_targets(rng, structure, happens(p.auxiliary))
    needed = _with_ancestors(structure, targets)
    time = uniform(p.growth) ** depth * np.exp(uniform(p.spread) * rng.standard_normal(shape))
    time *= log_uniform(p.effort) * decisions[:, None] / np.where(needed, time, 0.0).sum(axis=1, keepdims=True)
    longer = 1.0 + uniform(p.lengthening) * happens(0.5) * depth  # harder arms often have longer answers
    length = np.where(happens(0.25), 1.0, np.minimum(log_uniform(p.answer_length) * longer, 64.0))
    thresholds = np.broadcast_to(uniform(p.thresholds), shape).copy()
    guessing = np.broadcast_to(uniform(p.guessing), shape).copy()
    to_master = (thresholds ** (1.0 / length) - guessing) / (1.0 - guessing)  # of the way from guessing to all right
    hopeless = happens(p.unlearnable) & happens(0.3, shape) & (~targets | happens(0.2))
    ceiling = np.where(hopeless, guessing + (1.0 - guessing) * to_master * uniform((0.2, 0.97), shape), 1.0)
    known = happens(p.prior_knowledge) & happens(0.5, shape)
    start = np.where(known, uniform((0.3, 1.5), shape), uniform((0.0, 0.05), shape))
    made = Lifetimes(
        structure,
        targets,
        thresholds,
        decisions,
        time,
        _draw_transfer(rng, structure, uniform(p.upward), uniform(p.downward), uniform(p.sideways) * happens(0.5)),
        _draw_harm(structure, happens(0.25)[..., None] & happens(0.2, (n, most, most)), uniform(p.interference)),
        np.exp(rng.uniform(np.log(p.shape[0]), np.log(p.shape[1]), each) + 0.1 * rng.standard_normal(shape)),
        -np.log1p(-to_master),
        ceiling,
        guessing,
        length,
        happens(p.label_noise) * happens(0.4, shape) * uniform((0.02, 0.3), shape),
        start,
        log_uniform(p.gate_floor),
        uniform(p.gate_power),
        happens(0.6) * log_uniform(p.forgetting) / decisions[:, None],
        uniform(p.warm_up),
        uniform(p.rate_noise),
        log_uniform(p.samples),
        uniform(p.loss_power),
        uniform((0.6, 1.1)),
        happens(0.6) * uniform(p.common_loss),
        log_uniform(p.common_time),
        np.where(happens(p.capacity), uniform((0.5, 1.0)) * exists.sum(axis=1, keepdims=True), np.inf),
        np.where(happens(p.drift), uniform((0.2, 0.7)), np.inf),
        np.where(happens(0.5, shape), uniform((0.1, 0.9), shape), 1.0),
        happens(p.spikes) * uniform((0.0, 10.0)) / decisions[:, None],
        happens(0.6) * log_uniform(p.restlessness),
        np.where(happens(p.decay), 0.1, 1.0),
        happens(p.swift) * log_uniform(p.swift_forgetting) / decisions[:, None],
        log_uniform(p.rehearsal),
        uniform(p.returns),
    )
    # What n arms gain by being taught together, n^(1 - returns) at most, is taken back by half, in logarithms.
    slower = needed.sum(axis=1, keepdims=True) ** (0.5 * (1.0 - made.returns))
    return replace(made, time=np.maximum(time * slower, 0.5))


def _draw_targets(rng: np.random.Generator, structure: Structure, some: Bools) -> Bools:
    """All arms; where ``some``, those on which nothing builds, or a random half; never none."""
    exists, n = structure.exists, len(structure.exists)
    builds_on = np.zeros(exists.shape, dtype=bool)
    for parent in np.moveaxis(structure.parents, -1, 0):
        row, arm = np.nonzero(parent >= 0)
        builds_on[row, parent[row, arm]] = True
    half = rng.random(exists.shape) < 0.5
    half[np.arange(n), exists.sum(axis=1) - 1] = True
    few = np.where(rng.random((n, 1)) < 0.5, ~builds_on, half)
    return exists & (few | ~some)


def _with_ancestors(structure: Structure, targets: Bools) -> Bools:
    needed = targets.copy()
    rows = np.arange(len(targets))
    for arm in range(targets.shape[1] - 1, 0, -1):
        for parent in structure.parents[:, arm].T:
            has = (parent >= 0) & needed[:, arm]
            needed[rows[has], parent[has]] = True
    return needed


def _draw_transfer(
    rng: np.random.Generator, structure: Structure, upward: Floats, downward: Floats, sideways: Floats
) -> Floats:
    n, most = structure.exists.shape
    transfer = np.broadcast_to(sideways[..., None], (n, most, most)) * rng.random((n, most, most))
    row, arm, which = np.nonzero(structure.parents >= 0)
    parent = structure.parents[row, arm, which]
    transfer[row, arm, parent] = (upward[row, 0]) * rng.random(len(row))
    # Whoever adds long numbers adds short ones: what an arm gives to a prerequisite, it gives on to all below.
    below = np.zeros((n, most, most))  # [lifetime, arm, what it gives to]
    for a in range(1, most):
        for step in structure.parents[:, a].T:
            has = np.nonzero(step >= 0)[0]
            given = downward[has, 0] * rng.uniform(0.6, 1.0, len(has))
            through = given[:, None] * below[has, step[has]]
            through[np.arange(len(has)), step[has]] = given
            below[has, a] = np.maximum(below[has, a], through)
    given_down = below.transpose(0, 2, 1)
    transfer = np.where(given_down > 0, given_down, transfer)
    transfer[:, np.arange(most), np.arange(most)] = 1.0
    return transfer * (structure.exists[:, :, None] & structure.exists[:, None, :])


def _draw_harm(structure: Structure, pairs: Bools, strength: Floats) -> Floats:
    harm: Floats = pairs * strength[..., None]
    harm[:, np.arange(harm.shape[1]), np.arange(harm.shape[1])] = 0.0
    return harm * (structure.exists[:, :, None] & structure.exists[:, None, :])

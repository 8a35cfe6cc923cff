"""What the tests of teachers share: arms of any description, feedback by hand, and a table of every teacher."""

import json
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import envs
import teacher
from teacher import Feedback
from teacher.learned.network import SHAPES
from teacher.loop import FEEDBACK


def network_weights(num_features, width=4, seed=0):
    """Of a learned teacher's network, drawn at random."""
    rng = np.random.default_rng(seed)
    sizes = {"width": width, "2 width": 2 * width, "features": num_features, "1": 1}
    return {n: rng.normal(size=[sizes[s] for s in shape]).astype(np.float32) for n, shape in SHAPES.items()}


@dataclass(frozen=True, eq=False)
class Arms(envs.Arms):
    """What a teacher may know of A arms, under any numbers."""

    def permuted(self, order):
        """The same arms under other numbers: the i-th is the ``order[i]``-th of these."""
        order = np.asarray(order)
        per_arm = [name for name in self.__dataclass_fields__ if name not in ("names", "axes")]
        moved = {name: getattr(self, name)[order] for name in per_arm}
        return replace(self, **moved, names=tuple(self.names[i] for i in order))


def chain(num_arms, **other):
    """A chain of arms of one task, each one level harder; ``other`` properties replace its own."""
    levels = np.arange(num_arms)
    given = {
        "levels": levels,
        "targets": np.ones(num_arms, dtype=bool),
        "coordinates": np.linspace(0, 1, num_arms)[:, None],
        "tasks": np.zeros(num_arms, dtype=np.int64),
        "positions": levels[:, None],
        "thresholds": np.full(num_arms, 0.95),
        "names": tuple(f"arm {a}" for a in range(num_arms)),
    }
    whole = {**given, **{name: np.asarray(v) if name != "names" else v for name, v in other.items()}}
    return Arms(**whole, axes=tuple(f"axis {d}" for d in range(whole["positions"].shape[1])))


def two_tasks():
    """Six arms: a 2 x 2 grid of one task (the middle level holds two arms), and a chain of two, its first auxiliary."""
    positions = np.array([[0, 0, -1], [0, 1, -1], [1, 0, -1], [1, 1, -1], [-1, -1, 0], [-1, -1, 1]])
    return chain(
        6,
        positions=positions,
        coordinates=np.maximum(positions, 0).astype(float),
        levels=[0, 1, 1, 2, 0, 1],
        tasks=[0, 0, 0, 0, 1, 1],
        targets=[True, True, True, True, False, True],
        thresholds=[0.9, 0.9, 0.9, 0.9, 0.8, 0.8],
    )


def started(taught, arms=3, num_envs=1, seed=0):
    """The teacher after a reset; ``arms`` may be their number (a chain)."""
    taught.reset(chain(arms) if isinstance(arms, int) else arms, num_envs, seed)
    return taught


def observation(num_envs, num_arms):
    return np.zeros((num_envs, num_arms, 32), dtype=np.float32)  # more columns than any arms here have features


def act(taught, num_envs, num_arms):
    return taught.act(observation(num_envs, num_arms))


def seen(count, gain=0.0, loss=0.0, competence=0.0):
    """Feedback ``(K, A)`` from counts and whatever matters; single numbers stand for all entries."""
    count = np.atleast_2d(np.asarray(count, dtype=np.int64))
    values = [np.broadcast_to(np.asarray(v, dtype=float), count.shape).copy() for v in (gain, loss, competence)]
    return Feedback(*values, count)


def one_arm(arm, num_arms, value, num_envs=1, count=128):
    """Feedback of one drawn arm: its gain, loss and competence are ``value``."""
    counts = np.zeros((num_envs, num_arms), dtype=np.int64)
    counts[:, arm] = count
    values = np.where(counts > 0, value, 0.0)
    return Feedback(values, values, values, counts)


def learn(taught, feedback, mixture=None):
    """One decision with this feedback; the mixture that it was taught by is returned."""
    obs = observation(*feedback.count.shape)
    given = taught.act(obs) if mixture is None else np.asarray(mixture, dtype=float)
    taught.update(obs, given, feedback)
    return given


def random_feedback(rng, mixture, draws=3, sequences=12, full=False, unit=False):
    """``draws`` arms of each row from its mixture (or all arms), with noisy gains, losses and competences."""
    num_envs, num_arms = mixture.shape
    count = np.stack(
        [sequences * np.bincount(rng.choice(num_arms, draws, p=p / p.sum()), minlength=num_arms) for p in mixture]
    )
    if full:
        count = np.full((num_envs, num_arms), 64)
    gain = rng.uniform(0, 1, mixture.shape) if unit else rng.normal(size=mixture.shape)
    return Feedback(gain, rng.uniform(0, 5, mixture.shape), rng.uniform(0, 1, mixture.shape), count)


def permuted(feedback, order):
    return Feedback(*(getattr(feedback, name)[:, order] for name in FEEDBACK))


def write_schedule(path, arms, mixtures, counts=None, **other):
    """A schedule file as ``paceline export`` writes it."""
    mixtures = np.asarray(mixtures).tolist()
    counts = mixtures if counts is None else np.asarray(counts).tolist()
    record = {"format": "paceline.schedule", "version": 1, "arms": list(arms), "mixtures": mixtures, "counts": counts}
    Path(path).write_text(json.dumps({**record, **other}))
    return str(path)


class ReplayedHere(teacher.Replayed):
    """Replays a schedule of twenty decisions that is written for whatever arms it is reset with."""

    def reset(self, arms, num_envs, seed):
        with tempfile.TemporaryDirectory() as folder:
            if arms.num_arms:  # by name, so that the mixture of an arm does not depend on its number
                rng = np.random.default_rng(0)
                by_name = {name: rng.exponential(size=20) for name in sorted(arms.names)}
                weights = np.column_stack([by_name[name] for name in arms.names])
                mixtures = weights / weights.sum(axis=1, keepdims=True)
                self.path = write_schedule(Path(folder) / "schedule.json", arms.names, mixtures)
            super().reset(arms, num_envs, seed)


class Even(teacher.StaticMixture):
    """An expert that recommends arms of one name above all others."""

    def __init__(self, favourite):
        super().__init__()
        self.favourite = favourite

    def _weights(self, arms):
        return np.array([1.0 + 20.0 * (name == self.favourite) for name in arms.names])


@dataclass(frozen=True)
class Case:
    """A teacher of the table.

    ``learns``: from gains, and so finds the best arm of a stationary bandit. ``floor``: no arm's chance is below
    floor / A. ``draws``: its mixtures are drawn at random, by the arms' numbers. ``unit``: gains must lie in [0, 1].
    """

    make: Callable[[], Any]
    learns: bool = False
    floor: float = 0.0
    draws: bool = False
    unit: bool = False


def _experts(**options):
    return teacher.Exp4([Even("arm 0"), Even("arm 2"), teacher.Mixed()], **options)


CASES = {
    # fixed, gated, paced and recorded schedules
    "uniform": Case(teacher.Uniform, floor=1.0),
    "stratified": Case(teacher.Stratified),
    "target only": Case(teacher.TargetOnly),
    "static": Case(teacher.StaticMixture, floor=1.0),
    "naive": Case(teacher.Naive),
    "mixed": Case(teacher.Mixed),
    "combined": Case(teacher.Combined),
    "look back and forward": Case(teacher.LookBackForward),
    "mastery gate": Case(teacher.MasteryGate),
    "pacing": Case(lambda: teacher.Pacing(decisions=30)),
    "length warm-up": Case(lambda: teacher.SequenceLengthWarmup(decisions=30)),
    "replayed": Case(ReplayedHere),
    "replayed shuffled": Case(lambda: ReplayedHere(shuffled=True), draws=True),
    # bandits
    "exp3 anytime": Case(teacher.Exp3, learns=True),
    "exp3": Case(lambda: teacher.Exp3(gamma=0.1), learns=True, floor=0.1),
    "exp3 full": Case(lambda: teacher.Exp3(feedback="full"), learns=True),
    "exp3 unscaled": Case(lambda: teacher.Exp3(gamma=0.1, scale=False), learns=True, floor=0.1, unit=True),
    "exp3s": Case(teacher.Exp3S, learns=True, floor=0.05),
    "exp3s beta": Case(lambda: teacher.Exp3S(eta=0.03, beta=0.1), learns=True, floor=0.05),
    "exp3s constant alpha": Case(lambda: teacher.Exp3S(alpha=0.001), learns=True, floor=0.05),
    "exp3s full": Case(lambda: teacher.Exp3S(feedback="full"), learns=True, floor=0.05),
    "exp3s unscaled": Case(lambda: teacher.Exp3S(scale=False), learns=True, floor=0.05),
    "exp3-ix": Case(teacher.Exp3IX, learns=True),
    "exp3-ix fixed": Case(lambda: teacher.Exp3IX(gamma=0.02), learns=True),
    "exp3-ix full": Case(lambda: teacher.Exp3IX(feedback="full"), learns=True),
    "tsallis": Case(teacher.TsallisInf, learns=True),
    "tsallis rv": Case(lambda: teacher.TsallisInf("rv"), learns=True),
    "tsallis full": Case(lambda: teacher.TsallisInf(feedback="full"), learns=True),
    "exp4": Case(_experts, learns=True, floor=0.1),
    "exp4 full": Case(lambda: _experts(feedback="full"), learns=True, floor=0.1),
    "ucb1": Case(lambda: teacher.UCB1(), learns=True),
    "discounted ucb": Case(lambda: teacher.DiscountedUCB(discount=0.995), learns=True),
    "sliding-window ucb": Case(lambda: teacher.SlidingWindowUCB(window=400), learns=True),
    "gaussian thompson": Case(lambda: teacher.GaussianThompson(draws=3), learns=True, draws=True),
    "gaussian thompson full": Case(lambda: teacher.GaussianThompson(draws=3, feedback="full"), learns=True, draws=True),
    "beta thompson": Case(lambda: teacher.BetaThompson(discount=0.995, draws=3), learns=True, draws=True),
    "epsilon-greedy": Case(teacher.EpsilonGreedy, learns=True, floor=0.1),
    "epsilon-greedy decaying": Case(lambda: teacher.EpsilonGreedy(step=None, decay=5.0), learns=True),
    "boltzmann": Case(teacher.Boltzmann, learns=True),
    "boltzmann full": Case(lambda: teacher.Boltzmann(step=None, feedback="full"), learns=True),
    # learning progress
    "tscl online": Case(teacher.TSCLOnline, learns=True, floor=0.1),
    "tscl online boltzmann": Case(lambda: teacher.TSCLOnline(policy="boltzmann", temperature=0.1), learns=True),
    "tscl online full": Case(lambda: teacher.TSCLOnline(feedback="full"), learns=True, floor=0.1),
    "tscl naive": Case(teacher.TSCLNaive, draws=True),
    "tscl window": Case(teacher.TSCLWindow, floor=0.1),
    "tscl window full": Case(lambda: teacher.TSCLWindow(feedback="full"), floor=0.1),
    "tscl window boltzmann": Case(lambda: teacher.TSCLWindow(policy="boltzmann", absolute=False)),
    "tscl sampling": Case(lambda: teacher.TSCLSampling(draws=3), learns=True, draws=True),
    "fast and slow": Case(teacher.FastSlow, floor=0.1),
    "alp-gmm": Case(lambda: teacher.ALPGMM(refit_every=20, window=40, max_components=2), floor=0.2, draws=True),
    "alp-gmm full": Case(
        lambda: teacher.ALPGMM(refit_every=40, window=40, max_components=2, feedback="full"), floor=0.2, draws=True
    ),
    # rules
    "learnability": Case(teacher.Learnability, floor=0.1),
    "sec": Case(teacher.SEC),
    "dump": Case(teacher.DUMP),
    "target deficit": Case(teacher.TargetDeficit, floor=0.1),
    "adarft": Case(teacher.AdaRFT),
    "loss-proportional": Case(teacher.LossProportional, floor=0.1),
    "odm": Case(teacher.ODM),
    "odm code": Case(lambda: teacher.ODM("code")),
    "odm full": Case(lambda: teacher.ODM(feedback="full")),
    "skill-it": Case(teacher.SkillIt),
    "skill-it every third": Case(lambda: teacher.SkillIt(eta=0.1, every=3, strength=0.0)),
    "replay by gain": Case(teacher.PrioritizedReplay, learns=True),
    "replay by loss": Case(lambda: teacher.PrioritizedReplay("loss")),
    "replay full": Case(lambda: teacher.PrioritizedReplay(feedback="full"), learns=True),
    # learned across lifetimes
    "general": Case(teacher.PPOTeacher),
    "general with a floor": Case(lambda: teacher.PPOTeacher(floor=0.2), floor=0.2),
    # wrappers
    "floor": Case(lambda: teacher.CoverageFloor(teacher.UCB1()), learns=True, floor=0.1),
    "review": Case(lambda: teacher.Review(teacher.Exp3S(eta=0.03), share=0.1), learns=True),
    "rehearsal": Case(lambda: teacher.Rehearsal(teacher.Exp3S(eta=0.03)), learns=True, floor=0.05),
    "cool-down": Case(lambda: teacher.Cooldown(teacher.Exp3S(eta=0.03)), learns=True, floor=0.05),
    "override": Case(lambda: teacher.Override(teacher.Exp3(gamma=0.1)), learns=True, floor=0.1),
    "rescaled": Case(lambda: teacher.Rescaled(teacher.Exp3S(scale=False)), learns=True, floor=0.05),
    "rescaled standardised": Case(
        lambda: teacher.Rescaled(teacher.Boltzmann(scale=False), by="standardise"), learns=True
    ),
    "rescaled affine": Case(
        lambda: teacher.Rescaled(teacher.Exp3(scale=False), by="affine", offset=0.5, to_unit_interval=True), learns=True
    ),
    "wrappers around wrappers": Case(
        lambda: teacher.CoverageFloor(teacher.Cooldown(teacher.Review(teacher.TSCLOnline(epsilon=0.05), share=0.1))),
        learns=True,
        floor=0.1,
    ),
}
"""Every teacher and wrapper, in each feedback that it can assume."""


def exponential(scores):
    """exp(s) / sum, from the definition."""
    top = max(scores)
    weights = [math.exp(s - top) for s in scores]
    return [w / sum(weights) for w in weights]


def follows(taught, oracles, arms=4, decisions=40, full=False, unit=True, draws=3, seed=0, rtol=1e-9):
    """Asserts that a teacher's mixtures equal those of plain oracles, one per row, over random feedback.

    An oracle has ``mixture() -> list`` and ``learn(mixture, count, gain, loss, competence)``, all lists over the arms;
    an entry of an arm that was not observed is None. Decisions draw several arms, and rows see other feedback each.
    """
    rng = np.random.default_rng(seed)
    arms = chain(arms) if isinstance(arms, int) else arms
    started(taught, arms, len(oracles))
    for step in range(decisions):
        expected = np.array([oracle.mixture() for oracle in oracles])
        given = act(taught, len(oracles), arms.num_arms)
        np.testing.assert_allclose(given, expected, rtol=rtol, atol=1e-12, err_msg=f"decision {step}")
        feedback = random_feedback(rng, given, draws, full=full, unit=unit)
        learn(taught, feedback, given)
        for k, oracle in enumerate(oracles):
            lists = [
                [v if c > 0 else None for v, c in zip(getattr(feedback, name)[k].tolist(), counts, strict=True)]
                for counts in [feedback.count[k].tolist()]
                for name in ("gain", "loss", "competence")
            ]
            oracle.learn(given[k].tolist(), feedback.count[k].tolist(), *lists)

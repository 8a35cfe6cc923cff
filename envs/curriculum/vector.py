"""The curriculum as a gymnasium vector environment: K students, one lifetime each, in lockstep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from envs.batch import Floats, stack
from envs.curriculum.sampling import Evenness, Sampler, draw_share
from envs.curriculum.settings import CurriculumOptions, CurriculumSettings
from envs.features import ArmFeatures, Layout
from envs.learner import Student
from envs.progress import SIGNALS, ArmScores, Decision
from envs.scripted import ScriptedStudent
from envs.suite import Arms, Suite
from envs.tasks.arithmetic.addition import Addition

_LIFETIME_STREAM = 103  # apart from the data streams (splits 0-2), 101 (draws of arms) and 102 (in progress)
_FRESH_PROBE = 1  # the PROBE batches after a decision are others than those of the signals (0)


class CurriculumVectorEnv(VectorEnv[NDArray[np.float32], Any, NDArray[Any]]):
    """A teacher's decisions over K student lifetimes.

    Action: ``Box (A,)``, non-negative weights of the arms, normalised here (all zero: uniform). Observation:
    ``Box (A, F)``, see ``envs.features``. One step trains every student for ``updates_per_decision`` updates on arms
    drawn from its mixture. An episode is a lifetime: all rows terminate together when the budget is spent. Row k
    equals the single run with seed ``seed + k``: nothing in a row depends on the others.

    ``info`` holds per arm ``gain, loss, competence, count`` (K, A) (zero where the arm was not seen), ``share`` (K, A),
    of the decision's draws that fell on the arm (expected: the mixture), and per row
    ``updates, tokens, forward_equivalents, gradient_norm`` (K,) and the largest ratio of tokens and of step length
    between two consecutive updates, ``token_ratio, update_ratio`` (K,) (0: not known). A training step costs three
    forward-equivalents per token, a probe one; padding is computed, so it counts.

    Args:
        suite: the arms; default addition of 1-5 digits.
        student: the learners; default a ``ScriptedStudent`` over the suite, torch-free.
        num_envs: K; default the student's number of learners.
        **options: the fields of ``CurriculumSettings``.

    Raises:
        ValueError: an option out of range, or a signal that credits one arm with several arms in a decision.
    """

    def __init__(
        self,
        suite: Suite | None = None,
        student: Student | None = None,
        num_envs: int | None = None,
        **options: Unpack[CurriculumOptions],
    ):
        self.suite = Suite([Addition()], name="addition") if suite is None else suite
        self.student: Student = ScriptedStudent(self.suite, num_envs or 1) if student is None else student
        if options.get("tokens_per_update") is not None and self.student.num_learners > 1:
            raise ValueError(
                "tokens_per_update gives each arm its own number of sequences, so learners cannot be stacked: it needs "
                f"one learner per environment; got {self.student.num_learners}"
            )
        if num_envs not in (None, self.student.num_learners):
            raise ValueError(f"num_envs must equal the student's learners {self.student.num_learners}; got {num_envs}")
        self.num_envs = self.student.num_learners
        self.settings = CurriculumSettings(**options)
        self.metadata = {"autoreset_mode": AutoresetMode.DISABLED, "render_modes": []}
        loss_unit = float(np.log(max(2, self.suite.vocab_size)))
        self._features = ArmFeatures(Layout.of(self.arms), self.num_envs, loss_unit, self.arms.axes)
        self.single_observation_space = spaces.Box(self._features.low, self._features.high, dtype=np.float32)
        self.single_action_space = spaces.Box(0.0, 1.0, (self.suite.num_arms,), dtype=np.float32)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.feature_names = self._features.names
        self._roots: list[int] = []  # the seed of each row's first lifetime since it was last seeded
        self._lifetime = self._updates = self._number = 0

    @property
    def arms(self) -> Arms:
        """What a teacher may know of the arms beforehand."""
        return self.suite.arms

    def reset(
        self, *, seed: int | Sequence[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Starts K new lifetimes.

        Args:
            seed: an int seeds row k with ``seed + k``; a list gives each row its own; None goes on to each row's next
                lifetime (fresh entropy at the first reset).
            options: unused but for ``reset_mask``: lifetimes are in lockstep, so a partial mask is refused.
        """
        mask = (options or {}).get("reset_mask")
        if mask is not None and not np.all(mask):
            raise ValueError("lifetimes are in lockstep: all rows are reset together; got a partial reset_mask")
        if seed is None and self._roots:
            self._lifetime += 1
        else:
            base = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
            self._roots = [base + k for k in range(self.num_envs)] if isinstance(base, int | np.integer) else list(base)
            self._lifetime = 0
        if len(self._roots) != self.num_envs:
            raise ValueError(f"seed must be one int or {self.num_envs} of them; got {len(self._roots)}")
        if any(root < 0 for root in self._roots):
            raise ValueError(f"seeds must not be negative; got {self._roots}")
        self.student.reset(self.seeds)
        self._features.reset()
        self._updates = self._number = 0
        shape = (self.num_envs, self.suite.num_arms)
        self._tokens = np.zeros(self.num_envs, dtype=np.int64)
        self._forward_equivalents = np.zeros(self.num_envs, dtype=np.int64)
        self._sampler = Sampler(self.suite, self.settings, self.num_envs)
        self._evenness = Evenness(self.num_envs)
        self._last_competence, self._last_loss = np.zeros(shape), np.full(shape, np.nan)
        self._probed_competence = np.zeros(shape)
        if self._probed_arms.any():
            before = self._decision(self._probed_arms)
            self._probed_competence = self._competence(before.probe(self._probed_arms))
            self._forward_equivalents += before.probed_tokens
        nothing = np.zeros(self.num_envs)
        scores = ArmScores.zeros(*shape)
        return self.observe(), self._info(np.zeros(shape), scores, np.zeros(shape), nothing, nothing, nothing)

    def _decision(self, drawn: NDArray[np.bool_]) -> Decision:
        size, loss = self.settings.probe_size, self._last_loss
        return Decision(self.suite, self.student, self.seeds, self._number, drawn, self._last_competence, size, loss)

    @property
    def seeds(self) -> list[int]:
        """The seed of each row's current lifetime."""
        if self._lifetime == 0:
            return self._roots
        streams = ([root, _LIFETIME_STREAM, self._lifetime] for root in self._roots)
        return [int(np.random.default_rng(stream).integers(2**31)) for stream in streams]

    @property
    def _probed_arms(self) -> NDArray[np.bool_]:
        wanted = self.arms.targets & (self.settings.reward == "competence") | (self.settings.probe == "all")
        return np.broadcast_to(wanted, (self.num_envs, self.suite.num_arms))

    def step(
        self, actions: NDArray[Any]
    ) -> tuple[NDArray[np.float32], NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Trains each student on its mixture ``(K, A)``; returns observation, reward, terminated, truncated, info.

        Raises:
            RuntimeError: before the first reset, or after the budget is spent.
            ValueError: weights of the wrong shape, negative or not finite.
            DivergedError: a student's loss is no longer finite.
        """
        if not self._roots:
            raise RuntimeError("step before reset: call reset(seed=...) first")
        if self._updates >= self.settings.budget:
            raise RuntimeError(
                f"the budget of {self.settings.budget} updates is spent: call reset() to start new lifetimes"
            )
        num_updates = min(self.settings.updates_per_decision, self.settings.budget - self._updates)
        mixture = normalised(actions, (self.num_envs, self.suite.num_arms))
        seeds = self.seeds
        draws = self._sampler.draw(mixture, seeds, self._number, num_updates)  # (K, updates, 1 or B)
        drawn = np.zeros((self.num_envs, self.suite.num_arms), dtype=bool)
        np.put_along_axis(drawn, draws.reshape(self.num_envs, -1), True, axis=1)
        share = draw_share(draws, self.suite.num_arms)
        decision = self._decision(drawn)
        signal = SIGNALS[self.settings.signal](decision)
        next(signal)
        for update in range(num_updates):
            parts = [self._sampler.batch(k, draws[k, update], seed, mixture[k]) for k, seed in enumerate(seeds)]
            batch = stack(parts)
            decision.record(batch, self.student.train(batch))
        decision.close()
        try:
            next(signal)
            raise AssertionError(f"signal {self.settings.signal} yields twice")
        except StopIteration as end:
            gain: Floats = end.value
        trained = decision.training
        competence = self._competence(trained)
        self._last_competence = np.where(drawn, competence, self._last_competence)
        self._last_loss = np.where(drawn, trained.loss, self._last_loss)
        self._updates += num_updates
        self._number += 1
        self._features.update(competence, trained.loss, trained.count, num_updates / self.settings.budget)
        norm = np.sqrt(decision.mean_squared_norm)
        reward, gain, seen = self._reward(decision, gain, trained)
        self._tokens += decision.trained_tokens
        self._forward_equivalents += 3 * decision.trained_tokens + decision.probed_tokens
        done = np.full(self.num_envs, self._updates >= self.settings.budget)
        ratios = self._evenness.take(decision.tokens, decision.update_norms)
        info = self._info(gain, seen, share, norm, *ratios)
        return self.observe(), reward, done, np.zeros(self.num_envs, dtype=bool), info

    def _competence(self, scores: ArmScores) -> Floats:
        competence = self.suite.competence(scores.loss, scores.token_accuracy, scores.sequence_accuracy)
        return np.where(scores.count > 0, competence, 0.0)

    def _reward(self, decision: Decision, gain: Floats, trained: ArmScores) -> tuple[Floats, Floats, ArmScores]:
        """The reward ``(K,)``, and the gain and scores of the feedback, from probes where these were asked for."""
        seen, probed, before = trained, self._probed_arms, self._probed_competence
        if probed.any():
            scores = decision.probe(probed, _FRESH_PROBE)
            self._probed_competence = self._competence(scores)
            if self.settings.probe == "all":
                gain, seen = self._probed_competence - before, scores
        if self.settings.reward == "progress":
            return (gain * seen.count).sum(axis=1) / seen.count.sum(axis=1), gain, seen
        targets = self.arms.targets
        # Contiguous, so that one row is summed in the same order as one of many.
        change = np.ascontiguousarray((self._probed_competence - before)[:, targets]).mean(axis=1)
        mastered = (before >= self.suite.thresholds)[:, targets].all(axis=1)
        cost = self.settings.time_cost * decision.num_updates / self.settings.budget
        return change - np.where(mastered, 0.0, cost), gain, seen

    def _info(
        self,
        gain: Floats,
        scores: ArmScores,
        share: Floats,
        gradient_norm: Floats,
        token_ratio: Floats,
        update_ratio: Floats,
    ) -> dict[str, Any]:
        return {
            "gain": gain,
            "loss": scores.loss,
            "competence": self._competence(scores),
            "count": scores.count,
            "share": share,
            "gradient_norm": gradient_norm,
            "token_ratio": token_ratio,
            "update_ratio": update_ratio,
            "updates": np.full(self.num_envs, self._updates),
            "tokens": self._tokens.copy(),
            "forward_equivalents": self._forward_equivalents.copy(),
        }

    @property
    def finished(self) -> bool:
        """Whether the budget is spent."""
        return self._updates >= self.settings.budget

    @property
    def decision(self) -> int:
        """Decisions taken in this lifetime."""
        return self._number

    def observe(self) -> NDArray[np.float32]:
        """The current observation ``(K, A, F)``."""
        return self._features.observe(self._updates / self.settings.budget)

    def state_dict(self) -> dict[str, Any]:
        """All that the future depends on, the student's state included; a copy."""
        kept = {name: getattr(self, f"_{name}") for name in _STATE}
        kept.update(next_index=self._sampler.next_index, last_update=self._evenness.last)
        copies = {name: value.copy() if hasattr(value, "copy") else value for name, value in kept.items()}
        return {**copies, "features": self._features.state_dict(), "student": self.student.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken; no reset is needed before."""
        for name in _STATE:
            value = state[name]
            setattr(self, f"_{name}", value.copy() if hasattr(value, "copy") else value)
        self._sampler = Sampler(self.suite, self.settings, self.num_envs)
        self._sampler.next_index = state["next_index"].copy()
        self._evenness = Evenness(self.num_envs)
        self._evenness.last = state["last_update"].copy()
        self._features.load_state_dict(state["features"])
        self.student.load_state_dict(state["student"])


_STATE = (
    *("roots", "lifetime", "updates", "number", "tokens", "forward_equivalents"),
    *("last_competence", "last_loss", "probed_competence"),
)


def normalised(weights: NDArray[Any], shape: tuple[int, ...]) -> Floats:
    """Arm weights as a mixture: float64 ``(K, A)``, rows sum to one; a row of zeros becomes uniform.

    Raises:
        ValueError: the shape differs, or a weight is negative or not finite.
    """
    mixture = np.asarray(weights, dtype=np.float64)
    if mixture.shape != shape:
        raise ValueError(f"the action must be arm weights of shape {shape}; got {mixture.shape}")
    if not np.isfinite(mixture).all() or (mixture < 0).any():
        raise ValueError(f"arm weights must be finite and not negative; got {mixture}")
    total = mixture.sum(axis=1, keepdims=True)
    return np.where(total > 0, mixture / np.where(total > 0, total, 1.0), 1.0 / shape[1])

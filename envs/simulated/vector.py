"""A population of simulated students as a gymnasium vector environment: thousands of lifetimes a minute on one core."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from envs.arms import Arms
from envs.batch import Bools, Floats
from envs.curriculum.vector import normalised
from envs.features import ArmFeatures
from envs.simulated.dynamics import advance, at_hand, competence, observed
from envs.simulated.lifetimes import Lifetimes, draw_lifetimes
from envs.simulated.population import Population
from envs.simulated.settings import SimulatedSettings

_POOL, _NOISE = 104, 105  # streams, apart from those of the real environment (0-2, 101-103)
_ROWS = ("_progress", "_at_hand", "_last", "_age", "ended", "mastered_at")  # the state of each row's lifetime
_POOL_SIZE = 1024  # lifetimes are drawn so many at a time


class SimulatedStudents(VectorEnv[NDArray[np.float32], Any, NDArray[Any]]):
    """K lifetimes of simulated students, each drawn from a population, replaced by the next when it ends.

    Observation ``Box (A, F)``, action ``Box (A,)`` and reward are those of ``CurriculumVectorEnv`` with
    ``reward="competence"`` (a decision is the unit of time), so that what learns here teaches there. Arms beyond a
    lifetime's own are padding: their observation is zero, what an action puts on them is lost. A lifetime terminates
    when all targets are mastered in two decisions running or its budget is spent, and the row starts the next at once
    (SAME_STEP). ``info`` holds ``gain, loss, competence, count, share`` (K, A), ``updates`` (K,), decisions so far,
    ``mastered`` (K,), and for rows that ended ``final_obs`` and ``lifetime`` (decisions, budget, mastered).

    Args:
        num_envs: K.
        population: what lifetimes are drawn from.
        lifetimes: K given ones instead; each row lives its own, again and again.
        autoreset: False lets every row live once, as ``teacher.run`` wants it: ``finished`` once all have ended, in
            ``ended`` (K,) the decisions that each took, in ``mastered_at`` (K,) those to mastery (the first of the
            two), inf if never.
        time_cost, reward, probe, updates_per_decision: see ``SimulatedSettings``.

    Raises:
        ValueError: a setting out of range, no row, or not K lifetimes.
    """

    def __init__(
        self,
        num_envs: int = 64,
        population: Population | None = None,
        lifetimes: Lifetimes | None = None,
        autoreset: bool = True,
        **settings: Any,
    ):
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1; got {num_envs}")
        if lifetimes is not None and len(lifetimes.decisions) != num_envs:
            raise ValueError(f"lifetimes must be {num_envs}, one for each row; got {len(lifetimes.decisions)}")
        self.num_envs = num_envs
        self.settings = SimulatedSettings(**settings)
        self.population = population or Population()
        self._mode = AutoresetMode.SAME_STEP if autoreset else AutoresetMode.DISABLED
        self.metadata = {"autoreset_mode": self._mode, "render_modes": []}
        self._given = lifetimes
        self._seed: int | None = None
        self._lives = lifetimes.take(slice(None)) if lifetimes is not None else self._draw(0, 0, num_envs)
        self._make_features()
        self.ended = np.zeros(num_envs, dtype=np.int64)
        self.mastered_at = np.full(num_envs, np.inf)
        num_arms = self._lives.targets.shape[1]
        self.single_observation_space = spaces.Box(self._features.low, self._features.high, dtype=np.float32)
        self.single_action_space = spaces.Box(0.0, 1.0, (num_arms,), dtype=np.float32)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.feature_names = self._features.names

    def _draw(self, seed: int, number: int, n: int) -> Lifetimes:
        return draw_lifetimes(np.random.default_rng([seed, _POOL, number]), n, self.population)

    def _make_features(self) -> None:
        self._features = ArmFeatures(self._lives.layout(), self.num_envs, 1.0, ("first", "second"))

    def reset(
        self, *, seed: int | list[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Starts K new lifetimes.

        Args:
            seed: of the population's stream; a list counts as its first number. None goes on with the stream.
            options: unused but for ``reset_mask``: a part of the rows is refused, since rows start anew by themselves.
        """
        mask = (options or {}).get("reset_mask")
        if mask is not None and not np.all(mask):
            raise ValueError("rows start anew by themselves (SAME_STEP); got a partial reset_mask")
        first = seed[0] if isinstance(seed, list | tuple) else seed
        if first is not None or self._seed is None:
            self._seed = int(np.random.SeedSequence().generate_state(1)[0]) if first is None else int(first)
            if self._seed < 0:
                raise ValueError(f"seeds must not be negative; got {self._seed}")
            self._noise = np.random.default_rng([self._seed, _NOISE])
            self._pool_number, self._pool_next = 0, _POOL_SIZE
        shape = (self.num_envs, self._lives.targets.shape[1])
        self._progress = np.zeros(shape)
        self._at_hand = np.zeros(shape)
        self._competence = np.zeros(shape)
        self._last = np.zeros(shape)
        self._age = np.zeros(self.num_envs, dtype=np.int64)
        self.ended = np.zeros(self.num_envs, dtype=np.int64)
        self.mastered_at = np.full(self.num_envs, np.inf)
        self._begin(np.ones(self.num_envs, dtype=bool))
        nothing = np.zeros(shape)
        return self.observe(), self._info(nothing, nothing, nothing, nothing)

    def _begin(self, rows: Bools) -> None:
        """Puts the next lifetimes of the stream into these rows."""
        waiting = np.nonzero(rows)[0]
        while self._given is None and len(waiting):
            if self._pool_next >= _POOL_SIZE:
                assert self._seed is not None
                self._pool_number, self._pool_next = self._pool_number + 1, 0
                self._pool = self._draw(self._seed, self._pool_number, _POOL_SIZE)
            now = waiting[: _POOL_SIZE - self._pool_next]
            self._lives.put(now, self._pool, slice(self._pool_next, self._pool_next + len(now)))
            self._pool_next += len(now)
            waiting = waiting[len(now) :]
        self._progress[rows] = self._lives.start[rows]
        self._last[rows] = 0.0
        self._age[rows] = 0
        self._at_hand[rows] = self._lives.start[rows]
        self._competence[rows] = competence(self._lives, self._at_hand[rows], rows)
        self._features.lay_out(self._lives.layout(), rows)

    def step(self, actions: NDArray[Any]) -> tuple[NDArray[np.float32], Floats, Bools, Bools, dict[str, Any]]:
        """One decision of every row, by weights ``(K, A)``.

        Raises:
            RuntimeError: before the first reset.
            ValueError: weights of the wrong shape, negative or not finite.
        """
        if self._seed is None:
            raise RuntimeError("step before reset: call reset(seed=...) first")
        if self.finished:
            raise RuntimeError("all lifetimes have ended: call reset() to start new ones")
        lives = self._lives
        share = self._drawn(normalised(actions, self._progress.shape))
        before, was = self._competence, self._at_hand
        decision = self._age[:, None].astype(np.float64)
        self._progress = advance(self._noise, lives, self._progress, share, decision)
        self._at_hand = at_hand(self._noise, lives, self._progress)
        self._competence = competence(lives, self._at_hand)
        shown, loss = observed(self._noise, lives, 0.5 * (was + self._at_hand), share, decision)
        count = np.round(lives.samples * share).astype(np.int64)
        count = np.where((share > 0) & lives.structure.exists, np.maximum(count, 1), 0)
        seen = count > 0
        shown, loss = np.where(seen, shown, 0.0), np.where(seen, loss, 0.0)
        gain = np.where(seen, shown - self._last, 0.0)
        self._last = np.where(seen, shown, self._last)
        self._features.update(shown, loss, count, 1.0 / lives.decisions)
        self._age += 1
        reward, mastered = self._reward(before, gain, share)
        done = mastered | (self._age >= lives.decisions)
        info = self._info(gain, loss, shown, share, count, mastered)
        obs = self.observe()
        if self._mode == AutoresetMode.DISABLED:
            self.mastered_at[mastered & (self.ended == 0)] = self._age[mastered & (self.ended == 0)] - 1
            self.ended[done & (self.ended == 0)] = self._age[done & (self.ended == 0)]
        elif done.any():
            final = np.full(self.num_envs, None, dtype=object)
            for k in np.nonzero(done)[0]:
                final[k] = obs[k].copy()
            ended = {"decisions": self._age.copy(), "budget": lives.decisions.copy(), "mastered": mastered}
            info.update(final_obs=final, _final_obs=done, lifetime=ended, _lifetime=done)
            self._begin(done)
            obs[done] = self._features.observe(0.0, done)
        return obs, reward, done, np.zeros(self.num_envs, dtype=bool), info

    def _drawn(self, mixture: Floats) -> Floats:
        """The share of the decision that each arm got; shares of a few draws are taken as they are."""
        if self.settings.updates_per_decision is None:
            return mixture
        draws = self.settings.updates_per_decision
        counts = self._noise.multinomial(draws, mixture / mixture.sum(axis=1, keepdims=True))
        share: Floats = counts / draws
        return share

    def _reward(self, before: Floats, gain: Floats, share: Floats) -> tuple[Floats, Bools]:
        targets, lives = self._lives.targets, self._lives
        was: Bools = np.all((before >= lives.thresholds) | ~targets, axis=1)
        mastered: Bools = was & np.all((self._competence >= lives.thresholds) | ~targets, axis=1)
        reward: Floats
        if self.settings.reward == "progress":
            reward = (gain * share).sum(axis=1)
        elif self.settings.reward == "terminal":
            reward = np.where(mastered, -np.log(self._age / lives.decisions), 0.0)
        else:
            change = np.where(targets, self._competence - before, 0.0).sum(axis=1) / targets.sum(axis=1)
            reward = change - np.where(was, 0.0, self.settings.time_cost / lives.decisions)
        return reward, mastered

    def _info(
        self,
        gain: Floats,
        loss: Floats,
        shown: Floats,
        share: Floats,
        count: NDArray[np.int64] | None = None,
        mastered: Bools | None = None,
    ) -> dict[str, Any]:
        return {
            "gain": gain,
            "loss": loss,
            "competence": shown,
            "count": np.zeros(gain.shape, dtype=np.int64) if count is None else count,
            "share": share,
            "updates": self._age.copy(),
            "mastered": np.zeros(self.num_envs, dtype=bool) if mastered is None else mastered,
        }

    def observe(self) -> NDArray[np.float32]:
        """The current observation ``(K, A, F)``."""
        return self._features.observe(self._age / self._lives.decisions)

    @property
    def lifetimes(self) -> Lifetimes:
        """The current ones; nothing in them is shown to a teacher but what ``Layout`` holds."""
        return self._lives

    @property
    def target_competence(self) -> Floats:
        """True mean competence of the targets ``(K,)``."""
        targets = self._lives.targets
        mean: Floats = np.where(targets, self._competence, 0.0).sum(axis=1) / targets.sum(axis=1)
        return mean

    @property
    def finished(self) -> bool:
        """Whether every row's lifetime has ended; never with autoreset."""
        return bool((self.ended > 0).all())

    @property
    def decision(self) -> int:
        """Decisions taken since the reset by the oldest row."""
        return int(self._age.max())

    @property
    def arms(self) -> Arms:
        """What a teacher may know of the arms of the first row, padding included (as arms that are no targets)."""
        told = self._lives.structure
        return Arms(
            tuple(f"skill {a}" for a in range(told.exists.shape[1])),
            ("first", "second"),
            told.coordinates[0],
            self._lives.targets[0],
            told.task[0],
            told.level[0],
            told.position[0],
            self._lives.thresholds[0],
        )

    def state_dict(self) -> dict[str, Any]:
        """All that the future depends on; a copy."""
        if self._seed is None:
            raise RuntimeError("state_dict before reset: call reset(seed=...) first")
        return {
            "seed": self._seed,
            "noise": self._noise.bit_generator.state,
            "pool": [self._pool_number, self._pool_next],
            **{name: getattr(self, name).copy() for name in _ROWS},
            "lives": {name: value.copy() for name, value in self._lives.arrays().items()},
            "features": self._features.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken, of an environment made with the same arguments."""
        self._seed = int(state["seed"])
        self._noise = np.random.default_rng()
        self._noise.bit_generator.state = state["noise"]
        self._pool_number, self._pool_next = state["pool"]
        if self._given is None and self._pool_number:
            self._pool = self._draw(self._seed, self._pool_number, _POOL_SIZE)
        for name, value in self._lives.arrays().items():
            value[:] = state["lives"][name]
        for name in _ROWS:
            setattr(self, name, state[name].copy())
        self._competence = competence(self._lives, self._at_hand)
        self._features.lay_out(self._lives.layout(), np.ones(self.num_envs, dtype=bool))
        self._features.load_state_dict(state["features"])

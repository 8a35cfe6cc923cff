"""Meta-training: PPO over many lifetimes, rollout by rollout, resumable bit for bit. The one place that needs SB3."""

from __future__ import annotations

import copy
import importlib
import inspect
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from gymnasium.vector import VectorEnv
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from teacher.learned.files import LearnedPolicy
from teacher.learned.network import Weights
from teacher.learned.policy import ArmsPolicy, OverArms
from teacher.learned.settings import PPOSettings
from teacher.learned.vec_env import VectorAsVecEnv


class Rollout(NamedTuple):
    """What one rollout and its updates gave: numbers for the log.

    Attributes:
        decisions: taken so far.
        num_lifetimes: that ended in this rollout.
        mean_return: of those; nan if none.
        mean_length: of those, in decisions; nan if none.
        logged: what SB3 logged (``train/entropy_loss``, ``train/approx_kl``, ..).
    """

    decisions: int
    num_lifetimes: int
    mean_return: float
    mean_length: float
    logged: dict[str, float]


class MetaTraining:
    """Trains a policy over the lifetimes of a vector environment.

    ``run`` is a generator of rollouts; whoever consumes it checkpoints (``state_dict``), evaluates (``weights``) and
    stops. All randomness derives from ``seed``; global generators are left as they were found.

    Args:
        env: a vector environment whose action is a mixture ``Box (A,)``.
        offered: names of the features of its observation.
        reads: those that the policy reads.
        seed: of the network, the choice of actions, minibatches and the environment.
        decisions: to take in all; a last rollout is finished.
        settings: of PPO, or of another algorithm: what it has no use for, as A2C for ``epochs``, is left out.

    Raises:
        ValueError: a feature that is not offered, no decision, a negative seed, no such algorithm.
    """

    def __init__(
        self,
        env: VectorEnv[Any, Any, Any],
        offered: tuple[str, ...],
        reads: tuple[str, ...],
        seed: int,
        decisions: int,
        settings: PPOSettings | None = None,
    ):
        if missing := [name for name in reads if name not in offered]:
            raise ValueError(f"the policy reads {', '.join(missing)}; the environment offers {', '.join(offered)}")
        if decisions < 1 or seed < 0:
            raise ValueError(f"decisions must be at least 1 and seed not negative; got {decisions}, {seed}")
        self.settings, self.reads, self.total = settings or PPOSettings(), reads, decisions
        self._env = VectorAsVecEnv(env, self.settings.draws)
        self._source: Any = env.unwrapped
        s = self.settings
        per_rollout = s.rollout * env.num_envs
        if per_rollout < 2:
            raise ValueError("a rollout must have at least two decisions: raise rollout or num_envs; got 1 of each")
        self._global = _Globals()
        with self._global.ours(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a rollout need not be a multiple of the minibatch
            make, policy = _algorithm(s.algorithm, s.memory)
            self.model = make(
                policy,
                self._env,
                policy_kwargs={
                    "columns": [offered.index(name) for name in reads],
                    "exists": offered.index("exists"),
                    "width": s.width,
                    "memory": s.memory,
                },
                learning_rate=self._learning_rate,
                n_steps=s.rollout,
                batch_size=min(s.batch_size, per_rollout),
                n_epochs=s.epochs,
                gamma=s.gamma,
                gae_lambda=s.gae_lambda,
                ent_coef=s.entropy,
                clip_range=s.clip,
                seed=seed,
                device="cpu",
            )
            # Its own logger would leave a folder behind for every rollout.
            self.model.set_logger(Logger(folder=None, output_formats=[]))
            self._env.seed(seed)
        self._per_rollout = per_rollout

    def _learning_rate(self, _: float) -> float:
        done = min(self.model.num_timesteps / self.total, 1.0) if hasattr(self, "model") else 0.0
        s = self.settings
        return s.final_learning_rate + (s.learning_rate - s.final_learning_rate) * (1.0 - done)

    def run(self) -> Iterator[Rollout]:
        """Rollouts until all decisions are taken."""
        while self.model.num_timesteps < self.total:
            self._env.take_ended()
            with self._global.ours():
                self.model.learn(self._per_rollout, reset_num_timesteps=False)
            ended = self._env.take_ended()
            logged = {
                name: float(v) for name, v in self.model.logger.name_to_value.items() if name.startswith("train/")
            }
            returns, lengths = [e[0] for e in ended], [e[1] for e in ended]
            yield Rollout(
                self.model.num_timesteps,
                len(ended),
                float(np.mean(returns)) if ended else float("nan"),
                float(np.mean(lengths)) if ended else float("nan"),
                logged,
            )

    def start_from(self, known: LearnedPolicy) -> None:
        """Goes on from a trained network; the critic starts anew.

        Raises:
            ValueError: it reads other features, or is of another width.
        """
        if known.features != self.reads:
            raise ValueError(f"the policy to start from reads {known.features}; this training's reads {self.reads}")
        self.load_weights(known.weights)

    def load_weights(self, weights: Weights) -> None:
        """Goes on from these.

        Raises:
            ValueError: of another width.
        """
        policy = self.model.policy
        assert isinstance(policy, OverArms)
        policy.load_weights(weights)

    def weights(self) -> Weights:
        """Of the policy as it is now, for ``save_policy``."""
        policy = self.model.policy
        assert isinstance(policy, OverArms)
        return policy.weights()

    def state_dict(self) -> dict[str, Any]:
        """All that the future depends on; valid whenever ``run`` has just yielded."""
        model = self.model
        return {
            "policy": {name: value.clone() for name, value in model.policy.state_dict().items()},
            "optimizer": copy.deepcopy(model.policy.optimizer.state_dict()),  # it holds the tensors themselves
            "num_timesteps": model.num_timesteps,
            "num_updates": model._n_updates,
            "obs": None if model._last_obs is None else np.array(model._last_obs),
            "starts": None if model._last_episode_starts is None else np.array(model._last_episode_starts),
            "random": self._global.state_dict(),
            "env": self._source.state_dict() if model._last_obs is not None else None,
            "running": self._env.state_dict(),
            "memory": torch.stack([t for pair in self._states() for t in pair]) if self.settings.memory else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on exactly where ``state_dict`` was taken, of a training made with the same arguments."""
        model = self.model
        model.policy.load_state_dict(state["policy"])
        model.policy.optimizer.load_state_dict(state["optimizer"])
        model.num_timesteps, model._n_updates = state["num_timesteps"], state["num_updates"]
        self._global.load_state_dict(state["random"])
        if state["env"] is not None:
            self._source.load_state_dict(state["env"])
            model._last_obs, model._last_episode_starts = state["obs"].copy(), state["starts"].copy()
        self._env.load_state_dict(state["running"])
        if self.settings.memory:
            kept = [value.clone() for value in state["memory"]]
            vars(model)["_last_lstm_states"] = type(self._states())((kept[0], kept[1]), (kept[2], kept[3]))

    def _states(self) -> Any:
        """RecurrentPPO's memories of all rows: the actor's and the critic's, each output and cell ``(1, K, M)``."""
        return vars(self.model)["_last_lstm_states"]


def _recurrent() -> tuple[Any, Any]:
    """The algorithm and the policy with a memory.

    Raises:
        ValueError: sb3-contrib is not installed.
    """
    try:
        from sb3_contrib import RecurrentPPO
    except ImportError as error:
        raise ValueError(f"a memory needs sb3-contrib: pip install 'paceline[recurrent]' ({error})") from error
    from teacher.learned.recurrent import RecurrentArmsPolicy

    return RecurrentPPO, RecurrentArmsPolicy


def _algorithm(name: str, memory: int) -> tuple[Callable[..., OnPolicyAlgorithm], type[OverArms]]:
    """What makes the algorithm, of the arguments that it knows, and its policy.

    Raises:
        ValueError: no such algorithm, none that learns on-policy, or not the one for a policy with (without) a memory.
    """
    recurrent, policy = _recurrent() if memory else (None, ArmsPolicy)
    known: dict[str, Any] = {"ppo": recurrent or PPO, "a2c": A2C}
    if name in known:
        made = known[name]
    else:
        module, _, attribute = name.partition(":")
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())  # one's own module: behind all others, so that it shadows none
        try:
            made = getattr(importlib.import_module(module), attribute)
        except Exception as error:  # one's own module may raise anything
            raise ValueError(f"algorithm must be ppo, a2c or package.module:Class; got {name!r} ({error})") from error
    if not (isinstance(made, type) and issubclass(made, OnPolicyAlgorithm)):
        raise ValueError(f"algorithm must be an on-policy algorithm of stable-baselines3's; got {name!r}, {made!r}")
    if recurrent and not issubclass(made, recurrent):
        raise ValueError(f"a memory needs ppo, or a RecurrentPPO of your own; got {name!r}: set memory to 0")
    if not recurrent and any(kind.__name__ == "RecurrentPPO" for kind in made.__mro__):
        raise ValueError(f"{name} needs a policy with a memory: set memory to its units")
    takes = {name for kind in made.__mro__[:-1] for name in inspect.signature(kind).parameters}  # and what it passes on

    def make(*args: Any, **kwargs: Any) -> OnPolicyAlgorithm:
        built: OnPolicyAlgorithm = made(*args, **{key: value for key, value in kwargs.items() if key in takes})
        return built

    return make, policy


class _Globals:
    """SB3 seeds and uses the global generators: these are its own while it works, and put back afterwards."""

    def __init__(self) -> None:
        self._kept: tuple[Any, Any, Any] | None = None

    @staticmethod
    def _now() -> tuple[Any, Any, Any]:
        return random.getstate(), np.random.get_state(legacy=False), torch.random.get_rng_state()  # noqa: NPY002

    @staticmethod
    def _set(states: tuple[Any, Any, Any]) -> None:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.random.set_rng_state(states[2])

    @contextmanager
    def ours(self) -> Iterator[None]:
        theirs = self._now()
        if self._kept is not None:
            self._set(self._kept)
        try:
            yield
        finally:
            self._kept = self._now()
            self._set(theirs)

    def state_dict(self) -> dict[str, Any]:
        assert self._kept is not None
        _, numbers, torches = self._kept
        inner = numbers["state"]
        return {
            "key": np.array(inner["key"]),
            "numbers": [int(inner["pos"]), int(numbers["has_gauss"]), float(numbers["gauss"])],
            "torch": torches.clone(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        assert self._kept is not None
        position, has_gauss, gauss = state["numbers"]
        numbers = {
            "bit_generator": "MT19937",
            "state": {"key": state["key"], "pos": position},
            "has_gauss": has_gauss,
            "gauss": gauss,
        }
        self._kept = (self._kept[0], numbers, state["torch"])

"""What meta-training costs: simulation against a list of environments, time outside the network, a decision's share.

``python -m benchmarks.studies.meta`` prints the ratios and, with ``--out FILE``, writes them as JSON. What is compared
alternates, block by block, in one run; the median of the paired ratios is reported.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.vec_env import DummyVecEnv

import teacher
from benchmarks.provenance import environment
from benchmarks.settings import make_student, make_suite
from benchmarks.store import write_json
from benchmarks.terminal import from_command_line, guarded, say
from envs import CurriculumVectorEnv
from envs.features import ARM_FEATURES
from envs.simulated import Population, SimulatedStudent, SimulatedStudents
from teacher.learned.settings import PPOSettings
from teacher.learned.training import MetaTraining
from teacher.loop import FEEDBACK, Feedback


def _seconds(act: Callable[[], Any]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def simulation(num_envs: int, blocks: int) -> dict[str, float]:
    """Decisions per second of K rows at once, over those of a list of as many-rowed environments of one row."""
    many = SimulatedStudents(num_envs)
    few = DummyVecEnv([SimulatedStudent for _ in range(8)])
    rng = np.random.default_rng(0)
    num_arms = Population().num_arms[1]
    many.reset(seed=0)
    few.reset()
    one_hot = np.eye(num_arms, dtype=np.float32)
    ratios, rates = [], []
    for block in range(blocks + 1):
        choices = one_hot[rng.integers(0, 2, (40, num_envs))]
        fast = _seconds(lambda choices=choices: [many.step(c) for c in choices]) / choices.shape[0] / num_envs  # type: ignore[misc]
        slow = _seconds(lambda choices=choices: [few.step(c[:8]) for c in choices]) / choices.shape[0] / 8  # type: ignore[misc]
        if block:  # the first warms up
            ratios.append(slow / fast)
            rates.append(1.0 / fast)
    return {"ratio": float(np.median(ratios)), "decisions_per_second": float(np.median(rates)), "num_envs": num_envs}


def outside_the_network(num_envs: int, rollouts: int) -> dict[str, float]:
    """Share of the time of meta-training that is spent neither in the policy's forward pass nor in PPO's updates."""
    env = SimulatedStudents(num_envs)
    settings = PPOSettings()
    made = MetaTraining(env, env.feature_names, ARM_FEATURES, 0, num_envs * settings.rollout * (rollouts + 1), settings)
    inside = [0.0]

    def timed(act: Any) -> Any:
        def timing(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return act(*args, **kwargs)
            finally:
                inside[0] += time.perf_counter() - start

        return timing

    model: Any = made.model
    run = made.run()
    next(run)  # warms up
    model.train, model.policy.forward = timed(model.train), timed(model.policy.forward)
    total = _seconds(lambda: list(run))
    decisions = rollouts * num_envs * settings.rollout
    return {"share": 1.0 - inside[0] / total, "decisions_per_second": decisions / total, "num_envs": num_envs}


def decision(blocks: int) -> dict[str, float]:
    """What the general teacher takes for a decision over the training: LSTM-128, batch 128, ten updates."""
    suite = make_suite("addition", {})
    student = make_student("lstm", suite, 1, {})
    env = CurriculumVectorEnv(suite, student, budget=10**6, batch_size=128)
    taught = teacher.load_general()
    taught.reset(suite.arms, 1, 0)
    obs, _ = env.reset(seed=0)
    mixture = taught.act(obs)
    obs, _, _, _, info = env.step(mixture)
    feedback = Feedback(**{name: info[name] for name in FEEDBACK}, share=info["share"])

    def decide() -> None:
        for _ in range(20):
            taught.act(obs)
            taught.update(obs, mixture, feedback)

    ratios, spent = [], []
    for block in range(blocks + 1):
        acting = _seconds(decide) / 20
        training = _seconds(lambda: env.step(mixture))
        if block:
            ratios.append(acting / training)
            spent.append(acting)
    return {"share": float(np.median(ratios)), "microseconds": 1e6 * float(np.median(spent))}


@dataclass(frozen=True)
class Measure:
    """Measures what meta-training costs."""

    num_envs: int = 256
    """K of the simulation."""
    blocks: int = 15
    """Paired blocks."""
    out: Path | None = None
    """A JSON file for the figures."""

    def execute(self) -> None:
        """Measures and prints."""
        torch.set_num_threads(1)
        command = f"python -m benchmarks.studies.meta --blocks {self.blocks}"
        record: dict[str, Any] = {"command": command, "environment": environment()}
        record["simulation"] = simulation(self.num_envs, self.blocks)
        say(
            f"simulation: {record['simulation']['decisions_per_second']:,.0f} decisions a second on one core, "
            f"{record['simulation']['ratio']:.0f} times a list of environments under DummyVecEnv"
        )
        record["meta_training"] = outside_the_network(self.num_envs, self.blocks)
        say(
            f"meta-training: {record['meta_training']['decisions_per_second']:,.0f} decisions a second on one core, "
            f"{record['meta_training']['share']:.0%} of the time outside the network's work"
        )
        record["decision"] = decision(self.blocks)
        say(
            f"a decision: {record['decision']['microseconds']:.0f} microseconds, {record['decision']['share']:.2%} of "
            "the ten updates that follow (LSTM-128, batch 128)"
        )
        if self.out is not None:
            write_json(self.out, record)


def main() -> None:
    """Measures."""
    from_command_line(Measure, "python -m benchmarks.studies.meta").execute()


if __name__ == "__main__":
    raise SystemExit(guarded(main))

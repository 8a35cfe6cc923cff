"""What the curriculum costs: a decision against the bare training loop of the same module, same data, in one run.

``python -m benchmarks.studies.overhead`` prints the ratios as a table and, with ``--out FILE``, writes them as JSON.
Measures alternate, block by block, so that a machine that slows down slows both; the median of the paired ratios is
reported.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.table import Table
from torch import nn

import teacher
from benchmarks.profile import chosen_arms, profile_arm
from benchmarks.provenance import environment
from benchmarks.settings import SUITES, make_student, make_suite
from benchmarks.store import write_json
from benchmarks.terminal import Console, from_command_line, guarded
from envs import IGNORE, Addition, Batch, CurriculumVectorEnv, Split, Suite
from envs.suite import Arms
from student import LSTM, TorchStudent, Transformer


class _Prepared(Suite):
    """A suite whose batches were made beforehand (their generation is measured apart), and that notes who asked."""

    def __init__(self, suite: Suite, batches: int, batch_size: int):
        super().__init__(suite.tasks)
        self.asked: list[Batch] = []
        self._made = [
            [suite.batch(arm, i, 0, Split.TRAIN, batch_size) for i in range(batches)] for arm in range(suite.num_arms)
        ]

    def batch(self, arm: int, index: int, seed: int, split: Split, batch_size: int) -> Batch:
        made = self._made[arm]
        self.asked.append(made[index % len(made)])
        return self.asked[-1]


def _seconds(act: Callable[[], Any]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def throughput(
    make: Callable[[int], nn.Module], decisions: int, blocks: int, batch_size: int = 128, updates: int = 10
) -> dict[str, float]:
    """Bare loop's seconds over the curriculum's, accuracy-gain reward, EXP3.S: 1 is free. ``make`` takes V."""
    suite = _Prepared(Suite([Addition(digits=range(1, 6))]), 20, batch_size)
    student = TorchStudent(lambda: make(suite.vocab_size))
    env = CurriculumVectorEnv(
        suite, student, budget=10**9, updates_per_decision=updates, batch_size=batch_size, signal="accuracy_gain"
    )
    rows = teacher.run(teacher.Exp3S(), env, seed=0)
    next(rows)
    model = make(suite.vocab_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def bare(batches: list[Batch]) -> None:
        """The loop that everybody writes, over the very batches that the teacher had drawn, in their order."""
        for data in batches:
            tokens, targets = torch.from_numpy(data.tokens), torch.from_numpy(data.targets)
            loss = nn.functional.cross_entropy(model(tokens).flatten(0, 1), targets.flatten(), ignore_index=IGNORE)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    ratios = []
    for block in range(blocks + 1):
        suite.asked.clear()
        taught = _seconds(lambda: [next(rows) for _ in range(decisions)])
        batches = suite.asked.copy()
        plain = _seconds(lambda batches=batches: bare(batches))  # type: ignore[misc]
        if block:  # the first warms up
            ratios.append(plain / taught)
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    return {"throughput_ratio": float(middle), "quartile_low": float(low), "quartile_high": float(high)}


def generation(repeats: int, batch_size: int = 128) -> dict[str, dict[str, Any]]:
    """Seconds to make a batch over seconds of an LSTM-128's training step on it: the largest share of up to 16 arms."""
    shares: dict[str, dict[str, Any]] = {}
    for name in SUITES:
        if name == "hf":  # needs a data set of the user's; its rows are encoded once, as reasoning's
            continue
        suite = make_suite(name, {})
        student = make_student("lstm", suite, 1, {})
        student.reset([0])
        arms = {arm: profile_arm(suite, student, arm, batch_size, repeats) for arm in chosen_arms(suite.num_arms, 16)}
        worst = max(arms.values(), key=lambda arm: arm.generation_share)
        shares[name] = {"largest": worst.generation_share, "arm": worst.arm, "arms": len(arms)}
    return shares


def bandit(num_envs: int, num_arms: int, steps: int) -> dict[str, float]:
    """Microseconds per learner of one act + update of EXP3.S with reward scaling."""
    taught = teacher.Exp3S()
    shape = (num_envs, num_arms)
    zeros = np.zeros(num_arms, dtype=np.int64)
    names = tuple(map(str, range(num_arms)))
    none = np.zeros((num_arms, 0))
    arms = Arms(names, (), none, zeros == 0, zeros, zeros, none.astype(np.int64), np.ones(num_arms))
    taught.reset(arms, num_envs, 0)
    rng, obs = np.random.default_rng(0), np.zeros((num_envs, num_arms, 1), dtype=np.float32)
    spent = []
    for _ in range(steps):
        start = time.perf_counter()
        mixture = taught.act(obs)
        acted = time.perf_counter() - start
        drawn = (mixture.cumsum(axis=1) > rng.random((num_envs, 1))).argmax(axis=1)[:, None]
        count, gain = np.zeros(shape, dtype=np.int64), np.zeros(shape)
        np.put_along_axis(count, drawn, 128, axis=1)
        np.put_along_axis(gain, drawn, rng.normal(size=(num_envs, 1)), axis=1)
        feedback = teacher.Feedback(gain, gain, gain, count)
        spent.append(acted + _seconds(lambda m=mixture, f=feedback: taught.update(obs, m, f)))  # type: ignore[misc]
    return {"microseconds_per_learner": float(np.median(spent) / num_envs * 1e6)}


@dataclass(frozen=True)
class Options:
    """Sizes of the measurement."""

    blocks: int = 41
    """Paired blocks of the throughput measurement."""
    decisions: int = 2
    """Decisions of ten updates in a block."""
    out: Path | None = None
    """JSON file for the figures."""


def measure(options: Options) -> dict[str, Any]:
    """All figures."""
    torch.set_num_threads(1)
    return {
        "curriculum over bare loop, LSTM-128, batch 128, 10 updates per decision": throughput(
            LSTM, options.decisions, options.blocks
        ),
        "curriculum over bare loop, Transformer-64, batch 128, 10 updates per decision": throughput(
            Transformer, options.decisions, options.blocks
        ),
        "EXP3.S act + update, 1000 arms, K = 64": bandit(64, 1000, 20 * options.blocks),
        "EXP3.S act + update, 1000 arms, K = 1": bandit(1, 1000, 20 * options.blocks),
        **{
            f"batch generation over training step, LSTM-128, batch 128: {name}": shares
            for name, shares in generation(options.blocks // 4).items()
        },
    }


def main() -> None:
    """Measures, prints, writes."""
    options = from_command_line(Options, "python -m benchmarks.studies.overhead")
    figures = measure(options)
    table = Table("what", "figure", "value", box=None, header_style="bold")
    for what, values in figures.items():
        for name, value in values.items():
            table.add_row(what, name, value if isinstance(value, str) else f"{value:.4g}")
    Console().print(table)
    if options.out is not None:
        command = f"python -m benchmarks.studies.overhead --blocks {options.blocks} --decisions {options.decisions}"
        write_json(options.out, {"command": command, "environment": environment(), "figures": figures})


if __name__ == "__main__":
    raise SystemExit(guarded(main))

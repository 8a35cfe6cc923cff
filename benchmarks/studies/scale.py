"""What a decision costs a teacher, from ten arms to a hundred thousand, beside other packages' bandits in the same run.

``python -m benchmarks.studies.scale`` prints a table and keeps it in ``benchmarks/results/scale.json``. A decision is
act + update; ten arms of each row are observed. Peers pull one arm and update it. Medians of repeated decisions.
"""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.provenance import environment
from benchmarks.store import write_json
from benchmarks.studies.bandits import bandit_arms
from benchmarks.studies.league import ENTRIES
from benchmarks.terminal import Console, from_command_line, guarded
from envs import Arms
from teacher import Feedback, Teacher

_OBSERVED = 10


@dataclass(frozen=True)
class Options:
    """Size of the study."""

    arms: tuple[int, ...] = (10, 100, 1_000, 10_000, 100_000)
    """Numbers of arms."""
    rows: tuple[int, ...] = (1, 8, 64)
    """Numbers of students, K."""
    teachers: tuple[str, ...] = tuple(ENTRIES)
    """Entries of the league."""
    largest: int = 6_400_000
    """Most K x A that is measured."""
    seconds: float = 0.4
    """Time spent on each figure."""
    out: Path = Path("benchmarks/results/scale.json")
    """Where the figures are kept."""


def chain(num_arms: int) -> Arms:
    """Arms in a chain of difficulty: coordinates, positions and levels all rise."""
    plain = bandit_arms(num_arms)
    place = np.arange(num_arms)
    coordinates = np.linspace(0.0, 1.0, num_arms)[:, None]
    none = np.full(num_arms, 0.95)
    return Arms(plain.names, ("level",), coordinates, plain.targets, plain.tasks, place, place[:, None], none)


def median_seconds(act: Callable[[], None], seconds: float) -> float:
    """Median time of an act, repeated for about so long, after two that are not counted."""
    spent, until = [], time.perf_counter() + seconds
    for turn in range(10_000):
        start = time.perf_counter()
        act()
        end = time.perf_counter()
        if turn > 1:
            spent.append(end - start)
        if end > until and len(spent) > 2:
            break
    return float(np.median(spent))


def state_bytes(state: Any) -> int:
    """Bytes of the arrays in a teacher's state."""
    if isinstance(state, dict):
        return sum(map(state_bytes, state.values()))
    return state.nbytes if isinstance(state, np.ndarray) else 0


def peak_bytes(act: Callable[[], None]) -> int:
    """Most memory that a decision takes beside what was there before (numpy's arrays are traced)."""
    act()
    tracemalloc.start()
    act()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def decide(made: Teacher, num_arms: int, rows: int) -> Callable[[], None]:
    """One decision of a teacher that has been reset."""
    made.reset(chain(num_arms), rows, 0)
    rng = np.random.default_rng(0)
    obs = np.zeros((rows, num_arms, 1), dtype=np.float32)
    drawn = rng.integers(num_arms, size=(8, rows, _OBSERVED))
    feedback = []
    for arms in drawn:
        count, gain = np.zeros((rows, num_arms), dtype=np.int64), np.zeros((rows, num_arms))
        np.put_along_axis(count, arms, 128, axis=1)
        np.put_along_axis(gain, arms, rng.normal(size=arms.shape), axis=1)
        competence = np.clip(gain, 0.0, 1.0)
        feedback.append(Feedback(gain, 1.0 - competence, competence, count))
    turn = iter(range(10**9))

    def act() -> None:
        made.update(obs, made.act(obs), feedback[next(turn) % len(feedback)])

    return act


def peers(num_arms: int) -> dict[str, Callable[[], None]]:
    """A decision of other packages' bandits: pull an arm, update it."""
    from bayesianbandits import Agent, Arm, NormalInverseGammaRegressor, ThompsonSampling
    from mabwiser.mab import MAB, LearningPolicy
    from river import bandit

    draw = random.Random(0)
    names = list(range(num_arms))

    def river(policy: Any) -> Callable[[], None]:
        return lambda: policy.update(policy.pull(names), draw.random())

    def mabwiser(policy: Any) -> Callable[[], None]:
        mab = MAB(names, policy)
        mab.fit(names, [draw.random() for _ in names])
        return lambda: mab.partial_fit([mab.predict()], [draw.random()])

    made = {
        "river Exp3": river(bandit.Exp3(gamma=0.1, seed=0)),
        "river UCB": river(bandit.UCB(delta=1.0, seed=0)),
        "river EpsilonGreedy": river(bandit.EpsilonGreedy(epsilon=0.1, seed=0)),
        "mabwiser Softmax": mabwiser(LearningPolicy.Softmax(tau=0.2)),
        "mabwiser UCB1": mabwiser(LearningPolicy.UCB1(alpha=1.0)),
    }
    if num_arms <= 1_000:
        agent = Agent([Arm(n, learner=NormalInverseGammaRegressor()) for n in names], ThompsonSampling(), random_seed=0)

        def bayesian() -> None:
            agent.pull()
            agent.update(np.array([draw.random()]))

        made["bayesianbandits Thompson"] = bayesian
    return made


def study(options: Options) -> list[dict[str, Any]]:
    """One record per teacher, A and K, peers beside."""
    records = []
    for num_arms in options.arms:
        for name, act in peers(num_arms).items():
            seconds = median_seconds(act, options.seconds)
            records.append({"teacher": name, "arms": num_arms, "rows": 1, "microseconds": 1e6 * seconds})
        for rows in options.rows:
            if rows * num_arms > options.largest:
                continue
            for name in options.teachers:
                made = ENTRIES[name].make()
                seconds = median_seconds(decide(made, num_arms, rows), options.seconds)
                figures = {
                    "microseconds": 1e6 * seconds,
                    "state_bytes": state_bytes(made.state_dict()),
                    "peak_bytes": peak_bytes(decide(made, num_arms, rows)),
                }
                records.append({"teacher": name, "arms": num_arms, "rows": rows, **figures})
    return records


def main() -> None:
    """Measures, prints, writes."""
    options = from_command_line(Options, "python -m benchmarks.studies.scale")
    records = study(options)
    sizes = list(dict.fromkeys((r["arms"], r["rows"]) for r in records))
    table = Table("microseconds per decision", *(f"A={a:,} K={k}" for a, k in sizes), box=None)
    for name in dict.fromkeys(r["teacher"] for r in records):
        found = {(r["arms"], r["rows"]): r["microseconds"] for r in records if r["teacher"] == name}
        table.add_row(name, *(f"{found[size]:,.0f}" if size in found else "" for size in sizes))
    Console(width=200).print(table)
    command = "python -m benchmarks.studies.scale"
    write_json(options.out, {"command": command, "environment": environment(), "records": records})


if __name__ == "__main__":
    raise SystemExit(guarded(main))

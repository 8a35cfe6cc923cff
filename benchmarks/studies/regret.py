"""Cumulative regret of the bandits, against the bound of each one's paper, with its constants and in its own setting.

``python -m benchmarks.studies.regret`` prints a row per teacher and setting, and keeps them in
``benchmarks/results/regret.json``. Rows of K are independent repetitions; one arm is drawn per step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from numpy.typing import NDArray
from rich.table import Table

import teacher
from benchmarks.provenance import environment
from benchmarks.store import write_json
from benchmarks.studies import bounds
from benchmarks.studies.bandits import Played, Setting, adversarial, play, stochastic, switching
from benchmarks.terminal import Console, guarded
from teacher import Teacher

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A teacher with the constants of its theorem, a setting, and the bound.

    Attributes:
        make: from (A, T) to the teacher.
        setting: from T to the setting.
        bound: from the setting to what the theorem says; None: no bound with constants.
        statement: the theorem.
        exponent: largest growth that is still what was promised; None: nothing is promised.
        on: ``regret`` (mean over rows), ``every row``, or ``wrong plays`` (of the arm that had most).
    """

    make: Callable[[int, int], Teacher]
    setting: Callable[[int], Setting]
    bound: Callable[[Setting], float] | None
    statement: str
    exponent: float | None
    on: str = "regret"


def _tuned_gamma(num_arms: int, steps: int) -> float:
    return min(1.0, math.sqrt(num_arms * math.log(num_arms) / ((math.e - 1.0) * steps)))


def _make_exp3s(num_arms: int, steps: int, stretches: int = 3) -> Teacher:
    hardness = stretches * math.log(num_arms * steps) + math.e
    gamma = min(1.0, math.sqrt(num_arms * hardness / ((math.e - 1.0) * steps)))
    return teacher.Exp3S(eta=gamma / num_arms, epsilon=gamma, alpha=1.0 / steps, scale=False)


def _make_exp4(num_arms: int, steps: int) -> Teacher:
    experts = [teacher.StaticMixture(tuple(float(a == b) for b in range(num_arms))) for a in range(num_arms)]
    gamma = min(1.0, math.sqrt(num_arms * math.log(num_arms + 1) / ((math.e - 1.0) * steps)))
    return teacher.Exp4([*experts, teacher.Uniform()], gamma, scale=False)


_NO_CONSTANTS = "Agrawal, Goyal 2013: O(ln T), constants not given"
_AUER = "Auer et al. 2002, SIAM J. Comput."
_BUBECK = "Bubeck, Cesa-Bianchi 2012, thm 3.1"
_ZIMMERT = "Zimmert, Seldin 2021, thm 1"
_COR_3_2 = f"{_AUER}, cor. 3.2"
_FINITE = "Auer et al. 2002, Machine Learning"
CASES: dict[str, Case] = {
    "exp3-fixed": Case(
        lambda a, t: teacher.Exp3(_tuned_gamma(a, t), scale=False),
        adversarial,
        bounds.exp3_fixed,
        _COR_3_2,
        0.8,
    ),
    "exp3": Case(
        lambda a, t: teacher.Exp3(scale=False),
        adversarial,
        bounds.exp3_anytime,
        "Bubeck, Cesa-Bianchi 2012, thm 3.1",
        0.8,
    ),
    "exp3, stochastic": Case(
        lambda a, t: teacher.Exp3(scale=False),
        stochastic,
        bounds.exp3_anytime,
        "Bubeck, Cesa-Bianchi 2012, thm 3.1",
        0.7,
    ),
    "exp3s": Case(_make_exp3s, switching, bounds.exp3s, f"{_AUER}, cor. 8.3", 0.8),
    "exp3-ix": Case(
        lambda a, t: teacher.Exp3IX(scale=False),
        adversarial,
        bounds.exp3_ix,
        "Neu 2015, thm 1, delta 0.001",
        0.8,
        "every row",
    ),
    "tsallis-inf": Case(lambda a, t: teacher.TsallisInf(scale=False), adversarial, bounds.tsallis, _ZIMMERT, 0.8),
    "tsallis-inf, stochastic": Case(
        lambda a, t: teacher.TsallisInf(scale=False), stochastic, bounds.tsallis, _ZIMMERT, 0.5
    ),
    "tsallis-inf-rv": Case(
        lambda a, t: teacher.TsallisInf("rv", scale=False),
        adversarial,
        bounds.tsallis_rv,
        "Zimmert, Seldin 2021, thm 1",
        0.8,
    ),
    "exp4": Case(_make_exp4, adversarial, bounds.exp4, f"{_AUER}, thm 7.1, tuned", 0.8),
    "ucb1": Case(lambda a, t: teacher.UCB1(scale=False), stochastic, bounds.ucb1, f"{_FINITE}, thm 1", 0.4),
    "d-ucb": Case(
        lambda a, t: teacher.DiscountedUCB(1.0 - 0.25 * math.sqrt(2 / t), scale=False),
        *(switching, bounds.d_ucb, "Garivier, Moulines 2011, thm 1", 0.8, "wrong plays"),
    ),
    "sw-ucb": Case(
        lambda a, t: teacher.SlidingWindowUCB(int(2 * math.sqrt(t * math.log(t) / 2)), scale=False),
        *(switching, bounds.sw_ucb, "Garivier, Moulines 2011, thm 2", 0.8, "wrong plays"),
    ),
    "gaussian-thompson": Case(
        lambda a, t: teacher.GaussianThompson(1.0, 1.0, 1, scale=False),
        *(stochastic, None, _NO_CONSTANTS, 0.4),
    ),
    "beta-thompson": Case(
        lambda a, t: teacher.BetaThompson(1.0, 1, scale=False),
        *(stochastic, None, _NO_CONSTANTS, 0.4),
    ),
    "epsilon-greedy, decaying": Case(
        lambda a, t: teacher.EpsilonGreedy(1.0, None, 5.0, scale=False),
        *(stochastic, None, f"{_FINITE}, thm 3: O(ln T), asymptotic", 0.6),
    ),
    "epsilon-greedy": Case(lambda a, t: teacher.EpsilonGreedy(scale=False), stochastic, None, "linear", None),
    "boltzmann": Case(lambda a, t: teacher.Boltzmann(scale=False), stochastic, None, "linear", None),
}


def exponent(times: Floats, regret: Floats) -> float:
    """B of regret ~ t^b, by least squares in the log domain; a regret below 1 counts as 1."""
    return float(np.polyfit(np.log(times), np.log(np.maximum(regret, 1.0)), 1)[0])


def growth(case: Case, setting: Setting, played: Played, rows: int, seed: int) -> float:
    """How the mean regret grows.

    On stochastic rewards over the last 15/16 of the steps. Elsewhere regret is measured against what is best at the
    end, so over horizons: T / 16, T / 4 and T, each with the constants of its own theorem.
    """
    steps, num_arms = setting.means.shape
    if setting.name == "stochastic":
        at = np.unique(np.geomspace(max(1, steps // 16), steps, 40).astype(int))
        return exponent(at, played.regret.mean(axis=0)[at - 1])
    horizons = np.array([steps // 16, steps // 4, steps])
    short = [play(case.make(num_arms, int(t)), case.setting(int(t)), rows, seed).regret for t in horizons[:-1]]
    return exponent(horizons, np.array([r[:, -1].mean() for r in (*short, played.regret)]))


def judge(name: str, steps: int, rows: int, seed: int = 0) -> dict[str, Any]:
    """Plays a case; its record, with ``holds``: whether bound and growth are what was promised."""
    case = CASES[name]
    setting = case.setting(steps)
    played = play(case.make(setting.means.shape[1], steps), setting, rows, seed)
    final = played.regret[:, -1]
    measured = {
        "regret": float(final.mean()),
        "every row": float(final.max()),
        "wrong plays": float(played.wrong.mean(axis=0).max()),
    }[case.on]
    bound = None if case.bound is None else case.bound(setting)
    grown = growth(case, setting, played, rows, seed)
    within = bound is None or measured <= bound
    slow = case.exponent is None or grown <= case.exponent
    return {
        "case": name,
        "setting": setting.name,
        "steps": steps,
        "arms": setting.means.shape[1],
        "rows": rows,
        "on": case.on,
        "measured": measured,
        "uniform": float((setting.best - setting.means.mean(axis=1)).sum()),
        "bound": bound,
        "statement": case.statement,
        "growth": grown,
        "promised_growth": case.exponent,
        "holds": bool(within and slow),
    }


@dataclass(frozen=True)
class Options:
    """Size of the study."""

    steps: int = 20_000
    """T."""
    switching_steps: int = 100_000
    """T in the switching setting, where bounds say something only for long ones."""
    rows: int = 32
    """Repetitions."""
    out: Path = Path("benchmarks/results/regret.json")
    """Where the figures are kept."""


def main() -> None:
    """Plays all, prints, writes."""
    options = tyro.cli(Options, prog="python -m benchmarks.studies.regret")
    records = [
        judge(name, options.switching_steps if case.setting is switching else options.steps, options.rows)
        for name, case in CASES.items()
    ]
    table = Table("case", "setting", "on", "measured", "bound", "uniform", "growth", "holds", box=None)
    for r in records:
        bound = "" if r["bound"] is None else f"{r['bound']:.0f}"
        table.add_row(
            *(r["case"], r["setting"], r["on"], f"{r['measured']:.0f}", bound, f"{r['uniform']:.0f}"),
            *(f"t^{r['growth']:.2f}", "yes" if r["holds"] else "NO"),
        )
    Console().print(table)
    command = "python -m benchmarks.studies.regret"
    write_json(options.out, {"command": command, "environment": environment(), "cases": records})


if __name__ == "__main__":
    raise SystemExit(guarded(main))

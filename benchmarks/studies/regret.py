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
from numpy.typing import NDArray
from rich.table import Table

import teacher
from benchmarks.provenance import environment
from benchmarks.store import write_json
from benchmarks.studies import bounds
from benchmarks.studies.bandits import Played, Setting, adversarial, play, stochastic, switching, switching_pair
from benchmarks.terminal import Console, from_command_line, guarded
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


_AUER, _FINITE = "Auer et al. 2002, SIAM J. Comput.", "Auer et al. 2002, Machine Learning"
_BUBECK, _ZIMMERT = "Bubeck, Cesa-Bianchi 2012, thm 3.1", "Zimmert, Seldin 2021, thm 1"
_GARIVIER, _NO_CONSTANTS = "Garivier, Moulines 2011, thm", "Agrawal, Goyal 2013: O(ln T), constants not given"


def _exp3(num_arms: int, steps: int) -> Teacher:
    return teacher.Exp3(scale=False)


def _tsallis(num_arms: int, steps: int) -> Teacher:
    return teacher.TsallisInf(scale=False)


def _sw_ucb(num_arms: int, steps: int) -> Teacher:
    return teacher.SlidingWindowUCB(int(2 * math.sqrt(steps * math.log(steps) / 2)), scale=False)


def _case(
    make: Callable[[int, int], Teacher],
    setting: Callable[[int], Setting],
    statement: str,
    bound: Callable[[Setting], float] | None = None,
    grows: float | None = None,
    on: str = "regret",
) -> Case:
    return Case(make, setting, bound, statement, grows, on)


# Where bounds are on stochastic rewards a growth of t^0.35 at T = 20,000 is what ln T looks like.
CASES: dict[str, Case] = {
    "exp3-fixed": _case(
        lambda a, t: teacher.Exp3(_tuned_gamma(a, t), scale=False),
        *(adversarial, f"{_AUER}, cor. 3.2", bounds.exp3_fixed),
        grows=0.8,
    ),
    "exp3": _case(_exp3, adversarial, _BUBECK, bounds.exp3_anytime, grows=0.8),
    "exp3, stochastic": _case(_exp3, stochastic, _BUBECK, bounds.exp3_anytime, grows=0.6),
    "exp3s": _case(_make_exp3s, switching, f"{_AUER}, cor. 8.3", bounds.exp3s, grows=0.8),
    "exp3-ix": _case(
        lambda a, t: teacher.Exp3IX(scale=False),
        *(adversarial, "Neu 2015, thm 1, delta 0.05", bounds.exp3_ix),
        grows=0.8,
        on="every row",
    ),
    "tsallis-inf": _case(_tsallis, adversarial, _ZIMMERT, bounds.tsallis, grows=0.8),
    "tsallis-inf, stochastic": _case(_tsallis, stochastic, _ZIMMERT, bounds.tsallis, grows=0.35),
    "tsallis-inf, rv": _case(
        lambda a, t: teacher.TsallisInf("rv", scale=False),
        *(adversarial, _ZIMMERT, bounds.tsallis_rv),
        grows=0.8,
    ),
    "exp4": _case(_make_exp4, adversarial, f"{_AUER}, thm 7.1, tuned", bounds.exp4, grows=0.8),
    "ucb1": _case(lambda a, t: teacher.UCB1(scale=False), stochastic, f"{_FINITE}, thm 1", bounds.ucb1, grows=0.35),
    "ucb1, adversarial": _case(lambda a, t: teacher.UCB1(scale=False), adversarial, "nothing is promised"),
    "d-ucb": _case(
        lambda a, t: teacher.DiscountedUCB(1.0 - 0.25 * math.sqrt(1 / t), scale=False),
        *(switching_pair, f"{_GARIVIER} 1", bounds.d_ucb),
        grows=0.8,
        on="wrong plays",
    ),
    "sw-ucb": _case(_sw_ucb, switching, f"{_GARIVIER} 2", bounds.sw_ucb, grows=0.8, on="wrong plays"),
    "gaussian-thompson": _case(
        lambda a, t: teacher.GaussianThompson(1.0, 1.0, 1, scale=False), stochastic, _NO_CONSTANTS, grows=0.35
    ),
    "beta-thompson": _case(
        lambda a, t: teacher.BetaThompson(1.0, 1, scale=False), stochastic, _NO_CONSTANTS, grows=0.35
    ),
    "epsilon-greedy, decaying": _case(
        lambda a, t: teacher.EpsilonGreedy(1.0, None, 21.0, scale=False),  # c / d^2 for c = 5.25, d = 0.5
        *(stochastic, f"{_FINITE}, thm 3", bounds.epsilon_greedy),
        grows=0.35,
    ),
    "epsilon-greedy": _case(lambda a, t: teacher.EpsilonGreedy(scale=False), stochastic, "linear"),
    "boltzmann": _case(lambda a, t: teacher.Boltzmann(scale=False), stochastic, "linear"),
}
_LONG = (switching, switching_pair)  # settings whose bounds say something only for long horizons


def exponent(times: NDArray[np.int64], values: Floats) -> float | None:
    """B of values ~ t^b, by least squares in the log domain; None where a value is not above 0: that does not grow."""
    if (values <= 0).any():
        return None
    return float(np.polyfit(np.log(times), np.log(values), 1)[0])


def measured(case: Case, played: Played) -> float:
    """What the case's bound is on."""
    final = played.regret[:, -1]
    found = {"regret": final.mean(), "every row": final.max(), "wrong plays": played.wrong.mean(axis=0).max()}
    return float(found[case.on])


def growth(case: Case, setting: Setting, played: Played, rows: int, seed: int) -> float | None:
    """How what is measured grows.

    On stochastic rewards over the last 15/16 of the steps. Elsewhere regret is measured against what is best at the
    end, so over horizons: T / 16, T / 4 and T, each with the constants of its own theorem.
    """
    steps, num_arms = setting.means.shape
    if setting.name == "stochastic":
        at = np.unique(np.geomspace(max(1, steps // 16), steps, 40).astype(np.int64))
        return exponent(at, played.regret.mean(axis=0)[at - 1])
    horizons = np.array([steps // 16, steps // 4, steps])
    short = [play(case.make(num_arms, int(t)), case.setting(int(t)), rows, seed) for t in horizons[:-1]]
    return exponent(horizons, np.array([measured(case, one) for one in (*short, played)]))


def judge(name: str, steps: int, rows: int, seed: int = 0) -> dict[str, Any]:
    """Plays a case; its record, with what uniform choice gives, and ``holds``: bound and growth are as promised."""
    case = CASES[name]
    setting = case.setting(steps)
    num_arms = setting.means.shape[1]
    played = play(case.make(num_arms, steps), setting, rows, seed)
    found, uniform = measured(case, played), measured(case, play(teacher.Uniform(), setting, 2, seed))
    bound = None if case.bound is None else case.bound(setting)
    grown = growth(case, setting, played, rows, seed)
    slow = case.exponent is None or (grown is not None and grown <= case.exponent)
    return {
        "case": name,
        "setting": setting.name,
        "steps": steps,
        "arms": num_arms,
        "rows": rows,
        "on": case.on,
        "measured": found,
        "uniform": uniform,
        "bound": bound,
        "statement": case.statement,
        "growth": grown,
        "promised_growth": case.exponent,
        "holds": bool((bound is None or found <= bound) and slow),
    }


@dataclass(frozen=True)
class Options:
    """Size of the study."""

    steps: int = 40_000
    """T."""
    switching_steps: int = 200_000
    """T in the switching setting, where bounds say something only for long ones."""
    rows: int = 16
    """Repetitions."""
    out: Path = Path("benchmarks/results/regret.json")
    """Where the figures are kept."""


def main() -> None:
    """Plays all, prints, writes."""
    options = from_command_line(Options, "python -m benchmarks.studies.regret")
    records = [
        judge(name, options.switching_steps if case.setting in _LONG else options.steps, options.rows)
        for name, case in CASES.items()
    ]
    table = Table("case", "setting", "on", "measured", "bound", "uniform", "growth", "holds", box=None)
    for r in records:
        bound = "" if r["bound"] is None else f"{r['bound']:.0f}"
        table.add_row(
            *(r["case"], r["setting"], r["on"], f"{r['measured']:.0f}", bound, f"{r['uniform']:.0f}"),
            *("" if r["growth"] is None else f"t^{r['growth']:.2f}", "yes" if r["holds"] else "NO"),
        )
    Console().print(table)
    command = "python -m benchmarks.studies.regret"
    write_json(options.out, {"command": command, "environment": environment(), "cases": records})


if __name__ == "__main__":
    raise SystemExit(guarded(main))

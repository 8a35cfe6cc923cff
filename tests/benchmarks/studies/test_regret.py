"""Cumulative regret stays below the bound of each paper, grows as promised, and broken bandits are caught."""

import json
from pathlib import Path

import numpy as np
import pytest

import teacher
from benchmarks.studies import bounds
from benchmarks.studies.bandits import Setting, adversarial, play, stochastic, switching, switching_pair
from benchmarks.studies.regret import CASES, exponent, judge
from teacher import UCB1, EpsilonGreedy, Exp3, Exp3S, Feedback, Uniform

STEPS, ROWS = 2000, 8
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", CASES)
def test_regret_is_below_its_bound_and_uniforms(name):
    record = judge(name, STEPS, ROWS)
    assert record["bound"] is None or record["measured"] <= record["bound"], record
    if CASES[name].statement != "nothing is promised":
        assert record["measured"] < 0.75 * record["uniform"], record


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_regret_over_a_long_horizon_grows_as_promised(name):
    assert judge(name, 100_000 if CASES[name].setting in (switching, switching_pair) else 20_000, 8)["holds"]


@pytest.mark.parametrize("make", [UCB1, lambda scale: EpsilonGreedy(scale=scale), lambda scale: Uniform()])
def test_the_adversary_breaks_what_is_predictable_and_what_never_learns(make):
    """Linear regret: beyond every bound that EXP3 and its kin keep on the same rewards."""
    setting = adversarial(5000)
    limit = max(bounds.exp3_anytime(setting), bounds.exp3_fixed(setting), bounds.tsallis(setting))
    regret = play(make(scale=False), setting, 2).regret.mean(axis=0)
    assert regret[-1] > limit and regret[-1] > 1.8 * regret[2499]


def test_committed_bounds_say_more_than_uniform_choice():
    """The figures of the table: every bound holds, and is below what choosing at random gives."""
    cases = json.loads((ROOT / "benchmarks/results/regret.json").read_text())["cases"]
    assert {case["case"] for case in cases} == set(CASES)
    for case in cases:
        assert case["holds"], case
        assert case["bound"] is None or case["measured"] <= case["bound"] < case["uniform"], case


class GammaZero(Exp3):
    """The published baseline: the mixture never moves."""

    def _learn(self, state, mixture, seen):
        pass


class NoImportanceWeight(Exp3):
    """Adds losses without dividing by the chance: what is drawn often looks bad."""

    def _learn(self, state, mixture, seen):
        state["sums"] -= np.where(seen.observed, 1.0 - seen.reward, 0.0)


class WrongSign(Exp3):
    def update(self, obs, mixture, feedback):
        super().update(obs, mixture, Feedback(1.0 - feedback.gain, feedback.loss, feedback.gain, feedback.count))


@pytest.mark.parametrize("mutant", [GammaZero, NoImportanceWeight, WrongSign], ids=lambda m: m.__name__)
def test_mutants_of_exp3_exceed_its_bound(mutant):
    setting = stochastic(8000)
    assert play(Exp3(scale=False), setting, 4).regret[:, -1].mean() < bounds.exp3_anytime(setting)
    assert play(mutant(scale=False), setting, 4).regret[:, -1].mean() > bounds.exp3_anytime(setting)


def test_exp3s_follows_switches_that_exp3_does_not():
    setting = switching(20_000)
    follows = play(CASES["exp3s"].make(5, 20_000), setting, 4).regret[:, -1].mean()
    stays = play(Exp3(gamma=0.02, scale=False), setting, 4).regret[:, -1].mean()
    assert follows < 0.5 * stays


def test_bounds_by_hand():
    """The constants, written out once more for T = 10,000 and A = 10 (or 5 and two switches)."""
    ten, five = adversarial(10_000), switching(10_000)
    assert bounds.exp3_anytime(ten) == pytest.approx(2 * np.sqrt(10_000 * 10 * np.log(10)))
    assert bounds.exp3_fixed(ten) == pytest.approx(2.6217 * np.sqrt(10_000 * 10 * np.log(10)), rel=1e-4)
    assert bounds.exp4(ten) == pytest.approx(2.6217 * np.sqrt(10_000 * 10 * np.log(11)), rel=1e-4)
    assert bounds.tsallis(ten) == 4 * np.sqrt(100_000) + 1
    assert bounds.tsallis_rv(ten) == pytest.approx(2 * np.sqrt(100_000) + 100 * np.log(10_000) + 16)
    greedy = stochastic(3000)  # nine arms at a gap of 0.5; until step c A / d^2 = 210 each has a chance of 1/10
    assert bounds.epsilon_greedy(stochastic(210)) == pytest.approx(9 * 0.5 * 210 / 10)
    x = 2999 * 0.25 * np.exp(0.5) / 52.5
    last = 21 / 3000 + 42 * np.log(x) * x ** (-5.25 / 1.25) + 16 * np.e * x ** (-5.25 / 2)
    grown = bounds.epsilon_greedy(greedy) - bounds.epsilon_greedy(stochastic(2999))
    assert grown == pytest.approx(9 * 0.5 * last)
    assert bounds.exp3s(five) == pytest.approx(2.6217 * np.sqrt(50_000 * (3 * np.log(50_000) + np.e)), rel=1e-4)
    flat = Setting("stochastic", np.tile([0.9, 0.4, 0.6], (10_000, 1)))
    by_hand = 8 * np.log(10_000) * (1 / 0.5 + 1 / 0.3) + (1 + np.pi**2 / 3) * 0.8
    assert bounds.ucb1(flat) == pytest.approx(by_hand)


def test_regret_is_counted_against_the_right_best_arm():
    means = np.array([[0.9, 0.5], [0.9, 0.5], [0.1, 1.0], [0.1, 1.0]])
    fixed, moving = Setting("stochastic", means), Setting("switching", means, switches=1)
    only_the_first = teacher.StaticMixture((1.0, 0.0))
    np.testing.assert_allclose(play(only_the_first, fixed, 1).regret[0], np.cumsum([-0.4, -0.4, 0.9, 0.9]))
    played = play(only_the_first, moving, 1)
    np.testing.assert_allclose(played.regret[0], np.cumsum([0.0, 0.0, 0.9, 0.9]))
    assert played.wrong.tolist() == [[2, 0]]
    seen_through = Setting("adversarial", means, adaptive=True)  # its arm is worth nothing, the other what it is
    np.testing.assert_allclose(play(only_the_first, seen_through, 1).regret[0], np.cumsum([0.5, 0.5, 1.0, 1.0]))


def test_growth_of_known_curves():
    t = np.geomspace(100, 10_000, 20)
    assert exponent(t, 3 * np.sqrt(t)) == pytest.approx(0.5)
    assert exponent(t, 0.1 * t) == pytest.approx(1.0)
    assert exponent(t, -t) is None  # that does not grow, and is no proof of anything


def test_exp3s_needs_its_flow_between_arms():
    """With (nearly) no flow the weights of arms left behind take as long to come back as they took to fall."""
    setting = switching(20_000)
    gamma = 0.05
    stiff = Exp3S(eta=gamma / 5, epsilon=gamma, alpha=1e-300, scale=False)
    loose = Exp3S(eta=gamma / 5, epsilon=gamma, alpha=1e-3, scale=False)
    assert play(loose, setting, 4).regret[:, -1].mean() < play(stiff, setting, 4).regret[:, -1].mean()

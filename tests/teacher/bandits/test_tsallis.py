import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from teacher_support import act, follows, learn, one_arm, seen, started

from teacher import TsallisInf
from teacher.bandits.tsallis import half_tsallis

few = settings(max_examples=60, deadline=None, derandomize=True)
LOSSES = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=8)
ETAS = st.floats(1e-3, 4.0)


def objective(p, losses, eta):
    """<p, L> - (4 / eta) sum_a (sqrt(p_a) - p_a / 2), from the docstring."""
    return p @ losses - 4 / eta * (np.sqrt(p) - p / 2).sum()


@few
@given(LOSSES, ETAS)
def test_the_mixture_satisfies_the_first_order_conditions(losses, eta):
    """L_a - (4 / eta) (1 / (2 sqrt(p_a)) - 1/2) is the same for every arm: the multiplier of sum p = 1."""
    losses = np.array(losses)
    p = half_tsallis(losses[None], eta)[0]
    assert (p > 0).all() and p.sum() == pytest.approx(1, abs=1e-12)
    gradient = losses - 4 / eta * (1 / (2 * np.sqrt(p)) - 0.5)
    scale = np.abs(losses).max() + 4 / eta
    assert np.ptp(gradient) < 1e-8 * max(scale, (2 / (eta * np.sqrt(p))).max())


@pytest.mark.parametrize("seed", range(8))
def test_no_other_mixture_is_better(seed):
    """scipy's SLSQP on the objective, from three starts; it must not find less, nor elsewhere."""
    rng = np.random.default_rng(seed)
    losses, eta = rng.uniform(0, 10, 5), float(rng.uniform(0.05, 2))
    p = half_tsallis(losses[None], eta)[0]
    for _ in range(3):
        found = optimize.minimize(
            objective,
            rng.dirichlet(np.ones(5)),
            args=(losses, eta),
            method="SLSQP",
            bounds=[(1e-9, 1)] * 5,
            constraints={"type": "eq", "fun": lambda q: q.sum() - 1},
            options={"ftol": 1e-14, "maxiter": 1000},
        )
        assert objective(p, losses, eta) <= found.fun + 1e-9
        np.testing.assert_allclose(p, found.x, atol=2e-4)


def test_by_hand():
    """Two arms, eta = 1, L = (0, d) with x = -5/2: p_1 = (2 / (5/2))^2 = 16/25, p_2 = 9/25 needs d + 5/2 = 10/3."""
    np.testing.assert_allclose(half_tsallis(np.array([[0.0, 10 / 3 - 5 / 2]]), 1.0), [[16 / 25, 9 / 25]])
    np.testing.assert_allclose(half_tsallis(np.array([[7.0] * 4]), 0.3), [[0.25] * 4])
    np.testing.assert_array_equal(half_tsallis(np.array([[3.0]]), 2.0), [[1.0]])


@few
@given(st.lists(LOSSES.filter(lambda row: len(row) >= 4).map(lambda row: row[:4]), min_size=2, max_size=5), ETAS)
def test_rows_do_not_depend_on_each_other_to_the_last_bit(rows, eta):
    table = np.array(rows)
    together = half_tsallis(table, eta)
    for k, row in enumerate(table):
        np.testing.assert_array_equal(together[k], half_tsallis(row[None], eta)[0])


def test_many_arms_and_extreme_losses_converge():
    rng = np.random.default_rng(0)
    for losses in (rng.uniform(0, 1e8, (3, 1000)), np.zeros((3, 1000)), rng.uniform(0, 1e-9, (3, 1000))):
        for eta in (4.0, 2e-3):
            p = half_tsallis(losses, eta)
            root = 2 / (eta * np.sqrt(p))
            spread = np.ptp(losses - root, axis=1)
            assert (np.abs(p.sum(axis=1) - 1) < 1e-12).all() and (spread < 1e-7 * root.max(axis=1)).all()


class Oracle:
    """Zimmert and Seldin (2021), algorithm 1; the multiplier x by bisection instead of Newton's method."""

    def __init__(self, num_arms, estimator="iw", full=False):
        self.losses, self.t, self.estimator, self.full = [0.0] * num_arms, 1, estimator, full

    def eta(self):
        return (2 if self.estimator == "iw" else 4) / math.sqrt(self.t)

    def mixture(self):
        eta = self.eta()
        low, high = min(self.losses) - 2 * len(self.losses) / eta, min(self.losses) - 2 / eta
        for _ in range(200):
            x = (low + high) / 2
            total = sum(4 / (eta * (loss - x)) ** 2 for loss in self.losses)
            low, high = (x, high) if total < 1 else (low, x)
        return [4 / (eta * (loss - x)) ** 2 for loss in self.losses]

    def learn(self, mixture, count, gain, loss, competence):
        base = [0.5 if self.estimator == "rv" and not self.full and p >= self.eta() ** 2 else 0.0 for p in mixture]
        for a, r in enumerate(gain):
            weight = 1.0 if self.full else count[a] / sum(count) / mixture[a]
            self.losses[a] += base[a] + (0.0 if r is None else ((1 - r) - base[a]) * weight)
        self.t += 1


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("estimator", ["iw", "rv"])
def test_equals_the_papers_loop(estimator, full):
    """60 decisions, so that reduced variance uses its base B = 1/2 (from t = 16 on an arm can reach p >= eta^2)."""
    taught = TsallisInf(estimator, feedback="full" if full else "sampled", scale=False)
    follows(taught, [Oracle(4, estimator, full) for _ in range(3)], decisions=60, full=full, rtol=1e-7)


def test_the_step_sizes_are_the_papers():
    assert [TsallisInf("iw")._eta(t - 1) for t in (1, 4, 16)] == [2, 1, 0.5]
    assert [TsallisInf("rv")._eta(t - 1) for t in (1, 4, 16)] == [4, 2, 1]


def test_with_full_feedback_a_constant_on_all_rewards_changes_nothing():
    plain, moved = (started(TsallisInf(feedback="full", scale=False), 4) for _ in range(2))
    rng = np.random.default_rng(0)
    for _ in range(30):
        gain = rng.uniform(0.3, 0.7, 4)
        learn(plain, seen([1, 1, 1, 1], gain=gain))
        learn(moved, seen([1, 1, 1, 1], gain=gain + 0.2))
    np.testing.assert_allclose(act(plain, 1, 4), act(moved, 1, 4), rtol=1e-8)


def test_an_unknown_estimator_and_gains_outside_the_unit_interval_are_refused():
    with pytest.raises(ValueError, match="estimator must be iw or rv; got 'mc'"):
        TsallisInf("mc")
    with pytest.raises(ValueError, match=r"gains must be in \[0, 1\]; got 1.5 to 1.5"):
        learn(started(TsallisInf(scale=False)), one_arm(0, 3, 1.5))

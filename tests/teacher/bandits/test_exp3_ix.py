import math

import numpy as np
import pytest
from teacher_support import exponential, follows, learn, observation, one_arm, started

from teacher import Exp3IX

OBS = observation(1, 3)


class Exp3IXOracle:
    """Neu (2015), algorithm 1: loss / (p + gamma), eta = 2 gamma; anytime: eta_t = 2 gamma_t = sqrt(ln A / (A t))."""

    def __init__(self, num_arms, gamma=None, full=False):
        self.gamma, self.full, self.score, self.t = gamma, full, [0.0] * num_arms, 1

    def _gamma(self):
        num_arms = len(self.score)
        return math.sqrt(math.log(num_arms) / (num_arms * self.t)) / 2 if self.gamma is None else self.gamma

    def mixture(self):
        return exponential([-2 * self._gamma() * s for s in self.score])

    def learn(self, mixture, count, gain, loss, competence):
        for a, r in enumerate(gain):
            if r is not None:
                weight = 1.0 if self.full else count[a] / sum(count) / (mixture[a] + self._gamma())
                self.score[a] += (1.0 - r) * weight
        self.t += 1


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("gamma", [None, 0.05])
def test_exp3_ix_equals_the_papers_loop(gamma, full):
    taught = Exp3IX(gamma=gamma, feedback="full" if full else "sampled", scale=False)
    follows(taught, [Exp3IXOracle(4, gamma, full) for _ in range(3)], full=full)


def test_exp3_ix_by_hand():
    """Two arms, gamma = 0.1: a loss of 0.6 at p = 1/2 counts 0.6 / 0.6 = 1, so p = 1 / (1 + exp(0.2))."""
    teacher = started(Exp3IX(gamma=0.1, scale=False), 2)
    learn(teacher, one_arm(1, 2, 0.4))
    expected = [1 / (1 + math.exp(-0.2)), 1 / (1 + math.exp(0.2))]
    np.testing.assert_allclose(teacher.act(OBS[:, :2])[0], expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Exp3IX(gamma=0.0), r"gamma must be in \(0, 1\]; got 0.0 \(0 never updates a weight\)"),
        (lambda: Exp3IX(gamma=1.1), r"gamma must be in \(0, 1\]; got 1.1"),
    ],
)
def test_parameters_that_break_the_algorithm_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_unscaled_exp3_ix_refuses_gains_outside_the_unit_interval():
    teacher = started(Exp3IX(scale=False))
    with pytest.raises(ValueError, match=r"gains must be in \[0, 1\]; got 3.0 to 3.0"):
        teacher.update(OBS, teacher.act(OBS), one_arm(0, 3, 3.0))

import math

import numpy as np
import pytest
from scipy import stats
from teacher_support import act, follows, learn, seen, started

from teacher import FastSlow
from teacher.progress.fast_slow import reweighted


class Oracle:
    """Kanitscheider et al. (2021), section 3, arm by arm; the sigmoid's constants from scipy's normal quantiles."""

    def __init__(self, num_arms, step, theta, epsilon):
        self.fast, self.slow = [None] * num_arms, [None] * num_arms
        self.step, self.theta, self.epsilon = step, theta, epsilon

    def progress(self):
        def f(p):
            return (1 - self.theta) * p / (p + self.theta * (1 - 2 * p))

        pairs = list(zip(self.fast, self.slow, strict=True))
        known = [None if fast is None else abs(f(fast) - f(slow)) for fast, slow in pairs]
        largest = max([p for p in known if p is not None], default=0.0)
        return [largest if p is None else p for p in known]

    def mixture(self):
        progress = self.progress()
        mean = sum(progress) / len(progress)
        deviation = math.sqrt(sum((p - mean) ** 2 for p in progress) / len(progress))
        z = [(p - mean) / deviation if deviation > 1e-12 else 0.0 for p in progress]
        centre, saturated = stats.norm.ppf(0.9), stats.norm.ppf(0.95)
        sharpness = math.log(0.95 / 0.05) / (saturated - centre)
        weights = [1 / (1 + math.exp(-sharpness * (v - centre))) for v in z]
        return [(1 - self.epsilon) * w / sum(weights) + self.epsilon / len(weights) for w in weights]

    def learn(self, mixture, count, gain, loss, competence):
        for a, p in enumerate(competence):
            if p is None:
                continue
            first = self.fast[a] is None
            self.fast[a] = p if first else self.fast[a] + self.step * (p - self.fast[a])
            self.slow[a] = self.fast[a] if first else self.slow[a] + self.step * (self.fast[a] - self.slow[a])


@pytest.mark.parametrize(("step", "theta", "epsilon"), [(0.1, 0.1, 0.1), (0.4, 0.5, 0.3), (1.0, 0.3, 1e-9)])
def test_equals_the_papers_loop(step, theta, epsilon):
    oracles = [Oracle(5, step, theta, epsilon) for _ in range(3)]
    follows(FastSlow(step, theta, epsilon), oracles, arms=5, rtol=1e-7)


def test_by_hand():
    """step 1/2, theta 1/10: competence 1/2, then 1/4: fast 3/8, slow 7/16; f(p) = 0.9 p / (0.1 + 0.8 p)."""
    taught = started(FastSlow(step=0.5))
    learn(taught, seen([1, 1, 0], competence=[0.5, 0.0, 1.0]))
    np.testing.assert_allclose(taught.diagnostics()["progress"], [[0, 0, 0]])  # a first visit is no progress yet
    learn(taught, seen([1, 1, 0], competence=[0.25, 0.0, 1.0]))
    f = [0.9 * p / (0.1 + 0.8 * p) for p in (3 / 8, 7 / 16)]
    np.testing.assert_allclose(taught.diagnostics()["progress"], [[f[1] - f[0], 0, f[1] - f[0]]])  # unseen: the largest
    p = act(taught, 1, 3)[0]
    assert p[0] == pytest.approx(p[2]) and p[1] >= 0.1 / 3 and p[0] > 0.4


def test_reweighting_keeps_the_ends_and_stretches_small_probabilities():
    p = np.linspace(0, 1, 11)
    assert reweighted(p, 0.1)[[0, 10]].tolist() == [0, 1]
    assert (reweighted(p, 0.1)[1:10] > p[1:10]).all() and (np.diff(reweighted(p, 0.1)) > 0).all()
    np.testing.assert_allclose(reweighted(p, 0.5), p)


def test_no_progress_or_the_same_everywhere_is_uniform():
    taught = started(FastSlow(), 4)
    assert act(taught, 1, 4).tolist() == [[0.25] * 4]
    for _ in range(5):
        learn(taught, seen([1, 1, 1, 1], competence=0.1 + 0.2))
    np.testing.assert_allclose(act(taught, 1, 4), [[0.25] * 4])


def test_losing_competence_counts_as_gaining_it():
    up, down = started(FastSlow(step=0.5, theta=0.5), 8), started(FastSlow(step=0.5, theta=0.5), 8)
    for taught, last in ((up, 0.7), (down, 0.3)):
        for _ in range(60):
            learn(taught, seen(np.ones(8), competence=0.5))
        learn(taught, seen(np.arange(8) == 3, competence=last))
    np.testing.assert_allclose(act(up, 1, 8), act(down, 1, 8), rtol=1e-6)
    assert act(up, 1, 8)[0, 3] > 0.8


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FastSlow(step=0.0), r"step must be in \(0, 1\]; got 0.0 \(0 never learns\)"),
        (lambda: FastSlow(theta=0.0), r"theta must be in \(0, 0.5\]; got 0.0 \(0 makes every success 1\)"),
        (lambda: FastSlow(epsilon=0.0), r"epsilon must be in \(0, 1\]; got 0.0 \(0 leaves arms unexplored\)"),
        (lambda: FastSlow(theta=0.6), r"theta must be in \(0, 0.5\]; got 0.6"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

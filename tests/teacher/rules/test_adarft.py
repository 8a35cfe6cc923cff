import math

import numpy as np
import pytest
from teacher_support import act, chain, follows, learn, seen, started, two_tasks

from teacher import AdaRFT


class Oracle:
    """Shi et al. (2025), algorithm 1, the two levels next to T by their nearness."""

    def __init__(self, levels, eta, alpha, beta):
        self.levels, self.eta, self.alpha, self.beta, self.target = levels, eta, alpha, beta, 0.0

    def mixture(self):
        top = max(self.levels)
        place = self.target * top
        low = min(int(place), top)
        share = {low: 1 - (place - low), low + 1: place - low}
        return [share.get(level, 0.0) / self.levels.count(level) for level in self.levels]

    def learn(self, mixture, count, gain, loss, competence):
        success = sum(c * n for c, n in zip(competence, count, strict=True) if n) / sum(count)
        moved = self.target + self.eta * math.tanh(self.alpha * (success - self.beta))
        self.target = min(1.0, max(0.0, moved))


@pytest.mark.parametrize("arms", [chain(5), two_tasks(), chain(1)], ids=["chain", "two tasks", "one arm"])
def test_equals_the_papers_loop(arms):
    oracles = [Oracle(arms.levels.tolist(), 0.3, 2.0, 0.45) for _ in range(3)]
    follows(AdaRFT(eta=0.3, beta=0.45), oracles, arms=arms, decisions=60)


def test_by_hand():
    """eta 0.4, alpha 2, beta 0.5, a success of 0.9: T = 0.4 tanh(0.8); with three levels T is at 2 T = 0.53."""
    taught = started(AdaRFT(eta=0.4))
    assert act(taught, 1, 3).tolist() == [[1, 0, 0]]
    learn(taught, seen([3, 1, 0], competence=[1.0, 0.6, 9]))  # (3 x 1.0 + 0.6) / 4 = 0.9
    place = 2 * 0.4 * math.tanh(0.8)
    np.testing.assert_allclose(act(taught, 1, 3), [[1 - place, place, 0]])
    np.testing.assert_allclose(taught.diagnostics()["target_difficulty"], [place / 2])


def test_it_stays_in_range_and_where_it_is_without_feedback():
    taught = started(AdaRFT(eta=1.0), 4)
    learn(taught, seen([0, 0, 0, 0]))
    assert act(taught, 1, 4).tolist() == [[1, 0, 0, 0]]
    for _ in range(5):
        learn(taught, seen([1, 1, 1, 1], competence=1.0))
    assert act(taught, 1, 4).tolist() == [[0, 0, 0, 1]]
    learn(taught, seen([0, 0, 0, 0]))
    assert act(taught, 1, 4).tolist() == [[0, 0, 0, 1]]
    for _ in range(5):
        learn(taught, seen([1, 1, 1, 1], competence=0.0))
    assert act(taught, 1, 4).tolist() == [[1, 0, 0, 0]]


def test_it_settles_where_success_is_beta():
    """A student whose success falls from 1 to 0 over the range: T settles where half of the answers are right."""
    taught = started(AdaRFT(eta=0.05), 5)
    for _ in range(400):
        p = act(taught, 1, 5)
        learn(taught, seen(np.round(1000 * p), competence=np.linspace(1, 0, 5)), p)
    assert taught.diagnostics()["target_difficulty"][0] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"eta": 0.0}, r"eta must be in \(0, 1\]; got 0.0 \(0 never moves\)"),
        ({"alpha": 0.0}, r"alpha must be in \(0, inf\); got 0.0 \(0 never moves\)"),
        ({"beta": 0.0}, r"beta must be in \(0, 1\); got 0.0"),
        ({"beta": 1.0}, r"beta must be in \(0, 1\); got 1.0"),
    ],
)
def test_parameters_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        AdaRFT(**options)

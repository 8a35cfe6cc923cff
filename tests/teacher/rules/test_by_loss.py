import math

import numpy as np
import pytest
from teacher_support import act, follows, learn, seen, started

from teacher import ODM, LossProportional, PrioritizedReplay, reads_gain


class LossOracle:
    """A running mean of each arm's loss, unseen arms as the worst, in proportion."""

    def __init__(self, num_arms, step, epsilon):
        self.loss, self.step, self.epsilon = [None] * num_arms, step, epsilon

    def mixture(self):
        worst = max([loss for loss in self.loss if loss is not None], default=1.0)
        weights = [worst if loss is None else loss for loss in self.loss]
        return [(1 - self.epsilon) * w / sum(weights) + self.epsilon / len(weights) for w in weights]

    def learn(self, mixture, count, gain, loss, competence):
        for a, value in enumerate(loss):
            if value is not None:
                kept = self.loss[a]
                self.loss[a] = value if kept is None else (1 - self.step) * kept + self.step * value


class ODMOracle:
    """Albalak et al. (2023), algorithm 1; ``code``: their repository's sum of losses over ten."""

    def __init__(self, num_arms, variant, keep, full=False):
        self.r, self.t, self.variant, self.keep, self.full = [0.0] * num_arms, 0, variant, keep, full

    def epsilon(self, t):
        num_arms = len(self.r)
        return 1 / num_arms if t == 0 else min(1 / num_arms, math.sqrt(math.log(num_arms) / (num_arms * t)))

    def mixture(self):
        num_arms, before, now = len(self.r), self.epsilon(max(self.t - 1, 0)), self.epsilon(self.t)
        weights = [math.exp(before * (r - max(self.r))) for r in self.r]
        return [(1 - num_arms * now) * w / sum(weights) + now for w in weights]

    def learn(self, mixture, count, gain, loss, competence):
        for a, value in enumerate(loss):
            if value is not None:
                weighted = value * (1.0 if self.full else count[a] / sum(count) / mixture[a])
                if self.variant == "code":
                    self.r[a] += weighted / 10
                else:
                    self.r[a] = self.keep * self.r[a] + (1 - self.keep) * weighted
        self.t += 1


class ReplayOracle:
    """Jiang et al. (2021), section 3: ranks by sorting, staleness by counting; ties share their best rank."""

    def __init__(self, num_arms, score, temperature, staleness, step):
        self.scores, self.seen_at, self.now = [None] * num_arms, [0] * num_arms, 0
        self.score, self.temperature, self.staleness, self.step = score, temperature, staleness, step

    def mixture(self):
        scores = [math.inf if s is None else s for s in self.scores]
        weights = [(1 + sum(other > s for other in scores)) ** (-1 / self.temperature) for s in scores]
        stale = [self.now - t for t in self.seen_at]
        total = sum(stale)
        return [
            (1 - self.staleness) * w / sum(weights) + self.staleness * (s / total if total else 1 / len(scores))
            for w, s in zip(weights, stale, strict=True)
        ]

    def learn(self, mixture, count, gain, loss, competence):
        self.now += 1
        for a in range(len(count)):
            if count[a]:
                value = abs(gain[a]) if self.score == "gain" else loss[a]
                kept = self.scores[a]
                self.scores[a] = value if kept is None else (1 - self.step) * kept + self.step * value
                self.seen_at[a] = self.now


def kind(full):
    return "full" if full else "sampled"


def test_loss_proportional_equals_the_loop():
    follows(LossProportional(step=0.4, epsilon=0.2), [LossOracle(4, 0.4, 0.2) for _ in range(3)])


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("variant", ["formula", "code"])
def test_odm_equals_the_papers_loop(variant, full):
    taught = ODM(variant, keep=0.8, feedback=kind(full))
    follows(taught, [ODMOracle(4, variant, 0.8, full) for _ in range(3)], full=full, decisions=60)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("score", ["gain", "loss"])
@pytest.mark.parametrize("step", [0.3, 1.0])
def test_replay_equals_the_papers_loop(score, step, full):
    taught = PrioritizedReplay(score, temperature=0.5, staleness=0.4, step=step, feedback=kind(full))
    follows(taught, [ReplayOracle(4, score, 0.5, 0.4, step) for _ in range(3)], full=full, unit=False)


def test_loss_proportional_by_hand():
    taught = started(LossProportional(), 3)
    np.testing.assert_allclose(act(taught, 1, 3), [[1 / 3] * 3])
    learn(taught, seen([1, 1, 0], loss=[1.0, 3.0, 99.0]))
    np.testing.assert_allclose(act(taught, 1, 3), [0.9 * np.array([1, 3, 3]) / 7 + 0.1 / 3])
    learn(taught, seen([0, 1, 0], loss=1.0))  # 0.7 x 3 + 0.3 x 1
    np.testing.assert_allclose(act(taught, 1, 3), [0.9 * np.array([1, 2.4, 2.4]) / 5.8 + 0.1 / 3])


def test_loss_proportional_where_no_loss_is_left_is_uniform():
    taught = started(LossProportional(), 2)
    learn(taught, seen([1, 1], loss=0.0))
    assert act(taught, 1, 2).tolist() == [[0.5, 0.5]]


def test_odm_by_hand():
    """Four arms; a loss of 2 at p = 1/4 gives R = 0.1 x 8 = 0.8; eps_1 = 1/4 still, so uniform; eps_2 = sqrt(ln 4 / 8)
    is larger than 1/4 too; eps_8 = sqrt(ln 4 / 32) is not, and its step is eps_7."""
    taught = started(ODM(), 4)
    learn(taught, seen([5, 0, 0, 0], loss=2.0))
    assert taught.state_dict()["rewards"].tolist() == [[pytest.approx(0.8), 0, 0, 0]]
    np.testing.assert_allclose(act(taught, 1, 4), [[0.25] * 4])
    for _ in range(7):
        learn(taught, seen([0, 0, 0, 0]))
    eps = math.sqrt(math.log(4) / 32)
    e = math.exp(0.8 * math.sqrt(math.log(4) / 28))
    assert eps < 1 / 4 < math.sqrt(math.log(4) / 8)
    expected = (1 - 4 * eps) * np.array([e, 1, 1, 1]) / (e + 3) + eps
    np.testing.assert_allclose(act(taught, 1, 4)[0], expected)


@pytest.mark.parametrize("variant", ["formula", "code"])
def test_the_floor_of_odm_is_its_epsilon(variant):
    taught, rng = started(ODM(variant), 5), np.random.default_rng(0)
    for t in range(1, 300):
        learn(taught, seen(rng.multinomial(3, [0.2] * 5), loss=rng.uniform(0, 6, 5)))
        assert act(taught, 1, 5).min() >= min(1 / 5, math.sqrt(math.log(5) / (5 * t))) - 1e-12


def test_replay_by_hand():
    """Scores 3, 1, 2 and an unseen arm: ranks 2, 4, 3, 1. Seen at 1, 3, 3 of 3 decisions: staleness 2, 0, 0, 3."""
    taught = started(PrioritizedReplay("loss", temperature=1.0, staleness=0.3), 4)
    learn(taught, seen([1, 0, 0, 0], loss=3.0))
    learn(taught, seen([0, 0, 0, 0]))
    learn(taught, seen([0, 1, 1, 0], loss=[9, 1.0, 2.0, 9]))
    ranked, stale = np.array([1 / 2, 1 / 4, 1 / 3, 1]), np.array([2, 0, 0, 3])
    expected = 0.7 * ranked / ranked.sum() + 0.3 * stale / 5
    np.testing.assert_allclose(act(taught, 1, 4)[0], expected)


def test_replay_scores_by_the_size_of_the_gain():
    taught = started(PrioritizedReplay("gain", staleness=0.1, step=1.0))
    learn(taught, seen([1, 1, 1], gain=[0.2, -0.9, 0.1]))
    assert np.argsort(act(taught, 1, 3)[0]).tolist() == [2, 0, 1]


def test_equal_scores_share_their_best_rank():
    taught = started(PrioritizedReplay("loss", temperature=1.0))
    learn(taught, seen([1, 1, 1], loss=[1.0, 2.0, 2.0]))
    weights = np.array([1 / 3, 1, 1])
    np.testing.assert_allclose(act(taught, 1, 3)[0], 0.7 * weights / weights.sum() + 0.3 / 3)


def test_what_is_small_in_temperature_underflows_to_the_best_alone():
    taught = started(PrioritizedReplay(temperature=1e-4, staleness=0.1))
    learn(taught, seen([1, 1, 1], gain=[1.0, 2.0, 3.0]))
    np.testing.assert_allclose(act(taught, 1, 3)[0], [0.1 / 3, 0.1 / 3, 0.9 + 0.1 / 3])


def test_only_replay_by_gain_asks_for_a_signal():
    asks = [reads_gain(t) for t in (PrioritizedReplay("gain"), PrioritizedReplay("loss"), ODM(), LossProportional())]
    assert asks == [True, False, False, False]


@pytest.mark.parametrize("make", [LossProportional, ODM, lambda: PrioritizedReplay("loss")])
@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_is_refused_and_poisons_nothing(make, loss):
    taught = started(make())
    before = act(taught, 1, 3)
    with pytest.raises(ValueError, match=rf"feedback\.loss must be finite; got {loss} for row 0, arm 1"):
        learn(taught, seen([0, 1, 0], loss=loss))
    np.testing.assert_array_equal(act(taught, 1, 3), before)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LossProportional(step=0.0), r"step must be in \(0, 1\]; got 0.0 \(0 never learns\)"),
        (lambda: LossProportional(epsilon=1.5), r"epsilon must be in \(0, 1\]; got 1.5"),
        (lambda: ODM("paper"), "variant must be formula or code; got 'paper'"),
        (lambda: ODM(keep=1.0), r"keep must be in \[0, 1\); got 1.0 \(1 never learns\)"),
        (lambda: ODM(keep=-0.1), r"keep must be in \[0, 1\); got -0.1"),
        (lambda: PrioritizedReplay("regret"), "score must be gain or loss; got 'regret'"),
        (lambda: PrioritizedReplay(temperature=0.0), r"temperature must be in \(0, inf\); got 0.0 \(ranks need some\)"),
        (lambda: PrioritizedReplay(staleness=0.0), r"staleness must be in \(0, 1\]; got 0.0 \(0 forgets arms for good"),
        (lambda: PrioritizedReplay(step=0.0), r"step must be in \(0, 1\]; got 0.0"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

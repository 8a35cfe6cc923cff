import math

import numpy as np
import pytest
from teacher_support import act, chain, follows, learn, seen, started, two_tasks

from teacher import SkillIt, reads_gain


class Oracle:
    """Chen et al. (2023), algorithm 1, with a graph that is given and losses as the last three that were seen."""

    def __init__(self, graph, eta, window, every, targets):
        self.graph, self.eta, self.window, self.every, self.targets = graph, eta, window, every, targets
        self.losses, self.time = [[] for _ in graph], 0
        self.p = self.weighed([1.0] * len(graph))

    def weighed(self, losses):
        credits = [
            self.eta * sum(g * loss for g, loss, t in zip(row, losses, self.targets, strict=True) if t)
            for row in self.graph
        ]
        weights = [math.exp(credit - max(credits)) for credit in credits]
        return [w / sum(weights) for w in weights]

    def mixture(self):
        return self.p

    def learn(self, mixture, count, gain, loss, competence):
        for own, value in zip(self.losses, loss, strict=True):
            if value is not None:
                own.append(value)
        self.time += 1
        if self.time % self.every == 0:
            sums = [sum(own[-self.window :]) if own else None for own in self.losses]
            worst = max([m for m in sums if m is not None], default=1.0)
            self.p = self.weighed([worst if m is None else m for m in sums])


CHAIN = [[1, 0.5, 0, 0], [0, 1, 0.5, 0], [0, 0, 1, 0.5], [0, 0, 0, 1]]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("window", "every"), [(3, 1), (2, 4), (1, 3)])
def test_it_equals_the_papers_loop(window, every, full):
    oracles = [Oracle(CHAIN, 0.2, window, every, [True] * 4) for _ in range(3)]
    follows(SkillIt(eta=0.2, window=window, every=every), oracles, full=full, decisions=40)


def test_a_graph_of_the_users_own():
    graph = [[1, 2, 0, 0], [0, 1, 0, -1], [0, 0, 0, 0], [0.25, 0, 0, 3]]
    taught = SkillIt(eta=0.1, graph=tuple(np.ravel(graph)))
    follows(taught, [Oracle(graph, 0.1, 3, 1, [True] * 4) for _ in range(3)])


def test_only_the_targets_losses_count():
    arms = chain(3, targets=[False, False, True])
    taught = started(SkillIt(eta=0.5, window=1), arms)
    np.testing.assert_allclose(act(taught, 1, 3)[0], np.exp([0, 0.25, 0.5]) / np.exp([0, 0.25, 0.5]).sum())
    learn(taught, seen([1, 1, 1], loss=[9.0, 9.0, 2.0]))
    np.testing.assert_allclose(act(taught, 1, 3)[0], np.exp([0, 0.5, 1.0]) / np.exp([0, 0.5, 1.0]).sum())


def test_an_arm_helps_those_one_step_harder_on_each_axis_of_its_task():
    """Of a grid of two by two with losses 1, the corner helps two, each of these the last; the other task is apart."""
    taught = started(SkillIt(eta=1.0, window=1), two_tasks())
    credits = np.array([1 + 0.5 + 0.5, 1 + 0.5, 1 + 0.5, 1, 0 + 0.5, 1])  # arm 4 is no target
    np.testing.assert_allclose(act(taught, 1, 6)[0], np.exp(credits) / np.exp(credits).sum())


def test_without_strength_weights_follow_each_arms_own_loss():
    taught = started(SkillIt(eta=0.5, window=2, strength=0.0))
    learn(taught, seen([1, 1, 0], loss=[1.0, 3.0, 99.0]))  # the third, not seen, counts as 3
    np.testing.assert_allclose(act(taught, 1, 3)[0], np.exp([0.5, 1.5, 1.5]) / np.exp([0.5, 1.5, 1.5]).sum())
    learn(taught, seen([1, 0, 0], loss=[0.5, 0, 0]))
    np.testing.assert_allclose(act(taught, 1, 3)[0], np.exp([0.75, 1.5, 1.5]) / np.exp([0.75, 1.5, 1.5]).sum())


def test_it_starts_as_the_authors_code_does():
    """exp(eta G 1), whatever the window: with a chain of three 1.5, 1.5 and 1 times eta."""
    expected = np.exp([0.75, 0.75, 0.5])
    np.testing.assert_allclose(act(started(SkillIt(window=3)), 1, 3)[0], expected / expected.sum())


def test_the_mixture_stays_until_it_is_time():
    taught = started(SkillIt(every=3))
    first = act(taught, 1, 3)
    for decision in range(1, 6):
        learn(taught, seen([1, 1, 1], loss=[0.1, 0.2, 4.0]))
        assert (act(taught, 1, 3) == first).all() == (decision < 3)


def test_it_reads_no_gain():
    assert not reads_gain(SkillIt())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SkillIt(eta=0.0), r"eta must be in \(0, inf\); got 0.0 \(0 never learns\)"),
        (lambda: SkillIt(window=0), "window must be at least 1; got 0"),
        (lambda: SkillIt(every=0), "every must be at least 1; got 0"),
        (lambda: SkillIt(strength=-1.0), "strength must not be below 0; got -1.0"),
        (lambda: SkillIt(graph=(1.0, math.nan)), "graph must be finite"),
        (lambda: started(SkillIt(graph=(1.0, 0.0, 0.0, 1.0))), "graph must hold 3 x 3 = 9 numbers; got 4"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

import numpy as np
import pytest
from teacher_support import act, chain, follows, learn, seen, started, two_tasks

from teacher import TargetDeficit

EASIER = [[], [0], [0], [1, 2], [], [4]]
"""The arms one step easier than each arm of ``two_tasks``, by hand: a 2 x 2 grid and a chain of two."""


class Oracle:
    def __init__(self, arms, easier, step, sharpness, auxiliary, epsilon):
        self.c, self.seen, self.m, self.easier = [0.0] * arms.num_arms, set(), arms.thresholds.tolist(), easier
        self.step, self.sharpness, self.epsilon = step, sharpness, epsilon
        self.weight = [1.0 if target else auxiliary for target in arms.targets]
        self.targets = arms.targets.tolist()

    def mixture(self):
        share = [min(1.0, c / m) for c, m in zip(self.c, self.m, strict=True)]
        weights = []
        for a, below in enumerate(self.easier):
            reach = max(share[a], min([share[b] for b in below], default=1.0)) ** self.sharpness
            weights.append(self.weight[a] * max(0.0, self.m[a] - self.c[a]) / self.m[a] * reach)
        if all(s >= 1 or w == 0 for s, w in zip(share, self.weight, strict=True)):
            weights = [float(t) for t in self.targets]
        return [(1 - self.epsilon) * w / sum(weights) + self.epsilon / len(weights) for w in weights]

    def learn(self, mixture, count, gain, loss, competence):
        for a, c in enumerate(competence):
            if c is not None:
                self.c[a] += (self.step if a in self.seen else 1.0) * (c - self.c[a])
                self.seen.add(a)


@pytest.mark.parametrize("auxiliary", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("sharpness", [1.0, 2.0])
def test_equals_the_loop(sharpness, auxiliary):
    arms = two_tasks()
    settings = {"step": 0.4, "sharpness": sharpness, "auxiliary": auxiliary, "epsilon": 0.2}
    oracles = [Oracle(arms, EASIER, *settings.values()) for _ in range(3)]
    follows(TargetDeficit(**settings), oracles, arms=arms, decisions=60)


def test_by_hand():
    """Thresholds 0.8, competences 0.6 and 0.2: shares 3/4 and 1/4, so deficits 1/4, 3/4, 1 and reach 1, 9/16, 1/16."""
    taught = started(TargetDeficit(), chain(3, thresholds=[0.8] * 3))
    np.testing.assert_allclose(act(taught, 1, 3), [[0.9 + 0.1 / 3, 0.1 / 3, 0.1 / 3]])
    learn(taught, seen([1, 1, 0], competence=[0.6, 0.2, 1.0]))
    weights = np.array([1 / 4, 3 / 4 * 9 / 16, 1 / 16])
    np.testing.assert_allclose(act(taught, 1, 3), [0.9 * weights / weights.sum() + 0.1 / 3])


def test_an_arm_that_does_well_is_within_reach_whatever_is_below_it():
    taught = started(TargetDeficit(epsilon=0.01), chain(2, thresholds=[0.9, 0.9]))
    learn(taught, seen([1, 1], competence=[0.0, 0.45]))
    assert act(taught, 1, 2)[0, 1] == pytest.approx(0.99 * (0.5 * 0.25) / (1 + 0.5 * 0.25) + 0.005)


def test_the_easier_neighbours_all_have_to_be_mastered():
    """The corner of the grid waits for the weaker of its two neighbours."""
    taught = started(TargetDeficit(sharpness=1.0), two_tasks())
    learn(taught, seen([1, 1, 1, 0, 0, 0], competence=[0.9, 0.9, 0.45, 9, 9, 9]))
    weights = np.array([0, 0, 0.5, 0.5, 0.5, 0.0])
    np.testing.assert_allclose(act(taught, 1, 6), [0.9 * weights / weights.sum() + 0.1 / 6])


@pytest.mark.parametrize("auxiliary", [0.0, 0.5])
def test_once_nothing_that_counts_is_short_of_mastery_the_targets_alike(auxiliary):
    taught = started(TargetDeficit(auxiliary=auxiliary), two_tasks())
    competence = np.full(6, 1.0)
    competence[4] = 0.1 if auxiliary == 0 else 0.9  # an arm of no weight need not be mastered
    learn(taught, seen(np.ones(6), competence=competence))
    expected = 0.9 * np.array([1, 1, 1, 1, 0, 1]) / 5 + 0.1 / 6
    np.testing.assert_allclose(act(taught, 1, 6), [expected])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step": 0.0}, r"step must be in \(0, 1\]; got 0.0 \(0 never learns\)"),
        ({"sharpness": 0.0}, r"sharpness must be in \(0, inf\); got 0.0 \(0 has all arms within reach\)"),
        ({"epsilon": 0.0}, r"epsilon must be in \(0, 1\]; got 0.0 \(0 leaves arms unexplored\)"),
        ({"auxiliary": -0.1}, "auxiliary must not be below 0; got -0.1"),
        ({"auxiliary": float("inf")}, "auxiliary must not be below 0; got inf"),
    ],
)
def test_parameters_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        TargetDeficit(**options)

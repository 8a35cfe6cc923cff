"""What a lifetime is fed and charged: fresh batches in order, held-out probes, forward-equivalents."""

import numpy as np
import pytest

import envs
from envs import CurriculumVectorEnv, Scores, ScriptedStudent, Split


def vector(num_envs, **options):
    return CurriculumVectorEnv(num_envs=num_envs, **{"budget": 100, **options})


class Recording(ScriptedStudent):
    """Keeps what it was trained and evaluated on."""

    def __init__(self, suite, num_learners=1):
        super().__init__(suite, num_learners)
        self.trained, self.evaluated = [], []

    def train(self, batch):
        self.trained.append(batch)
        scores = ScriptedStudent.evaluate(self, batch)
        return Scores(scores.loss, scores.token_accuracy, scores.sequence_accuracy, np.zeros(self.num_learners))

    def evaluate(self, batch):
        self.evaluated.append(batch)
        return super().evaluate(batch)


@pytest.mark.parametrize("redraw", ["decision", "update", "sequence"])
def test_an_arm_gives_its_batches_one_after_another_and_never_twice(suite, redraw):
    student = Recording(suite)
    env = CurriculumVectorEnv(suite, student, budget=40, redraw=redraw, batch_size=8)
    env.reset(seed=5)
    for _ in range(4):
        env.step(np.array([[0, 1, 2]]))
    given = np.zeros(3, dtype=int)
    for batch in student.trained:
        for arm in np.unique(batch.arms[0]):
            own = batch.arms[0] == arm
            expected = suite.batch(int(arm), int(given[arm]), 5, Split.TRAIN, int(own.sum())).tokens
            np.testing.assert_array_equal(batch.tokens[0, own, : expected.shape[1]], expected)
            given[arm] += 1
    assert len(student.trained) == 40 and given[2] > 5


def test_probes_are_fresh_held_out_batches_of_the_rows_own_seed(suite):
    student = Recording(suite, 2)
    env = CurriculumVectorEnv(suite, student, budget=20, signal="SPG", redraw="decision", probe_size=16)
    env.reset(seed=5)
    for _ in range(2):
        env.step(np.eye(3)[[2, 2]])
    for number, (before, after) in enumerate(zip(student.evaluated[::2], student.evaluated[1::2], strict=True)):
        for k in range(2):
            expected = suite.batch(2, 2 * number, 5 + k, Split.PROBE, 16).tokens
            np.testing.assert_array_equal(before.tokens[k], expected)
            np.testing.assert_array_equal(after.tokens[k], expected)
    assert not np.array_equal(student.evaluated[0].tokens[0], student.evaluated[0].tokens[1])


def test_costs_count_training_three_times_and_probes_once():
    tokens = 3 * np.arange(1, 6) + 2  # of a sequence of each arm
    one_hot = np.eye(5)[[2]]
    costs = {}
    for name, options in {
        "free": {},
        "SPG": {"signal": "SPG"},
        "PG": {"signal": "PG"},
        "all": {"probe": "all"},
    }.items():
        env = vector(1, batch_size=8, probe_size=16, **options)
        _, info = env.reset(seed=0)
        start = info["forward_equivalents"][0]
        info = env.step(one_hot)[4]
        assert info["tokens"][0] == 10 * 8 * tokens[2]
        costs[name] = int(info["forward_equivalents"][0] - start - 3 * info["tokens"][0])
    assert costs == {"free": 0, "SPG": 2 * 16 * tokens[2], "PG": 8 * tokens[2], "all": 16 * tokens.sum()}


@pytest.mark.parametrize("signal", ["MPG", "TPG", "GPG"])
def test_costs_of_the_signals_that_look_elsewhere(signal):
    suite = envs.Suite([envs.Addition(digits=(1, 2, 3))], lambda _, d: d["digits"] == 2)
    env = CurriculumVectorEnv(suite, ScriptedStudent(suite), signal=signal, redraw="decision", probe_size=16)
    env.reset(seed=0)
    info = env.step(np.eye(3)[[0]])[4]
    spent = int(info["forward_equivalents"][0] - 3 * info["tokens"][0])
    allowed = {"MPG": {2 * 16 * n for n in (5, 8, 11)}, "TPG": {2 * 16 * 8}, "GPG": {0}}[signal]
    assert spent in allowed


def test_competence_reward_charges_its_probes_from_the_reset_on():
    env = vector(1, reward="competence", probe_size=16)
    _, info = env.reset(seed=0)
    once = 16 * (3 * np.arange(1, 6) + 2).sum()
    assert info["forward_equivalents"][0] == once
    info = env.step(np.ones((1, 5)))[4]
    assert info["forward_equivalents"][0] - 3 * info["tokens"][0] == 2 * once

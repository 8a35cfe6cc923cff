"""Each signal against its definition, on a student whose losses are known."""

import numpy as np
import pytest

import envs
from envs import CurriculumVectorEnv, Scores, ScriptedStudent

LOG_V = np.log(12)


def decision(signal, arm=0, rate=0.02, **options):
    suite = envs.Suite([envs.Addition(digits=(1, 2))], lambda _, d: d["digits"] == 1)
    student = ScriptedStudent(suite, rate=rate, spread=0.0)
    env = CurriculumVectorEnv(suite, student, signal=signal, redraw="decision", **options)
    env.reset(seed=0)
    return env, env.step(np.eye(2)[[arm]])[4]["gain"][0]


def test_prediction_gains_are_the_loss_before_minus_after():
    for signal in ("PG", "SPG", "TPG"):
        _, gain = decision(signal)
        np.testing.assert_allclose(gain, [10 * 0.02 * LOG_V, 0], err_msg=signal)


def test_mean_prediction_gain_measures_a_random_arm_and_credits_the_trained():
    env, _ = decision("MPG")
    gains = [env.step(np.eye(2)[[0]])[4]["gain"][0] for _ in range(4)]
    credited = {round(float(gain[0] / LOG_V), 6) for gain in gains}
    assert credited <= {0.0, 0.2} and len(credited) == 2  # arm 1 learns nothing from arm 0
    assert all(gain[1] == 0 for gain in gains)


def test_gradient_gain_is_the_mean_squared_norm():
    _, gain = decision("GPG")
    np.testing.assert_allclose(gain, [0.02**2, 0])


def test_accuracy_gain_is_against_the_last_visit():
    env, first = decision("accuracy_gain")
    assert first[0] == pytest.approx(np.mean(np.arange(10) * 0.02))  # before its first visit an arm counts as 0
    env.step(np.eye(2)[[1]])
    again = env.step(np.eye(2)[[0]])[4]["gain"][0]
    assert again[0] == pytest.approx(0.2) and again[1] == 0


def test_prediction_gain_uses_the_batch_in_which_an_arm_came_up_first():
    """A student whose loss is the number of steps it has taken, negated: PG is then the steps since that batch."""

    class Counting(ScriptedStudent):
        steps = 0

        def evaluate(self, batch):
            scores = super().evaluate(batch)
            return Scores(np.full_like(scores.loss, -self.steps), scores.token_accuracy, scores.sequence_accuracy)

        def train(self, batch):
            scores = super().train(batch)
            self.steps += 1
            return scores

    suite = envs.Suite([envs.Addition(digits=(1, 2, 3))])
    for redraw in ("update", "sequence"):
        env = CurriculumVectorEnv(suite, Counting(suite), signal="PG", redraw=redraw, batch_size=3)
        order = []
        original = env._batch
        env._batch = lambda row, arms, seed, original=original, order=order: (
            order.append(set(arms.tolist())) or original(row, arms, seed)
        )
        env.reset(seed=1)
        gain = env.step(np.ones((1, 3)))[4]["gain"][0]
        first = [next((i for i, arms in enumerate(order) if arm in arms), None) for arm in range(3)]
        np.testing.assert_array_equal(gain, [0 if i is None else 10 - i for i in first])
        assert len({i for i in first if i is not None}) > 1

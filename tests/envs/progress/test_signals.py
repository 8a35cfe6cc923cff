"""Each signal against its definition, on a student whose losses are known."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

import envs
from envs import CurriculumVectorEnv, Scores, ScriptedStudent
from envs.progress.inside import divergence, separability

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
        env.reset(seed=1)
        original = env._sampler.batch
        env._sampler.batch = lambda row, arms, *rest, original=original, order=order: (
            order.append(set(arms.tolist())) or original(row, arms, *rest)
        )
        gain = env.step(np.ones((1, 3)))[4]["gain"][0]
        first = [next((i for i, arms in enumerate(order) if arm in arms), None) for arm in range(3)]
        np.testing.assert_array_equal(gain, [0 if i is None else 10 - i for i in first])
        assert len({i for i in first if i is not None}) > 1


def test_loss_decay_is_the_log_ratio_of_losses_between_visits():
    env, first = decision("loss_decay")
    assert first.tolist() == [0, 0]
    before = env._last_loss[0, 0]
    gain = env.step(np.eye(2)[[0]])[4]["gain"][0]
    assert gain[0] == pytest.approx(np.log(before / env._last_loss[0, 0])) and gain[0] > 0 and gain[1] == 0


class WithInsides(ScriptedStudent):
    """Representations that separate, attention that moves and complexity that grows as the skill does."""

    def train(self, batch):
        scores = super().train(batch)
        return Scores(
            scores.loss,
            scores.token_accuracy,
            scores.sequence_accuracy,
            scores.gradient_norm,
            {"complexity_slope": 2 * scores.gradient_norm},
        )

    def complexity(self):
        return 5 * self.skills.sum(axis=1)

    def representations(self, batch):
        scale = np.take_along_axis(self.skills, batch.arms[:, :1], axis=1)[:, :, None, None]
        noise = np.random.default_rng(0).normal(size=(*batch.tokens.shape, 2))
        return scale * 9 * batch.targets[..., None] + noise

    def attention(self, batch):
        moved = np.take_along_axis(self.skills, batch.arms[:, :1], axis=1)  # (K, 1)
        weights = np.stack([moved, 1 - moved], axis=-1)  # (K, 1, 2)
        return np.broadcast_to(weights[:, :, None, None], (len(moved), 1, 3, 1, 2))


def inside(signal, **options):
    suite = envs.Suite([envs.Addition(digits=(1, 2))])
    student = WithInsides(suite, 2, spread=0.0)
    env = CurriculumVectorEnv(suite, student, signal=signal, redraw="decision", **options)
    env.reset(seed=0)
    info = env.step(np.eye(2)[[0, 1]])[4]
    return env, info


def test_complexity_gains_are_credited_to_the_trained_arm():
    _, info = inside("VCG")
    np.testing.assert_allclose(info["gain"], [[5 * 0.2, 0], [0, 0]])  # arm 1 learns nothing before arm 0
    _, info = inside("GVCG")
    np.testing.assert_allclose(info["gain"], [[2 * 0.02, 0], [0, 0]])


def test_separability_is_the_share_of_variance_between_classes():
    features = np.array([[0.0, 0], [0, 2], [4, 0], [4, 2]])
    # Between: 4 points at distance 2 from the mean (2, 1) along x: 16; within: 4 at distance 1 along y: 4.
    assert separability(features, np.array([3, 3, 7, 7])) == pytest.approx(16 / 20)
    assert separability(features, np.array([1, 1, 1, 1])) == 0
    assert separability(np.ones((3, 2)), np.array([0, 1, 2])) == 0


def test_separability_gain_rises_where_representations_part_and_costs_two_forwards():
    env, info = inside("separability")
    assert 0.3 < info["gain"][0, 0] < 1 and info["gain"][0, 1] == 0 and abs(info["gain"][1]).max() == 0
    tokens = [64 * env.suite.length(arm) for arm in (0, 1)]
    np.testing.assert_array_equal(info["forward_equivalents"] - 3 * info["tokens"], 2 * np.array(tokens))


def test_attention_change_is_the_divergence_between_before_and_after():
    half = divergence(np.array([1.0, 0]), np.array([0, 1.0])), divergence(np.array([0.3, 0.7]), np.array([0.3, 0.7]))
    assert half == (1, 0)
    p, q = np.array([0.2, 0.8]), np.array([0.0, 1.0])
    _, info = inside("attention")
    expected = jensenshannon(p, q, base=2) ** 2
    assert divergence(p, q) == pytest.approx(expected)
    np.testing.assert_allclose(info["gain"], [[expected, 0], [0, 0]])


@pytest.mark.parametrize("least", [5e-324, 1e-310])
def test_weights_that_are_all_but_nothing_do_not_overflow(least):
    """A sharp head's weights fall below the smallest normal number; a warning is an error here."""
    p, q = np.array([0.0, 1.0]), np.array([least, 1.0])
    assert divergence(p, q) == divergence(q, p) == pytest.approx(0, abs=1e-300)


@pytest.mark.parametrize("signal", ["attention", "separability", "PG"])
def test_a_learner_in_a_cohort_of_other_lengths_gains_as_it_would_alone(signal):
    """Arms of five and eleven tokens side by side: padding must not count."""
    from student import TorchStudent, Transformer

    suite = envs.Suite([envs.Addition(digits=(1, 3))])

    def gains(num_learners, seed, arms):
        student = TorchStudent(lambda: Transformer(12, 16, num_heads=2), num_learners)
        env = CurriculumVectorEnv(suite, student, signal=signal, redraw="decision", batch_size=8)
        env.reset(seed=seed)
        return env.step(np.eye(2)[arms])[4]["gain"]

    together = gains(2, 0, [0, 1])
    np.testing.assert_allclose(together[:1], gains(1, 0, [0]), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(together[1:], gains(1, 1, [1]), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        ("VCG", r"signal VCG needs a student with a method complexity\(\); ScriptedStudent has none"),
        ("GVCG", "signal GVCG needs a student whose train.. reports 'complexity_slope'"),
        ("separability", r"signal separability needs a student with a method representations\(\)"),
        ("attention", r"signal attention needs a student with a method attention\(\)"),
    ],
)
def test_a_student_that_cannot_give_what_a_signal_needs_is_refused(signal, message):
    with pytest.raises(ValueError, match=message):
        decision(signal)


@pytest.mark.parametrize("signal", ["VCG", "GVCG"])
def test_signals_of_one_arm_refuse_several(signal):
    with pytest.raises(ValueError, match=f"signal {signal} credits one arm per decision"):
        CurriculumVectorEnv(signal=signal)

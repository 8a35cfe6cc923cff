import numpy as np
import pytest

import envs
from envs import IGNORE, Split


def two_tasks():
    return [envs.Addition(digits=(1, 2, 4)), envs.Addition(digits=(1, 2), name="other", reversed_answer=False)]


def test_arms_are_tasks_times_difficulties():
    suite = envs.Suite(two_tasks())
    assert suite.num_arms == 5 and suite.num_beyond == 4
    assert suite.arms.names[:2] == ("addition digits=1", "addition digits=2")
    assert suite.arms.coordinates[:, 0].tolist() == [0, 0.5, 1, 0, 1]
    assert suite.arms.tasks.tolist() == [0, 0, 0, 1, 1]
    assert suite.arms.levels.tolist() == [0, 1, 2, 0, 2]
    assert suite.arms.targets.all()
    assert suite.arm_name(5) == "addition digits=5"


def test_batch_is_a_pure_function_of_its_arguments(suite):
    def tokens(arm=1, index=0, seed=0, split=Split.TRAIN):
        return suite.batch(arm, index, seed, split, 32).tokens

    np.testing.assert_array_equal(tokens(), tokens())
    for other in (tokens(index=1), tokens(seed=1), tokens(split=Split.PROBE), tokens(split=Split.TEST)):
        assert not np.array_equal(tokens(), other)
    assert (suite.batch(1, 0, 0, Split.TRAIN, 32).arms == 1).all()


def test_arms_beyond_exist_for_test_only(suite):
    assert suite.batch(3, 0, 0, Split.TEST, 2).tokens.shape == (2, 14)
    with pytest.raises(IndexError, match="arm 3 lies beyond the taught range"):
        suite.batch(3, 0, 0, Split.TRAIN, 2)
    with pytest.raises(IndexError, match=r"arm must be in \[0, 3\).*got 9"):
        suite.batch(9, 0, 0, Split.TEST, 2)


def test_mixed_batch_has_each_sequence_from_its_arm(suite):
    arms = np.array([2, 0, 2, 1, 0])
    mixed = suite.mixed_batch(arms, np.array([5, 6, 7]), 0, Split.TRAIN)
    assert mixed.arms.tolist() == arms.tolist()
    for arm, index in ((0, 5), (1, 6), (2, 7)):
        own = suite.batch(arm, index, 0, Split.TRAIN, int((arms == arm).sum()))
        width = own.tokens.shape[1]
        np.testing.assert_array_equal(mixed.tokens[arms == arm, :width], own.tokens)
        assert (mixed.targets[arms == arm, width:] == IGNORE).all()


def test_targets_select_the_arms_that_count():
    suite = envs.Suite(two_tasks(), lambda task, difficulty: task == "other" and difficulty["digits"] == 2)
    assert suite.arms.targets.tolist() == [False] * 4 + [True]
    with pytest.raises(ValueError, match="selects no arm"):
        envs.Suite(two_tasks(), lambda task, difficulty: False)


def test_competence_uses_each_arms_own_map(documents):
    suite = envs.Suite([envs.Addition(digits=(1,)), envs.TextTask(documents, contexts=(8,), start_bits=8, goal_bits=0)])
    loss = np.full((1, 3), 4 * np.log(2))
    competence = suite.competence(loss, np.zeros((1, 3)), np.full((1, 3), 0.25))
    np.testing.assert_allclose(competence, [[0.25, 0.5, 0.5]])


class Uneven(envs.Addition):
    """Longer numbers count as mastered at less."""

    def threshold(self, difficulty):
        return 0.9 / difficulty["digits"]


def test_a_task_may_say_arm_by_arm_what_counts_as_mastered():
    uneven = Uneven(digits=(1, 2, 3))
    for task in (
        uneven,
        envs.Reordered(uneven, "nothing"),
        *envs.shared_vocabulary([uneven, envs.Copy(lengths=(2,))])[:1],
    ):
        assert envs.Suite([task]).thresholds.tolist() == [0.9, 0.45, 0.9 / 3]
    noisy = envs.Suite([envs.LabelNoise(uneven, rates=(0.0, 0.1))])
    assert noisy.thresholds.tolist() == [0.9, 0.9, 0.45, 0.45, 0.9 / 3, 0.9 / 3]
    assert envs.Suite([uneven]).fingerprint != envs.Suite([envs.Addition(digits=(1, 2, 3))]).fingerprint
    assert envs.Suite([envs.Addition(digits=(1, 2), mastery=0.7)]).thresholds.tolist() == [0.7, 0.7]


def test_fingerprint_is_of_the_content(suite, documents):
    assert suite.fingerprint == envs.Suite([envs.Addition(digits=(1, 2, 3))]).fingerprint
    others = [
        envs.Suite([envs.Addition(digits=(1, 2, 3), reversed_answer=False)]),
        envs.Suite([envs.Addition(digits=(1, 2))]),
        envs.Suite([envs.Addition(digits=(1, 2, 3), mastery=0.9)]),
        envs.Suite([envs.Addition(digits=(1, 2, 3))], lambda _, d: d["digits"] == 3),
    ]
    assert suite.fingerprint not in {other.fingerprint for other in others}
    text = envs.Suite([envs.TextTask(documents, contexts=(8,))]).fingerprint
    (documents / "first" / "0.txt").write_text("changed " * 50)
    assert envs.Suite([envs.TextTask(documents, contexts=(8,))]).fingerprint != text


def test_refuses_no_task_and_equal_names():
    with pytest.raises(ValueError, match="at least one task and distinct task names"):
        envs.Suite([])
    with pytest.raises(ValueError, match="distinct task names; got"):
        envs.Suite([envs.Addition(), envs.Addition()])


def test_loss_weights_of_arms_ride_along_in_training_only():
    weighted = envs.Suite(
        [envs.Addition(digits=(1, 2))], weights=lambda name, difficulty: 0.25 if difficulty["digits"] == 1 else 1.0
    )
    assert weighted.batch(0, 0, 0, Split.TRAIN, 3).weights.tolist() == [0.25] * 3
    assert weighted.batch(1, 0, 0, Split.TRAIN, 3).weights is None
    assert weighted.batch(0, 0, 0, Split.PROBE, 3).weights is None
    mixed = weighted.mixed_batch(np.array([1, 0, 1]), np.zeros(2, dtype=int), 0, Split.TRAIN)
    assert mixed.weights.tolist() == [1, 0.25, 1]
    assert weighted.fingerprint != envs.Suite([envs.Addition(digits=(1, 2))]).fingerprint
    with pytest.raises(ValueError, match=r"loss weights must be finite and above 0; got \[0. 0.\]"):
        envs.Suite([envs.Addition(digits=(1, 2))], weights=lambda name, difficulty: 0)


def test_time_labels_of_a_mixed_batch_stay_with_their_sequences():
    class Timed(envs.Addition):
        def sample(self, rng, difficulty, batch_size, split):
            batch = super().sample(rng, difficulty, batch_size, split)
            times = batch.tokens.cumsum(axis=1) + np.arange(batch.tokens.shape[1])  # says which sequence it is
            return envs.Batch(batch.tokens, batch.targets, times=times)

    suite = envs.Suite([Timed(digits=(1, 2))])
    mixed = suite.mixed_batch(np.array([1, 0, 1, 0]), np.zeros(2, dtype=int), 0, Split.TRAIN)
    inside = mixed.times >= 0
    expected = mixed.tokens.cumsum(axis=1) + np.arange(mixed.tokens.shape[1])
    assert (mixed.times == expected)[inside].all() and inside.sum() == 2 * (5 + 8)

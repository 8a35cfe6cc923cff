import numpy as np
import pytest
from teacher_support import chain, seen

import envs
from teacher import Combined, Feedback, LookBackForward, Mixed, Naive, TargetOnly, Uniform
from teacher.checks import _Arms


def obs(num_arms, num_envs=1):
    return np.zeros((num_envs, num_arms, 1), dtype=np.float32)


def feedback(competence, count=600):
    competence = np.atleast_2d(np.asarray(competence, dtype=float))
    counts = np.where(np.isnan(competence), 0, count)
    values = np.nan_to_num(competence)
    return Feedback(values, values, values, counts)


def stages(teacher, num_arms=4):
    """The mixtures of successive stages, each passed by a perfect score."""
    teacher.reset(_Arms(num_arms), 1, 0)
    found = []
    for _ in range(num_arms + 1):
        found.append(teacher.act(obs(num_arms))[0].tolist())
        teacher.update(obs(num_arms), teacher.act(obs(num_arms)), feedback(np.ones(num_arms)))
    return found


def test_combined_has_the_constants_of_its_source():
    expected = [
        [1, 0, 0, 0],
        [1 / 4, 3 / 4, 0, 0],
        [1 / 6, 1 / 6, 2 / 3, 0],
        [1 / 8, 1 / 8, 1 / 8, 5 / 8],
        [1 / 4] * 4,
    ]
    np.testing.assert_allclose(stages(Combined()), expected)


def test_mixed_has_the_constants_of_its_source():
    expected = [[1, 0, 0, 0], [1 / 2, 1 / 2, 0, 0], [1 / 3, 1 / 3, 1 / 3, 0], [1 / 4] * 4, [1 / 4] * 4]
    np.testing.assert_allclose(stages(Mixed()), expected)


def test_naive_takes_one_level_at_a_time_and_all_at_the_end():
    np.testing.assert_allclose(stages(Naive(), 3), [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1 / 3] * 3])


def test_look_back_and_forward_has_the_constants_of_its_source():
    """80 % on the newest level, 20 % over the whole range, harder levels included; advance at 95 %."""
    expected = [[0.85, 0.05, 0.05, 0.05], [0.05, 0.85, 0.05, 0.05], [0.05, 0.05, 0.85, 0.05], [0.05, 0.05, 0.05, 0.85]]
    np.testing.assert_allclose(stages(LookBackForward()), [*expected, [0.25] * 4])
    assert LookBackForward().threshold == 0.95 and Combined().threshold == 0.99
    np.testing.assert_allclose(stages(LookBackForward(current=1.0), 3), stages(Naive(), 3))


def test_the_threshold_is_reached_not_exceeded_and_means_are_weighted_by_sequences():
    """Two arms on the newest level: 300 sequences at 1.0 and 100 at 0.6 are 0.9 in all."""
    for threshold, passes in ((0.9, True), (0.91, False)):
        teacher = Mixed(threshold=threshold, min_sequences=400)
        teacher.reset(chain(3, levels=[0, 0, 1]), 1, 0)
        teacher.update(obs(3), teacher.act(obs(3)), seen([300, 100, 0], competence=[1.0, 0.6, 0.0]))
        assert teacher.diagnostics()["stage"].tolist() == [float(passes)]


def test_a_level_that_counts_as_mastered_at_less_is_passed_at_less():
    """Thresholds 0.8 and 0.4: with 0.9 wanted of the others, 0.45 of the second level."""
    for competence, passes in ((0.46, 2), (0.44, 1)):
        arms = chain(3, thresholds=[0.8, 0.4, 0.8])
        teacher = Naive(threshold=0.9, min_sequences=100)
        teacher.reset(arms, 1, 0)
        for scores in ([0.91, 0, 0], [0, competence, 0]):
            teacher.update(obs(3), teacher.act(obs(3)), seen([100, 100, 100], competence=scores))
        assert teacher.diagnostics()["stage"].tolist() == [passes]


def test_what_is_seen_of_other_levels_or_not_seen_does_not_count():
    teacher = Mixed(threshold=0.9, min_sequences=10)
    teacher.reset(_Arms(3), 1, 0)
    garbage = seen([0, 500, 500], competence=[np.inf, 1.0, 1.0])
    teacher.update(obs(3), teacher.act(obs(3)), garbage)
    assert teacher.diagnostics()["stage"].tolist() == [0]
    assert teacher.state_dict()["count"].tolist() == [0]


@pytest.mark.parametrize("current", [0.0, 1.5])
def test_a_share_of_the_newest_level_out_of_range_is_refused(current):
    with pytest.raises(ValueError, match=rf"current must be in \(0, 1\]; got {current}"):
        LookBackForward(current=current)


def test_the_gate_needs_enough_sequences_and_judges_the_newest_level_only():
    teacher = Combined(threshold=0.9, min_sequences=1000)
    teacher.reset(_Arms(3), 1, 0)

    def update(*competence, count=600):
        teacher.update(obs(3), teacher.act(obs(3)), feedback(competence, count))
        return teacher.diagnostics()["stage"].tolist()

    assert update(1.0, np.nan, np.nan) == [0]  # 600 sequences: not judged yet
    assert update(0.7, np.nan, np.nan) == [0]  # 0.85 over 1,200: judged, failed
    assert update(1.0, np.nan, np.nan) == [0]  # judged anew
    assert update(0.9, np.nan, np.nan) == [1]  # 0.95 over 1,200
    assert update(1.0, 0.1, np.nan, count=2000) == [1]
    assert update(np.nan, 0.9, np.nan, count=2000) == [2]


def test_arms_of_one_level_share_its_part(documents):
    suite = envs.Suite([envs.TextTask(documents, contexts=(8, 16))])
    teacher = Combined()
    teacher.reset(suite.arms, 1, 0)
    teacher.update(obs(4), teacher.act(obs(4)), feedback([1, 1, 1, 1]))
    np.testing.assert_allclose(teacher.act(obs(4)), [[1 / 8, 1 / 8, 3 / 8, 3 / 8]])


def test_rows_advance_on_their_own():
    teacher = Mixed()
    teacher.reset(_Arms(2), 2, 0)
    teacher.update(obs(2, 2), teacher.act(obs(2, 2)), feedback([[1, 0], [0.5, 0]]))
    np.testing.assert_allclose(teacher.act(obs(2, 2)), [[0.5, 0.5], [1, 0]])


def test_target_only_takes_the_hardest_targets():
    suite = envs.Suite([envs.Addition(digits=(1, 2, 3))], lambda _, d: d["digits"] < 3)
    teacher = TargetOnly()
    teacher.reset(suite.arms, 2, 0)
    assert teacher.act(obs(3, 2)).tolist() == [[0, 1, 0]] * 2


def test_uniform_is_uniform():
    teacher = Uniform()
    teacher.reset(_Arms(5), 2, 0)
    np.testing.assert_allclose(teacher.act(obs(5, 2)), np.full((2, 5), 0.2))


@pytest.mark.parametrize("options", [{"threshold": 0}, {"threshold": 1.1}, {"min_sequences": 0}])
def test_gates_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=r"threshold must be in \(0, 1\] and min_sequences at least 1"):
        Combined(**options)

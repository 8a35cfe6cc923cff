"""The gate's error rate and its power, by simulation over thousands of lifetimes; a gate by a plain mean fails both."""

import math

import numpy as np
import pytest
from teacher_support import act, chain, learn, observation, seen, started, two_tasks

from teacher import Combined, Feedback, MasteryGate

P1, MARGIN, ERROR = 0.95, 0.03, 0.05
P0 = P1 - MARGIN
LIFETIMES, DECISIONS, SEQUENCES = 3000, 200, 64


def at_p0(rng, step):
    """Just not good enough, always."""
    return np.full((LIFETIMES, 1), P0)


def wandering(rng, step):
    """Up to p0 and away from it again, a cycle of twenty decisions, other in every lifetime."""
    return P0 - 0.1 * (1 + np.sin(step / 20 * 2 * np.pi + np.arange(LIFETIMES)[:, None])) / 2


def good_then_bad(rng, step):
    """A good start at p0, then worse: what was gathered must not carry a later look over the bar."""
    return np.full((LIFETIMES, 1), P0 if step % 40 < 20 else P0 - 0.2)


def right_or_wrong(rng, competence, sequences):
    return rng.binomial(sequences, competence) / sequences


def partly_right(rng, competence, sequences):
    """Scores between 0 and 1 per sequence, of mean ``competence``: uniform on [2 c - 1, 1]."""
    width = 1 - (2 * competence - 1)
    return 1 - width * rng.random((*competence.shape, sequences)).mean(axis=-1)


def passed(taught, competence, scores=right_or_wrong, arms=1, decisions=DECISIONS, sequences=SEQUENCES):
    """Whether each lifetime ever left its first level, and after how many sequences per arm ``(K,)`` each."""
    rng = np.random.default_rng(0)
    levels = np.append(np.zeros(arms, dtype=int), 1)
    described = chain(arms + 1, levels=levels, thresholds=np.full(arms + 1, P1))
    started(taught, described, LIFETIMES)
    obs, mixture = observation(LIFETIMES, arms + 1), np.full((LIFETIMES, arms + 1), 1 / (arms + 1))
    count = np.tile(np.append(np.full(arms, sequences), 0), (LIFETIMES, 1))
    first = np.full(LIFETIMES, np.inf)
    for step in range(decisions):
        mean = np.zeros((LIFETIMES, arms + 1))
        for a in range(arms):  # independent scores, arm 0 at the given competence, others mastered
            truth = competence(rng, step) if a == 0 else np.full((LIFETIMES, 1), 0.995)
            mean[:, a] = scores(rng, truth, sequences)[:, 0]
        taught.update(obs, mixture, Feedback(mean, mean, mean, count))
        now = taught.diagnostics()["stage"] > 0
        first = np.where(now & np.isinf(first), (step + 1) * sequences, first)
    return np.isfinite(first), first


def keeps_its_error(taught, *arguments, **options):
    """Asserts that at most ``ERROR`` of the lifetimes passed, plus 3 standard errors of 3,000."""
    share = passed(taught, *arguments, **options)[0].mean()
    bound = ERROR + 3 * math.sqrt(ERROR * (1 - ERROR) / LIFETIMES)
    assert share <= bound, f"{share:.3f} of the lifetimes passed too early, above {bound:.3f}"


@pytest.mark.parametrize("scores", [right_or_wrong, partly_right])
@pytest.mark.parametrize("competence", [at_p0, wandering, good_then_bad])
def test_a_level_is_passed_too_early_with_at_most_the_stated_chance(competence, scores):
    """12,800 sequences, looked at 200 times."""
    keeps_its_error(MasteryGate(error=ERROR, margin=MARGIN), competence, scores)


def test_the_chance_holds_when_it_is_looked_at_after_every_sequence():
    """The most looks there can be: one after each of 2,000 sequences."""
    keeps_its_error(MasteryGate(error=ERROR, margin=MARGIN), at_p0, decisions=2000, sequences=1)


def test_one_arm_that_is_not_mastered_holds_back_a_level_of_three():
    keeps_its_error(MasteryGate(error=ERROR, margin=MARGIN), at_p0, arms=3, decisions=100)


def test_power_a_little_above_the_threshold():
    """At p1 + 0.01 half of the lifetimes pass within 384 sequences and 95 % within 896; at p1 + 0.02 256 and 512."""
    for above, half, most in ((0.01, 384, 896), (0.02, 256, 512)):
        gate = MasteryGate(error=ERROR, margin=MARGIN)
        _, first = passed(gate, lambda rng, step, p=P1 + above: np.full((LIFETIMES, 1), p), decisions=40)
        assert np.median(first) <= half and np.quantile(first, 0.95) <= most


@pytest.mark.parametrize("sequences", [128, 256, 512])
def test_a_gate_by_the_plain_mean_fails_the_same_test(sequences):
    """Combined's gate at the same threshold looks until it is lucky, also with the 256 sequences of the test above."""
    with pytest.raises(AssertionError, match="of the lifetimes passed too early"):
        keeps_its_error(Combined(threshold=P1, min_sequences=sequences), at_p0)


def test_at_the_same_length_the_plain_mean_passes_too_early_at_least_ten_times_as_often():
    mean = passed(Combined(threshold=P1, min_sequences=256), at_p0)[0].mean()
    gate = passed(MasteryGate(error=ERROR, margin=MARGIN), at_p0)[0].mean()
    assert mean > 0.5 and mean > 10 * gate


def test_a_student_that_improves_late_is_passed_too():
    """A thousand sequences at 0.6, then 0.98: tests begun anew make up for the bad start, at a higher bar."""

    def late(rng, step):
        return np.full((LIFETIMES, 1), 0.6 if step < 16 else 0.98)

    ever, first = passed(MasteryGate(error=ERROR, margin=MARGIN), late)
    assert ever.mean() >= 0.99 and np.median(first) - 1024 <= 768


def test_every_target_of_a_level_has_to_pass_and_a_passed_arm_stays_so():
    """Of ``two_tasks`` level 0 is a target and an auxiliary arm, level 1 three targets."""
    taught = started(MasteryGate(), two_tasks())
    stages = []
    for count, competence in (
        ([0, 0, 0, 0, 5000, 0], 1.0),  # the auxiliary arm is not asked
        ([5000, 0, 0, 0, 0, 0], 1.0),
        ([0, 5000, 5000, 0, 0, 0], 1.0),  # two of three
        ([0, 5000, 0, 0, 0, 0], 0.5),  # one of them worse since
        ([0, 0, 0, 0, 0, 5000], 1.0),
    ):
        learn(taught, seen(count, competence=competence))
        stages.append(int(taught.diagnostics()["stage"][0]))
    assert stages == [0, 1, 1, 1, 2]


def test_a_level_without_targets_is_passed_by_all_its_arms():
    taught = started(MasteryGate(), chain(3, levels=[0, 0, 1], targets=[False, False, True]))
    for count, stage in (([5000, 0, 0], 0), ([0, 5000, 0], 1)):
        learn(taught, seen(count, competence=1.0))
        assert taught.diagnostics()["stage"].tolist() == [stage]


def test_the_mixture_is_combineds_level_by_level():
    gate, combined = started(MasteryGate(), 4, 1), started(Combined(threshold=0.9), 4, 1)
    for _ in range(5):
        np.testing.assert_allclose(act(gate, 1, 4), act(combined, 1, 4))
        for taught in (gate, combined):
            learn(taught, seen(np.full(4, 5000), competence=1.0))
    np.testing.assert_allclose(act(gate, 1, 4), [[0.25] * 4])


def test_a_perfect_threshold_can_be_passed_and_one_failure_is_not_final():
    """p1 = 1 counts as 0.999: log(1 - p1) would be minus infinity."""
    taught = started(MasteryGate(threshold=1.0, margin=0.05), 2)
    learn(taught, seen([1000, 0], competence=0.998))
    assert taught.diagnostics()["stage"].tolist() == [1]


def test_rows_pass_on_their_own():
    taught = started(MasteryGate(), 2, 2)
    learn(taught, seen([[5000, 0], [5000, 0]], competence=[[1.0, 0], [0.9, 0]]))
    assert taught.diagnostics()["stage"].tolist() == [1, 0]
    np.testing.assert_allclose(act(taught, 2, 2), [[0.25, 0.75], [1, 0]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"error": 0.0}, r"error must be in \(0, 1\); got 0.0 \(0 never passes\)"),
        ({"error": 1.0}, r"error must be in \(0, 1\); got 1.0"),
        ({"margin": 0.0}, r"margin must be in \(0, 1\); got 0.0 \(0 leaves nothing to tell apart\)"),
        ({"newest": 0.0}, r"newest must be in \(0, 1\]; got 0.0"),
        ({"threshold": 0.02}, r"threshold must be in \(margin, 1\] = \(0.03, 1\]; got 0.02"),
        ({"threshold": 1.2}, r"threshold must be in \(margin, 1\] = \(0.03, 1\]; got 1.2"),
    ],
)
def test_parameters_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MasteryGate(**options)


def test_a_margin_that_leaves_no_competence_is_refused():
    with pytest.raises(ValueError, match=r"margin 0.3 leaves no competence below a threshold of 0.2: lower it"):
        started(MasteryGate(margin=0.3), chain(2, thresholds=[0.9, 0.2]))

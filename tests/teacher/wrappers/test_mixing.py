import numpy as np
import pytest
from teacher_support import act, chain, learn, one_arm, random_feedback, seen, started, two_tasks

from teacher import (
    Combined,
    Cooldown,
    CoverageFloor,
    Exp3,
    Exp3S,
    Pacing,
    PPOTeacher,
    Rehearsal,
    Review,
    SequenceLengthWarmup,
    StaticMixture,
    TSCLNaive,
    Uniform,
    reads_gain,
)


def test_the_floor_by_hand_and_the_bound_on_importance_weights():
    taught = started(CoverageFloor(StaticMixture((1, 0, 3, 0)), share=0.2), 4)
    p = act(taught, 1, 4)
    np.testing.assert_allclose(p, [[0.25, 0.05, 0.65, 0.05]])
    assert (1 / p).max() <= 4 / 0.2 + 1e-9


def test_the_inner_teacher_learns_from_the_mixture_that_was_really_drawn_from():
    """A reward of an arm at p = 0.4 counts 1 / 0.4 for EXP3, not 1 / (its own chance)."""
    inner = Exp3(gamma=0.5, scale=False)
    taught = started(CoverageFloor(inner, share=0.5), 4)
    given = np.array([[0.4, 0.2, 0.2, 0.2]])
    learn(taught, one_arm(0, 4, 0.8), given)
    np.testing.assert_allclose(inner.state_dict()["sums"], [[0.5 / 4 * 0.8 / 0.4, 0, 0, 0]])


def test_review_by_hand():
    """Arms 0 and 1 are mastered; arm 0 has fallen to 0.5, 0.4 below its threshold: (1/3 + 0.4) to 1/3."""
    taught = started(Review(SequenceLengthWarmup(decisions=1000), share=0.3, step=1.0), chain(3, thresholds=[0.9] * 3))
    assert act(taught, 1, 3).tolist() == [[1, 0, 0]]
    learn(taught, seen([5000, 5000, 5000], competence=[0.95, 0.92, 0.87]))
    np.testing.assert_allclose(act(taught, 1, 3), [[0.7 + 0.15, 0.15, 0]])
    learn(taught, seen([1, 0, 0], competence=0.5))
    due = np.array([1 / 3 + 0.4, 1 / 3, 0])
    np.testing.assert_allclose(act(taught, 1, 3), [np.array([0.7, 0, 0]) + 0.3 * due / due.sum()])


def test_review_waits_for_evidence_and_rows_review_their_own():
    """A few right answers are no mastery; hundreds are."""
    taught = started(Review(Uniform(), share=0.5, step=0.5), chain(2, thresholds=[0.7, 0.7]), 2)
    learn(taught, seen([[5, 0], [0, 0]], competence=1.0))
    np.testing.assert_allclose(act(taught, 2, 2), [[0.5, 0.5], [0.5, 0.5]])
    learn(taught, seen([[500, 0], [0, 0]], competence=1.0))
    np.testing.assert_allclose(act(taught, 2, 2), [[0.75, 0.25], [0.5, 0.5]])


def test_reviewed_competence_is_a_running_mean_that_a_first_visit_sets():
    taught = started(Review(Uniform(), step=0.25), 2)
    for competence in (0.8, 0.4):
        learn(taught, seen([1, 0], competence=[competence, np.nan]))
    np.testing.assert_allclose(taught.state_dict()["own"]["competence"], [[0.7, 0]])


def test_cooldown_holds_a_mixture_for_its_decisions():
    """The warm-up changes at 4, 8 and 12 of 12 decisions; held for 5, its mixtures are taken up late."""
    taught = started(Cooldown(SequenceLengthWarmup(decisions=12), decisions=5), 4)
    levels = [int(learn(taught, one_arm(0, 4, 0.0)).argmax()) for _ in range(20)]
    inner = started(SequenceLengthWarmup(decisions=12), 4)
    plain = [int(learn(inner, one_arm(0, 4, 0.0)).argmax()) for _ in range(20)]
    assert plain == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 8
    assert levels == [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5


@pytest.mark.parametrize(("tolerance", "expected"), [(0.0, [1, 2, 3, 4]), (0.3, [1, 2, 3, 3]), (0.34, [1, 2, 2, 4])])
def test_cooldown_takes_up_what_has_changed_enough(tolerance, expected):
    """Pacing opens four arms one by one: by a total variation of 1/2, 1/3, 1/4 (and 1/2 from two arms to all four)."""
    taught = started(Cooldown(Pacing(decisions=3, root=1.0, start=0.25), decisions=1, tolerance=tolerance), 4)
    assert [int((learn(taught, one_arm(0, 4, 0.0)) > 0).sum()) for _ in range(4)] == expected


def test_rows_cool_down_on_their_own():
    """Row 0 masters its level in the second decision, row 1 in the fourth."""
    inner = Combined(threshold=0.9, min_sequences=1)
    taught = started(Cooldown(inner, decisions=3), 2, 2)
    stages = []
    for step in range(8):
        stages.append((act(taught, 2, 2)[:, 1] > 0).tolist())
        good = [[1.0 if step >= 1 else 0.0, 0.0], [1.0 if step >= 3 else 0.0, 0.0]]
        learn(taught, seen([[1, 0], [1, 0]], competence=good))
    assert [s[0] for s in stages] == [False] * 3 + [True] * 5
    assert [s[1] for s in stages] == [False] * 4 + [True] * 4


@pytest.mark.parametrize("around", [CoverageFloor, lambda inner: Review(inner, margin=0.3)])
def test_a_wrapper_around_a_cooldown_does_not_keep_it_from_changing(around):
    """What is taught is not what it gave: it must hold its own mixture, or it would hold for ever."""
    inner = SequenceLengthWarmup(decisions=12)
    taught = started(around(Cooldown(inner, decisions=5)), 4)
    best = [int(learn(taught, one_arm(0, 4, 0.99)).argmax()) for _ in range(20)]
    assert best == [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5


def test_the_inner_teacher_of_a_cooldown_learns_meanwhile():
    inner = Exp3S(eta=0.1, scale=False)
    taught = started(Cooldown(inner, decisions=50), 3)
    for _ in range(20):
        given = learn(taught, one_arm(1, 3, 1.0))
        np.testing.assert_allclose(given, [[1 / 3] * 3])
    assert act(inner, 1, 3)[0, 1] > 0.5


@pytest.mark.parametrize("make", [CoverageFloor, Review, Rehearsal, Cooldown])
def test_a_wrapper_is_of_the_feedback_of_its_inner_teacher_and_shows_its_numbers(make):
    for inner in (Uniform(), Exp3(), Exp3(feedback="full")):
        taught = started(make(inner), two_tasks())
        assert (taught.feedback, reads_gain(taught)) == (inner.feedback, reads_gain(inner))
        full = random_feedback(np.random.default_rng(0), np.full((1, 6), 1 / 6), full=True)
        learn(taught, full)
        own = {"mean_fall", "forgets"} if make is Rehearsal else set()
        assert set(taught.diagnostics()) == set(inner.diagnostics()) | own


@pytest.mark.parametrize("forgets", [False, True])
def test_rehearsal_is_for_students_that_forget(forgets):
    inner = SequenceLengthWarmup(decisions=1000)  # the first arm alone
    taught = started(Rehearsal(inner, share=0.6), 3)
    plain = act(inner, 1, 3)
    for _ in range(6):
        for count, competence in (([32] * 3, 0.9), ([0, 32, 32], 0.9), ([32] * 3, 0.1 if forgets else 0.9)):
            learn(taught, seen(count, competence=competence))
    np.testing.assert_allclose(act(taught, 1, 3), 0.4 * plain + 0.2 if forgets else plain)


def test_rehearsal_twice_is_refused():
    with pytest.raises(ValueError, match="PPOTeacher rehearses by itself: give it rehearsal=0 first"):
        Rehearsal(PPOTeacher())
    Rehearsal(PPOTeacher(rehearsal=0.0))


def test_wrappers_around_a_teacher_that_draws_leave_its_choice_alone():
    inner, alone = TSCLNaive(hold=3), TSCLNaive(hold=3)
    taught = started(CoverageFloor(inner, share=0.2), 5, 3, seed=4)
    started(alone, 5, 3, seed=4)
    for _ in range(12):
        p = act(taught, 3, 5)
        np.testing.assert_allclose(p, 0.8 * act(alone, 3, 5) + 0.04)
        feedback = seen(60 * (act(alone, 3, 5) > 0), competence=0.5)
        learn(taught, feedback)
        learn(alone, feedback)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CoverageFloor(Uniform(), share=0.0), r"share must be in \(0, 1\]; got 0.0 \(0 is no floor\)"),
        (lambda: CoverageFloor(Uniform(), share=1.1), r"share must be in \(0, 1\]; got 1.1"),
        (lambda: Rehearsal(Uniform(), share=0.0), r"share must be in \(0, 1\]; got 0.0 \(0 rehearses nothing\)"),
        (lambda: Review(Uniform(), share=0.0), r"share must be in \(0, 1\]; got 0.0 \(0 reviews nothing\)"),
        (lambda: Review(Uniform(), step=0.0), r"step must be in \(0, 1\]; got 0.0 \(0 never learns\)"),
        (lambda: Review(Uniform(), margin=0.0), r"margin must be in \(0, 1\); got 0.0"),
        (lambda: Cooldown(Uniform(), decisions=0), "decisions must be at least 1 and tolerance in .* got decisions=0"),
        (lambda: Cooldown(Uniform(), tolerance=1.0), "tolerance in .*; got decisions=5, tolerance=1.0"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("make", [CoverageFloor, Review, Rehearsal, Cooldown])
@pytest.mark.parametrize("verb", ["act", "update", "diagnostics", "state_dict"])
def test_nothing_works_before_reset(make, verb):
    taught, obs = make(Uniform()), np.zeros((1, 3, 14), dtype=np.float32)
    arguments = {"act": (obs,), "update": (obs, np.full((1, 3), 1 / 3), one_arm(0, 3, 1.0))}.get(verb, ())
    with pytest.raises(RuntimeError, match=f"^{verb} before reset"):
        getattr(taught, verb)(*arguments)


def test_feedback_is_refused_before_anything_is_learned():
    taught = started(Review(Exp3S(), step=1.0))
    before = act(taught, 1, 3)
    with pytest.raises(ValueError, match=r"feedback\.gain must be finite; got nan for row 0, arm 1"):
        learn(taught, seen([1, 1, 1], gain=[0, np.nan, 0], competence=1.0))
    np.testing.assert_array_equal(act(taught, 1, 3), before)

import dataclasses

import numpy as np
import pytest

from envs.simulated import Population, draw_lifetimes
from envs.simulated.dynamics import advance, competence, observed, token_accuracy
from envs.simulated.population import STRUCTURES

PLAIN = Population(
    num_arms=(3, 3),
    structures=tuple(float(name == "chain") for name in STRUCTURES),
    gate_floor=(0.01, 0.01),
    upward=(0.0, 0.0),
    downward=(0.0, 0.0),
    sideways=(0.0, 0.0),
    warm_up=(0.0, 0.0),
    rate_noise=(0.0, 0.0),
    prior_knowledge=0.0,
    auxiliary=0.0,
    unlearnable=0.0,
    label_noise=0.0,
    capacity=0.0,
    drift=0.0,
    spikes=0.0,
    decay=0.0,
)


def lifetimes(n=5, **changes):
    """Chains of three without noise, forgetting, harm."""
    made = draw_lifetimes(np.random.default_rng(0), n, PLAIN)
    nothing = {"forgetting": np.zeros((n, 1)), "harm": np.zeros((n, 3, 3)), "start": np.zeros((n, 3))}
    return dataclasses.replace(made, **{**nothing, **changes})


def live(of, share, progress=None, decisions=1, start=0):
    progress = of.start if progress is None else progress
    for i in range(decisions):
        age = np.full((len(progress), 1), float(start + i))
        progress = advance(np.random.default_rng(i), of, progress, np.tile(share, (len(progress), 1)), age)
    return progress


def test_an_arm_taught_alone_is_mastered_after_its_time():
    of = lifetimes(time=np.full((5, 3), 10.0))
    just = live(of, [1.0, 0.0, 0.0], decisions=10)
    np.testing.assert_allclose(just[:, 0], 1.0, rtol=1e-9)
    np.testing.assert_allclose(competence(of, just)[:, 0], of.thresholds[:, 0], rtol=1e-9)
    assert (competence(of, live(of, [1.0, 0.0, 0.0], decisions=9)) < of.thresholds)[:, 0].all()


def test_without_its_prerequisite_an_arm_learns_at_the_gates_floor():
    of = lifetimes(time=np.full((5, 3), 10.0), guessing=np.zeros((5, 3)), steepness=np.full((5, 3), 5.0))
    np.testing.assert_allclose(live(of, [0.0, 1.0, 0.0])[:, 1], 0.01 * 0.1, rtol=1e-6)
    mastered = np.tile([1.5, 0.0, 0.0], (5, 1))
    np.testing.assert_allclose(live(of, [0.0, 1.0, 0.0], mastered)[:, 1], 0.1, rtol=1e-6)


def test_transfer_gives_and_harm_takes():
    transfer, harm = np.tile(np.eye(3), (5, 1, 1)), np.zeros((5, 3, 3))
    transfer[:, 0, 1], harm[:, 0, 2] = 0.5, 0.4
    of = lifetimes(time=np.full((5, 3), 10.0), transfer=transfer, harm=harm)
    np.testing.assert_allclose(live(of, [0.0, 1.0, 0.0])[:, 0], 0.05)
    half = np.tile([0.5, 0.0, 0.0], (5, 1))
    np.testing.assert_allclose(live(of, [0.0, 0.0, 1.0], half)[:, 0], 0.5 - 0.5 * 0.4 / 10)


def test_many_arms_learn_more_together_than_one_after_another():
    """By hand: with returns 1/2 a quarter of the share learns half as fast, and is spared half of the forgetting."""
    of = lifetimes(time=np.full((5, 3), 10.0), returns=np.full((5, 1), 0.5), forgetting=np.full((5, 1), 0.1))
    after = live(of, [0.25, 0.0, 0.75])
    np.testing.assert_allclose(after[:, 0], 0.05 * np.exp(-0.1 * 0.5))


def test_what_arms_gain_together_is_taken_back_by_half():
    """By hand: all n taught alike learn n^(1 - returns) times as much; they take n^((1 - returns) / 2) as long."""
    alike = {"num_arms": (4, 4), "auxiliary": 0.0, "decisions": (1000, 1000)}
    linear, half = (
        draw_lifetimes(np.random.default_rng(0), 20, dataclasses.replace(PLAIN, returns=(r, r), **alike))
        for r in (1.0, 0.5)
    )
    np.testing.assert_allclose(half.time, linear.time * 4**0.25)
    drawn = draw_lifetimes(np.random.default_rng(0), 500, Population(returns=(0.4, 0.9))).returns
    assert 0.4 <= drawn.min() < 0.45 and 0.85 < drawn.max() <= 0.9


def test_what_is_built_on_others_trains_them_through_all_the_way_down():
    chains = dataclasses.replace(PLAIN, downward=(0.8, 0.8))
    transfer = draw_lifetimes(np.random.default_rng(0), 200, chains).transfer
    direct, through = transfer[:, 1, 2], transfer[:, 0, 2]
    assert ((direct >= 0.6 * 0.8) & (direct <= 0.8)).all()
    np.testing.assert_allclose(through, transfer[:, 0, 1] * direct)
    assert (transfer[:, 2, 0] == 0).all() and (transfer[:, [0, 1, 2], [0, 1, 2]] == 1).all()


def test_what_is_not_trained_is_forgotten_at_its_rate():
    of = lifetimes(forgetting=np.full((5, 1), 0.1), transfer=np.tile(np.eye(3), (5, 1, 1)))
    half = np.tile([0.5, 0.5, 0.0], (5, 1))
    after = live(of, [0.0, 1.0, 0.0], half)
    np.testing.assert_allclose(after[:, 0], 0.5 * np.exp(-0.1))
    assert (after[:, 1] > 0.5).all()


def test_a_little_rehearsal_keeps_what_is_swiftly_forgotten():
    """By hand: without training e^-h, with the share r of it at e^(-h/e), with many times r hardly at all."""
    of = lifetimes(
        swift=np.full((5, 1), 0.7),
        rehearsal=np.full((5, 1), 0.02),
        transfer=np.tile(np.eye(3), (5, 1, 1)),
        time=np.full((5, 3), 1e9),
    )
    whole = np.ones((5, 3))
    after = live(of, [0.0, 0.02, 0.98], whole)
    np.testing.assert_allclose(after[0], [np.exp(-0.7), np.exp(-0.7 / np.e), 1.0], rtol=1e-6)
    drawn = draw_lifetimes(np.random.default_rng(0), 2000, Population(swift=0.3)).swift
    assert (
        0.25 < (drawn > 0).mean() < 0.35 and not draw_lifetimes(np.random.default_rng(0), 50, Population()).swift.any()
    )


def test_a_hopeless_arm_is_never_mastered():
    of = draw_lifetimes(np.random.default_rng(0), 500, Population(unlearnable=1.0))
    hopeless = of.ceiling < 1.0
    assert 50 < hopeless.sum()
    best = competence(of, np.full(of.targets.shape, 1e6))
    assert (best[hopeless] < of.thresholds[hopeless]).all()
    np.testing.assert_allclose(best[~hopeless], 1.0)


def test_drift_comes_once_and_makes_arms_harder():
    of = lifetimes(drift_at=np.full((5, 1), 0.5), drift=np.tile([0.5, 1.0, 1.0], (5, 1)), decisions=np.full(5, 10))
    full = np.ones((5, 3))
    nobody = np.zeros(3)
    nobody[2] = 1.0
    for start, factor in ((3, 1.0), (4, 0.5), (5, 1.0)):
        after = advance(np.random.default_rng(0), of, full, np.tile(nobody, (5, 1)), np.full((5, 1), float(start)))
        np.testing.assert_allclose(after[:, 0], factor, err_msg=f"decision {start}")


def test_a_full_student_forgets_what_is_not_kept_up():
    of = lifetimes(gate_floor=np.ones((5, 1)), transfer=np.tile(np.eye(3), (5, 1, 1)), decisions=np.full(5, 100))
    done = np.full((5, 3), 2.0)
    free, tight = (
        live(dataclasses.replace(of, capacity=np.full((5, 1), most)), [1.0, 0.0, 0.0], done, decisions=5)
        for most in (np.inf, 2.0)
    )
    assert (free[:, 1:] == 2.0).all()
    np.testing.assert_allclose(tight[:, 1:], 1.3 * np.exp(-5 * 10 / 100), rtol=1e-9)
    np.testing.assert_allclose(tight[:, 0], 1.3)


def test_sequence_accuracy_stays_low_while_token_accuracy_climbs():
    ones = np.ones((5, 3))
    of = lifetimes(length=20 * ones, guessing=0.1 * ones, steepness=5 * ones, curve=ones)
    np.testing.assert_allclose(token_accuracy(of, 0.2 * ones), 0.1 + 0.9 * (1 - np.exp(-1)))
    assert (competence(of, 0.2 * ones) < 0.001).all() and (competence(of, 1.2 * ones) > 0.9).all()


def test_what_is_observed_is_right_on_average_and_noisy_by_the_samples():
    of = lifetimes(5, samples=np.full((5, 1), 100.0), thresholds=np.full((5, 3), 0.95))
    progress = np.full((5, 3), 0.4)
    rng = np.random.default_rng(0)
    share = np.tile([1.0, 0.25, 0.0], (5, 1))
    shown = np.array([observed(rng, of, progress, share, np.zeros((5, 1)))[0] for _ in range(4000)])
    right = competence(of, progress)
    np.testing.assert_allclose(shown.mean(axis=0)[:, :2], right[:, :2], atol=0.01)
    middle = (right > 0.3) & (right < 0.7)
    expected = np.sqrt(right * (1 - right) / np.array([100.0, 25.0, 1.0]))
    columns = middle & (np.arange(3) < 2)
    np.testing.assert_allclose(shown.std(axis=0)[columns], expected[columns], rtol=0.1)


def test_wrong_labels_hide_competence_and_raise_the_loss():
    clean = lifetimes(length=np.full((5, 3), 3.0))
    wrong = dataclasses.replace(clean, label_noise=np.full((5, 3), 0.2), samples=np.full((5, 1), 1e9))
    clean = dataclasses.replace(clean, samples=np.full((5, 1), 1e9))
    done = np.full((5, 3), 50.0)
    share = np.ones((5, 3))
    late = np.full((5, 1), 90.0)
    (right, low), (shown, high) = (observed(np.random.default_rng(0), of, done, share, late) for of in (clean, wrong))
    np.testing.assert_allclose(shown / right, 0.8**3, rtol=1e-3)
    np.testing.assert_allclose(competence(wrong, done), competence(clean, done))
    assert (high > low + 0.05).all()


def test_what_all_arms_have_in_common_falls_whatever_is_trained_and_competence_does_not_see_it():
    ones = np.ones((5, 1))
    of = lifetimes(5, samples=1e12 * ones, common_loss=0.4 * ones, common_time=0.02 * ones, loss_start=0.9 * ones)
    of = dataclasses.replace(of, decisions=np.full(5, 100), label_noise=np.zeros((5, 3)))
    nothing, share = np.zeros((5, 3)), np.ones((5, 3))
    (right, first), (still, later) = (
        observed(np.random.default_rng(0), of, nothing, share, np.full((5, 1), t)) for t in (0.0, 2.0)
    )
    np.testing.assert_allclose(first, 0.9, rtol=1e-4)
    np.testing.assert_allclose(later, 0.9 * (0.6 + 0.4 * np.exp(-1.0)), rtol=1e-4)
    np.testing.assert_allclose(right, still, atol=1e-5)


def test_about_six_lifetimes_in_ten_have_a_loss_in_common():
    of = draw_lifetimes(np.random.default_rng(0), 2000, Population(common_loss=(0.1, 0.5)))
    some = of.common_loss[of.common_loss > 0]
    assert 0.55 < len(some) / 2000 < 0.65 and 0.1 <= some.min() < 0.15 and 0.45 < some.max() <= 0.5
    assert 0.003 <= of.common_time.min() and of.common_time.max() <= 0.05


@pytest.mark.parametrize("seed", range(3))
def test_everything_drawn_stays_in_range_whatever_is_taught(seed):
    rng = np.random.default_rng(seed)
    of = draw_lifetimes(rng, 300, Population())
    progress = of.start
    for i in range(50):
        share = rng.dirichlet(np.full(of.targets.shape[1], 0.2), 300) * of.structure.exists
        progress = advance(rng, of, progress, share, np.full((300, 1), float(i)))
        shown, loss = observed(rng, of, progress, share, np.full((300, 1), float(i)))
        for value, top in ((competence(of, progress), 1.0), (shown, 1.0), (loss, np.inf)):
            assert np.isfinite(value).all() and (value >= 0).all() and (value <= top).all()
        assert np.isfinite(progress).all() and (progress >= 0).all()
    assert of.targets.any(axis=1).all() and not (of.targets & ~of.structure.exists).any()

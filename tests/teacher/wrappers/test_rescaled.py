import numpy as np
import pytest
from teacher_support import act, learn, one_arm, random_feedback, seen, started

from teacher import (
    UCB1,
    AffineScaler,
    BetaThompson,
    Boltzmann,
    CoverageFloor,
    Exp3,
    Exp3S,
    QuantileScaler,
    Rescaled,
    TSCLOnline,
    Uniform,
)
from teacher.scaling import RunningScaler

SCALERS = {
    "quantiles": QuantileScaler,
    "standardise": RunningScaler,
    "affine": lambda num_envs, seed: AffineScaler(0.2, 2.0),
}


@pytest.mark.parametrize("by", SCALERS)
@pytest.mark.parametrize("unit", [False, True])
def test_the_inner_teacher_sees_what_the_scaler_gives(by, unit):
    """The scalers have tests of their own; here it is that rows, seed and unobserved arms are passed on."""
    given = []

    class Recording(Boltzmann):
        def update(self, obs, mixture, feedback):
            given.append(feedback)
            super().update(obs, mixture, feedback)

    taught = started(Rescaled(Recording(scale=False), by=by, offset=0.2, unit=2.0, to_unit_interval=unit), 4, 3, seed=9)
    scaler, rng = SCALERS[by](3, 9), np.random.default_rng(0)
    for _ in range(30):
        feedback = random_feedback(rng, np.full((3, 4), 1 / 4))
        learn(taught, feedback)
        observed = feedback.count > 0
        scaled = scaler(feedback.gain, observed)
        expected = np.where(observed, (scaled + 1) / 2, 0.0) if unit else scaled
        np.testing.assert_array_equal(given[-1].gain, expected)
        for name in ("loss", "competence", "count"):
            assert getattr(given[-1], name) is getattr(feedback, name)
        shown = taught.diagnostics()
        np.testing.assert_array_equal(shown["scaled_gain"], scaled)
        clipped = (np.abs(scaled) >= 1) & observed
        np.testing.assert_allclose(shown["clip_rate"], clipped.sum(axis=1) / observed.sum(axis=1))


@pytest.mark.parametrize(
    ("plain", "bare"),
    [
        (lambda: Exp3S(eta=0.1), lambda: Exp3S(eta=0.1, scale=False)),
        (lambda: Boltzmann(), lambda: Boltzmann(scale=False)),
    ],
)
def test_by_quantiles_it_is_the_teacher_that_scales_itself(plain, bare):
    one, other = started(plain(), 4, 2, seed=3), started(Rescaled(bare()), 4, 2, seed=3)
    rng = np.random.default_rng(1)
    for _ in range(40):
        feedback = random_feedback(rng, np.full((2, 4), 1 / 4))
        np.testing.assert_array_equal(learn(one, feedback), learn(other, feedback))


@pytest.mark.parametrize("make", [lambda s: Exp3(scale=s), lambda s: UCB1(scale=s), lambda s: BetaThompson(scale=s)])
def test_to_the_unit_interval_it_is_the_teacher_that_scales_itself(make):
    one, other = started(make(True), 4, 2), started(Rescaled(make(False), to_unit_interval=True), 4, 2)
    rng = np.random.default_rng(2)
    for _ in range(40):
        feedback = random_feedback(rng, np.full((2, 4), 1 / 4))
        np.testing.assert_allclose(learn(one, feedback), learn(other, feedback), rtol=1e-12)


@pytest.mark.parametrize("by", ["quantiles", "standardise"])
def test_the_unit_of_gains_and_a_constant_on_them_change_nothing(by):
    plain, moved = (started(Rescaled(Exp3S(eta=0.1, scale=False), by=by), 4, 2) for _ in range(2))
    rng = np.random.default_rng(3)
    for _ in range(40):
        feedback = random_feedback(rng, np.full((2, 4), 1 / 4))
        learn(plain, feedback)
        learn(moved, seen(feedback.count, gain=1e-3 * feedback.gain - 2.0))
    np.testing.assert_allclose(act(plain, 2, 4), act(moved, 2, 4), rtol=1e-6)
    assert np.ptp(act(plain, 2, 4)) > 0.01


@pytest.mark.parametrize("by", SCALERS)
def test_it_goes_on_from_its_state(by):
    def make():
        return started(Rescaled(Exp3S(eta=0.1, scale=False), by=by, unit=2.0), 3, 2)

    taught, rng = make(), np.random.default_rng(4)
    for _ in range(20):
        learn(taught, random_feedback(rng, np.full((2, 3), 1 / 3)))
    resumed = make()
    resumed.load_state_dict(taught.state_dict())
    for _ in range(20):
        feedback = random_feedback(rng, np.full((2, 3), 1 / 3))
        np.testing.assert_array_equal(learn(taught, feedback), learn(resumed, feedback))


def test_a_reset_begins_with_an_empty_reservoir():
    taught = started(Rescaled(Exp3S(scale=False)))
    learn(taught, seen([1, 1, 1], gain=[1e3, -1e3, 5.0]))
    started(taught)
    assert (taught.diagnostics()["scaled_gain"] == 0).all()
    learn(taught, one_arm(0, 3, 7.0))
    assert (taught.diagnostics()["scaled_gain"] == 0).all()  # a first gain has no range


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "rank"}, "by must be quantiles, standardise or affine; got 'rank'"),
        ({"by": "affine", "unit": 0.0}, "unit must be finite and above 0; got 0.0"),
        ({"by": "affine", "offset": float("inf")}, "offset must be finite; got inf"),
    ],
)
def test_parameters_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Rescaled(Uniform(), **options)


@pytest.mark.parametrize(
    ("inner", "expected"),
    [(Boltzmann(scale=False), -0.5), (Exp3(scale=False), 0.25), (UCB1(scale=False), 0.25), (TSCLOnline(), -0.5)],
    ids=lambda value: type(value).__name__,
)
def test_rewards_go_to_the_interval_that_the_inner_teacher_wants(inner, expected):
    given = []
    inner.update = lambda obs, mixture, feedback: given.append(feedback.gain[0, 0])
    learn(started(Rescaled(inner, by="affine")), one_arm(0, 3, -0.5))
    assert given == [expected]


def test_an_inner_teacher_that_wants_the_unit_interval_says_so():
    right = started(Rescaled(Exp3(scale=False), by="affine"))
    learn(right, one_arm(0, 3, -0.5))  # to [0, 1], as EXP3 wants it
    taught = started(Rescaled(Exp3(scale=False), by="affine", to_unit_interval=False))
    with pytest.raises(ValueError, match=r"with scale=False gains must be in \[0, 1\]; got -0.5 to -0.5"):
        learn(taught, one_arm(0, 3, -0.5))


@pytest.mark.parametrize("verb", ["act", "update", "diagnostics", "state_dict"])
def test_nothing_works_before_reset(verb):
    taught, obs = Rescaled(Exp3S(scale=False)), np.zeros((1, 3, 14), dtype=np.float32)
    arguments = {"act": (obs,), "update": (obs, np.full((1, 3), 1 / 3), one_arm(0, 3, 1.0))}.get(verb, ())
    with pytest.raises(RuntimeError, match=f"^{verb} before reset"):
        getattr(taught, verb)(*arguments)


def test_what_the_teacher_wants_is_seen_through_the_wrappers_around_it():
    """On the command line wrappers come in any order: exp3+floor+rescaled."""
    with pytest.raises(ValueError, match="needs a teacher that takes gains as they are; got CoverageFloor"):
        Rescaled(CoverageFloor(Exp3S()))
    one = started(Rescaled(CoverageFloor(Exp3(scale=False))))
    other = started(CoverageFloor(Rescaled(Exp3(scale=False))))
    rng = np.random.default_rng(5)
    for _ in range(10):
        feedback = random_feedback(rng, np.full((1, 3), 1 / 3))
        np.testing.assert_array_equal(learn(one, feedback), learn(other, feedback))
    assert (one.inner.scale, one.inner.unit_rewards) == (False, True)
    assert (other.scale, other.unit_rewards) == (False, False)  # it takes gains of any range


def test_a_teacher_that_scales_by_itself_is_refused():
    with pytest.raises(ValueError, match=r"got Exp3S with scale=True: give it scale=False"):
        Rescaled(Exp3S())

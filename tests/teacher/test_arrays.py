"""The contract that all array teachers share, shown on the barest of them."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from teacher_support import act, chain, learn, observation, one_arm, seen, started

from teacher import CoverageFloor, EpsilonGreedy, Exp3, Exp3S, Exp4, Feedback
from teacher.arrays import ArrayTeacher, Seen, averaged, refuse_outside


@dataclass
class Recorder(ArrayTeacher):
    """Keeps what it is shown; uniform."""

    scale: bool = False
    feedback: ClassVar[str] = "any"

    def _start(self, arms, num_envs):
        self.seen = []
        return {"sums": np.zeros((num_envs, arms.num_arms))}

    def _mixture(self, state, obs):
        return np.full(self._shape, 1 / self._shape[1])

    def _learn(self, state, mixture, seen):
        self.seen.append(seen)
        state["sums"] += seen.reward

    def _shown(self, state):
        return {"sums": state["sums"].copy()}


def test_what_is_seen_are_the_entries_with_a_count():
    taught = started(Recorder(), 3, 2)
    learn(taught, seen([[5, 0, 2], [0, 1, 0]], gain=[[0.5, 9.0, -3.0], [9.0, 0.25, 9.0]]))
    shown = taught.seen[0]
    assert shown.observed.tolist() == [[True, False, True], [False, True, False]]
    assert shown.reward.tolist() == [[0.5, 0, -3.0], [0, 0.25, 0]]
    assert (shown.rows.tolist(), shown.arms.tolist()) == ([0, 0, 1], [0, 2, 1])


def test_gains_are_scaled_and_the_clip_rate_is_counted_over_the_observed():
    """After gains of 0 to 10 a gain of 5 is in the middle and one of 100 is clipped: half of row 0, none of row 1."""
    taught = started(Recorder(scale=True), 4, 2)
    assert taught.diagnostics()["scaled_gain"].tolist() == [[0] * 4] * 2
    for gain in range(11):
        learn(taught, seen([[1, 0, 0, 0]] * 2, gain=float(gain)))
    learn(taught, seen([[1, 0, 0, 1], [0, 0, 1, 0]], gain=[[5.0, 99, 99, 100.0], [99, 99, 5.0, 99]]))
    shown = taught.diagnostics()
    assert shown["clip_rate"].tolist() == [0.5, 0.0]
    assert (shown["scaled_gain"][0, 1:3] == 0).all() and shown["scaled_gain"][0, 3] == 1
    assert shown["scaled_gain"][1, 2] == pytest.approx(0) and shown["scaled_gain"][0, 0] == pytest.approx(0, abs=0.2)
    np.testing.assert_array_equal(shown["scaled_gain"], taught.seen[-1].reward)
    learn(taught, seen(np.zeros((2, 4))))  # nothing was drawn: nothing is clipped, nothing divides by zero
    assert taught.diagnostics()["clip_rate"].tolist() == [0, 0]


def test_unscaled_teachers_show_no_scaled_gain():
    taught = started(Recorder())
    learn(taught, one_arm(1, 3, 2.0))
    assert set(taught.diagnostics()) == {"sums"}
    assert taught.diagnostics()["sums"].tolist() == [[0, 2, 0]]


def test_a_state_is_a_copy_both_ways():
    taught = started(Recorder())
    learn(taught, one_arm(0, 3, 1.0))
    state = taught.state_dict()
    learn(taught, one_arm(0, 3, 1.0))
    assert (state["sums"][0, 0], state["updates"]) == (1.0, 1)
    other = started(Recorder())
    other.load_state_dict(state)
    learn(other, one_arm(0, 3, 1.0))
    assert (state["sums"][0, 0], state["updates"], other.state_dict()["updates"]) == (1.0, 1, 2)


def test_the_reservoir_of_the_scaler_is_part_of_the_state():
    taught = started(Exp3S())
    for value in (1.0, 5.0, 2.0):
        learn(taught, one_arm(1, 3, value))
    other = started(Exp3S())
    other.load_state_dict(taught.state_dict())
    for one in (taught, other):
        learn(one, one_arm(0, 3, 4.0))
    np.testing.assert_array_equal(taught.diagnostics()["scaled_gain"], other.diagnostics()["scaled_gain"])


def test_a_state_of_another_teacher_or_of_other_arms_is_refused():
    state = started(Recorder(), 3).state_dict()
    with pytest.raises(ValueError, match=r"of Recorder must hold .*\(1, 4\).*; got .*\(1, 3\).*another teacher's"):
        started(Recorder(), 4).load_state_dict(state)
    with pytest.raises(ValueError, match=r"a state of Exp3S must hold .*'weights'.*; got .*'sums'"):
        started(Exp3S()).load_state_dict(started(Exp3()).state_dict())


def test_reset_starts_anew():
    taught = started(Exp3S())
    learn(taught, one_arm(1, 3, 5.0))
    started(taught, 4, 2)
    assert act(taught, 2, 4).tolist() == [[0.25] * 4] * 2 and taught.state_dict()["updates"] == 0


@pytest.mark.parametrize(
    ("arms", "num_envs", "message"),
    [
        (0, 1, "a teacher needs at least one arm and one row; got 0 arms, 1 rows"),
        (3, 0, "a teacher needs at least one arm and one row; got 3 arms, 0 rows"),
    ],
)
def test_nothing_to_teach_is_refused(arms, num_envs, message):
    with pytest.raises(ValueError, match=message):
        Recorder().reset(chain(arms), num_envs, 0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda t: t.act(observation(1, 3)),
        lambda t: t.update(observation(1, 3), np.full((1, 3), 1 / 3), one_arm(0, 3, 1.0)),
        lambda t: t.diagnostics(),
        lambda t: t.state_dict(),
        lambda t: t.load_state_dict({"updates": 0}),
    ],
    ids=["act", "update", "diagnostics", "state_dict", "load_state_dict"],
)
def test_nothing_works_before_reset(ask, request):
    verb = request.node.callspec.id
    with pytest.raises(RuntimeError, match=rf"^{verb} before reset: call reset\(arms, num_envs, seed\) first"):
        ask(Recorder())


@pytest.mark.parametrize("name", ["gain", "loss", "competence"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_observed_values_must_be_finite_and_the_others_need_not(name, bad):
    taught = started(Recorder(), 3, 2)
    values = np.zeros((2, 3))
    values[1, 2] = bad
    with pytest.raises(ValueError, match=rf"feedback\.{name} must be finite; got {bad} for row 1, arm 2"):
        learn(taught, seen([[0, 1, 0], [1, 0, 1]], **{name: values}))
    assert taught.state_dict()["updates"] == 0 and not taught.seen
    learn(taught, seen([[0, 1, 0], [1, 1, 0]], **{name: values}))


@pytest.mark.parametrize(
    ("mixture", "message"),
    [
        ([[0.5, 0.5]], r"the mixture must have shape \(K, A\) = \(1, 3\); got \(1, 2\)"),
        ([[0.5, np.nan, 0.5]], "the mixture must be finite and not negative; got a minimum of nan"),
        ([[np.inf, 0.0, 0.0]], "the mixture must be finite and not negative; got a minimum of 0.0, a sum of inf"),
        ([[1.5, -0.5, 0.0]], "the mixture must be finite and not negative; got a minimum of -0.5"),
    ],
)
@pytest.mark.parametrize("make", [Recorder, lambda: CoverageFloor(Recorder()), lambda: Exp4([Recorder()])])
def test_a_mixture_that_is_none_is_refused(make, mixture, message):
    taught = started(make())
    with pytest.raises(ValueError, match=message):
        learn(taught, one_arm(0, 3, 0.5), mixture)


@pytest.mark.parametrize("name", ["gain", "loss", "competence", "count"])
def test_every_entry_must_be_of_the_right_shape(name):
    good = one_arm(0, 3, 1.0)
    with pytest.raises(ValueError, match=rf"feedback\.{name} must have shape \(K, A\) = \(1, 3\); got \(1, 2\)"):
        started(Recorder()).update(
            observation(1, 3), np.full((1, 3), 1 / 3), replace(good, **{name: getattr(good, name)[:, 1:]})
        )


@pytest.mark.parametrize(
    ("value", "low", "high", "message"),
    [
        (0.0, 0, 1, r"^x must be in \(0, 1\]; got 0.0 \(why not\)$"),
        (-1.0, 0, 1, r"^x must be in \(0, 1\]; got -1.0$"),
        (1.01, 0, 1, r"^x must be in \(0, 1\]; got 1.01$"),
        (float("nan"), 0, 1, r"^x must be in \(0, 1\]; got nan$"),
        (float("inf"), 0, float("inf"), r"^x must be in \(0, inf\); got inf$"),
    ],
)
def test_values_outside_are_refused_with_the_reason(value, low, high, message):
    with pytest.raises(ValueError, match=message):
        refuse_outside("x", value, low, high, "why not")


def test_values_inside_are_not():
    for value, high in ((1.0, 1), (1e-300, 1), (1e300, float("inf"))):
        refuse_outside("x", value, 0, high)


def test_an_average_is_set_by_a_first_visit_and_moved_by_later_ones():
    average, visits = np.array([[0.5, 0.5, 0.5]]), np.array([[0, 1, 7]])
    values = np.array([[0.1, 0.1, 0.1]])
    observed = np.array([[True, True, False]])
    none = Feedback(values, values, values, observed.astype(np.int64))
    averaged(average, values, Seen(none, observed, values, np.array([0, 0]), np.array([0, 1])), visits, 0.25)
    np.testing.assert_allclose(average, [[0.1, 0.5 + 0.25 * (0.1 - 0.5), 0.5]])


def test_running_means_equal_rivers_over_a_run():
    """river's EWMean: the first value sets it, each later one moves it by ``fading_factor``."""
    from river import stats

    rng = np.random.default_rng(0)
    taught, oracles = started(EpsilonGreedy(step=0.3, scale=False)), [stats.EWMean(0.3) for _ in range(3)]
    for _ in range(80):
        arm, gain = int(rng.integers(3)), float(rng.normal())
        learn(taught, one_arm(arm, 3, gain))
        oracles[arm].update(gain)
        means = [oracle.get() for oracle in oracles]
        np.testing.assert_allclose(taught.state_dict()["values"][0], means, atol=1e-12)

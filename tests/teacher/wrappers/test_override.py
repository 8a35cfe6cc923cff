import json

import numpy as np
import pytest
from teacher_support import act, learn, one_arm, started

from teacher import CoverageFloor, Exp3, Override, StaticMixture, Uniform

INNER = [[0.7, 0.2, 0.1]]
SAID = [[0.25, 0.0, 0.75]]
WEIGHTS = {"arm 0": 1, "arm 2": 3}


def taught_by(file="", num_envs=1):
    return started(Override(StaticMixture((7, 2, 1)), file=str(file)), 3, num_envs)


def test_a_person_takes_over_and_gives_back():
    taught = taught_by(num_envs=2)
    np.testing.assert_allclose(act(taught, 2, 3), INNER * 2)
    taught.set(WEIGHTS)
    for _ in range(5):
        np.testing.assert_allclose(learn(taught, one_arm(0, 3, 0.0, num_envs=2)), SAID * 2)
    taught.clear()
    np.testing.assert_allclose(act(taught, 2, 3), INNER * 2)


def test_for_so_many_decisions():
    taught = taught_by()
    taught.set(WEIGHTS, decisions=2)
    given = [learn(taught, one_arm(0, 3, 0.0))[0].tolist() for _ in range(4)]
    np.testing.assert_allclose(given, SAID * 2 + INNER * 2)


def test_the_file_is_looked_at_before_each_decision(tmp_path):
    file = tmp_path / "override.json"
    taught = taught_by(file)
    np.testing.assert_allclose(act(taught, 1, 3), INNER)
    file.write_text(json.dumps(WEIGHTS))
    np.testing.assert_allclose(act(taught, 1, 3), SAID)
    file.write_text(json.dumps({"arm 1": 0.5}))
    assert act(taught, 1, 3).tolist() == [[0, 1, 0]]
    file.unlink()
    np.testing.assert_allclose(act(taught, 1, 3), INNER)


def test_the_file_comes_before_what_was_set(tmp_path):
    file = tmp_path / "override.json"
    taught = taught_by(file)
    taught.set({"arm 1": 1})
    file.write_text(json.dumps(WEIGHTS))
    np.testing.assert_allclose(act(taught, 1, 3), SAID)
    file.unlink()
    assert act(taught, 1, 3).tolist() == [[0, 1, 0]]


def test_the_inner_teacher_learns_from_what_was_taught():
    """It is told the mixture that was drawn from: a reward at p = 0.75 counts 1 / 0.75."""
    inner = Exp3(gamma=0.5, scale=False)
    taught = started(Override(inner), 3)
    taught.set(WEIGHTS)
    learn(taught, one_arm(2, 3, 0.6))
    np.testing.assert_allclose(inner.state_dict()["sums"], [[0, 0, 0.5 / 3 * 0.6 / 0.75]])


def test_what_was_set_is_part_of_the_state():
    taught = taught_by()
    taught.set(WEIGHTS, decisions=3)
    learn(taught, one_arm(0, 3, 0.0))
    resumed = taught_by()
    resumed.load_state_dict(taught.state_dict())
    for one in (taught, resumed):
        np.testing.assert_allclose([learn(one, one_arm(0, 3, 0.0))[0] for _ in range(3)], SAID * 2 + INNER)


def test_a_reset_gives_the_mixture_back():
    taught = taught_by()
    taught.set(WEIGHTS)
    started(taught)
    np.testing.assert_allclose(act(taught, 1, 3), INNER)


def test_a_wrapper_around_it_adds_to_what_is_said():
    taught = started(CoverageFloor(Override(Uniform()), share=0.4), 3)
    taught.inner.set({"arm 1": 2.0})
    np.testing.assert_allclose(act(taught, 1, 3), [[0.4 / 3, 0.6 + 0.4 / 3, 0.4 / 3]])


BAD = [
    ({}, "must be arm names with weights; got {}"),
    (["arm 0"], r"must be arm names with weights; got \['arm 0'\]"),
    ({"arm 7": 1}, "names the arm 'arm 7'; there are arm 0, arm 1, arm 2"),
    ({"arm 0": "much"}, "weights must be numbers; got"),
    ({"arm 0": None}, "weights must be numbers; got"),
    ({"arm 0": -1}, "weights must be finite, not negative and not all zero; got"),
    ({"arm 0": 0}, "weights must be finite, not negative and not all zero; got"),
    ({"arm 0": float("inf")}, "weights must be finite, not negative and not all zero; got"),
]


@pytest.mark.parametrize(("weights", "message"), BAD)
def test_weights_that_are_none_are_refused_and_change_nothing(weights, message):
    taught = taught_by()
    with pytest.raises(ValueError, match=f"^weights:? {message}"):
        taught.set(weights)
    np.testing.assert_allclose(act(taught, 1, 3), INNER)


@pytest.mark.parametrize(("weights", "message"), BAD)
def test_files_that_say_nothing_of_use_are_refused_by_name(tmp_path, weights, message):
    file = tmp_path / "override.json"
    file.write_text(json.dumps(weights))
    with pytest.raises(ValueError, match=rf"^the override .*override\.json:? {message}"):
        act(taught_by(file), 1, 3)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "override.json").write_text("{half a fi")
    with pytest.raises(ValueError, match=r"the override .*override\.json cannot be read: .*: mend or delete it"):
        act(taught_by(tmp_path / "override.json"), 1, 3)
    with pytest.raises(ValueError, match=r"cannot be read: .*: mend or delete it"):
        act(taught_by(tmp_path), 1, 3)  # a folder


@pytest.mark.parametrize("decisions", [0, -2])
def test_to_take_over_for_no_decision_is_refused(decisions):
    taught = taught_by()
    with pytest.raises(ValueError, match=f"decisions must be at least 1, or None until clear; got {decisions}"):
        taught.set(WEIGHTS, decisions)
    np.testing.assert_allclose(act(taught, 1, 3), INNER)


def test_nothing_can_be_said_before_reset():
    taught = Override(Uniform())
    with pytest.raises(RuntimeError, match="set before reset"):
        taught.set(WEIGHTS)
    taught.clear()

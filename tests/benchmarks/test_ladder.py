import numpy as np
import pytest

import envs
from benchmarks.ladder import Ladder
from benchmarks.settings import SUITES, make_suite


def costs(updates):
    return {"updates": updates, "tokens": 10 * updates, "forward_equivalents": 30 * updates}


class Fixed(envs.ScriptedStudent):
    """Skills set by hand."""

    def set(self, *skills):
        self.skills = np.array([skills], dtype=float)
        return self


def test_mastery_is_the_first_of_two_consecutive_passes(suite):
    ladder, student = Ladder(suite), Fixed(suite)
    for updates, skills in enumerate([(1, 1, 0.9), (1, 1, 0.99), (1, 0.97, 1), (1, 0.98, 1), (1, 1, 1)], start=1):
        assert ladder.mastered_at is None
        ladder.evaluate(student.set(*skills), costs(updates * 100))
    assert ladder.mastered_at == costs(400)


def test_only_targets_are_judged():
    suite = envs.Suite([envs.Addition(digits=(1, 2))], lambda _, d: d["digits"] == 2)
    ladder, student = Ladder(suite), Fixed(suite)
    for updates in (100, 200):
        ladder.evaluate(student.set(0.1, 1.0), costs(updates))
    assert ladder.mastered_at == costs(100)


def test_every_arm_and_those_beyond_are_reported_on_held_out_samples(suite):
    ladder = Ladder(suite)
    ladder.evaluate(Fixed(suite).set(0.1, 0.2, 0.3), costs(100))
    assert [(row["arm"], row["taught"], row["target"]) for row in ladder.rows] == [
        (0, True, True),
        (1, True, True),
        (2, True, True),
        (3, False, False),
        (4, False, False),
    ]
    assert [row["competence"] for row in ladder.rows[:3]] == pytest.approx([0.1, 0.2, 0.3])
    assert ladder.rows[3]["arm_name"] == "addition digits=4"


def test_targets_are_judged_on_at_least_512_sequences(suite):
    assert [batch.num_sequences for batch in Ladder(suite)._batches] == [512] * 3 + [128] * 2


def test_state_goes_on(suite):
    ladder, student = Ladder(suite), Fixed(suite).set(1, 1, 1)
    ladder.evaluate(student, costs(100))
    other = Ladder(suite)
    other.load_state_dict(ladder.state_dict())
    other.evaluate(student, costs(200))
    assert other.mastered_at == costs(100) and len(other.rows) == 10


@pytest.mark.parametrize("name", SUITES)
def test_the_ladder_takes_at_most_a_tenth_of_the_compute(name):
    """In forward-equivalents, against training on arms drawn uniformly between two evaluations."""
    suite, schedule = make_suite(name, {}), SUITES[name][1]
    lengths = [suite.batch(a, 0, 0, envs.Split.TRAIN, 1).tokens.shape[1] for a in range(suite.num_arms)]
    training = 3 * schedule.evaluate_every * schedule.batch_size * np.mean(lengths)
    assert Ladder(suite).tokens / training <= 0.1

import numpy as np
import pytest

import envs
from benchmarks.demo import cells
from benchmarks.evaluation.ladder import Ladder, area_under_curve, forgetting, ladder_share
from benchmarks.settings import SUITES, Schedule, make_suite


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


@pytest.mark.parametrize("name", [name for name in SUITES if name != "hf"])  # which needs a data set
def test_the_ladder_takes_at_most_a_tenth_of_the_compute(name):
    assert ladder_share(make_suite(name, {}), SUITES[name][1]) <= 0.1


def test_so_it_does_in_the_demo():
    for cell in {cell.suite: cell for cell in cells()}.values():
        assert ladder_share(cell.make_suite(), cell.schedule) <= 0.1


def test_the_share_by_hand(suite):
    """Addition of 1-3 digits: 5, 8, 11 tokens; beyond 14, 17."""
    forwards = 512 * (5 + 8 + 11) + 128 * (14 + 17)
    assert ladder_share(suite, Schedule(1000, 16, 10, 50)) == pytest.approx(forwards / (3 * 50 * 16 * 8))


def test_a_loss_that_is_not_finite_stops(suite):
    class Spoilt(Fixed):
        def evaluate(self, batch):
            scores = super().evaluate(batch)
            return envs.Scores(scores.loss * np.nan, scores.token_accuracy, scores.sequence_accuracy)

    said = r"loss on TEST became nan after 100 updates, arm 0 \(addition digits=1\)"
    with pytest.raises(envs.DivergedError, match=said):
        Ladder(suite).evaluate(Spoilt(suite), costs(100))


def test_forgetting_is_the_shortfall_from_the_best_so_far():
    """Two targets over three evaluations: shortfalls 0 0, 0 0.2, 0.5 0; an auxiliary arm does not count."""
    seen = [(0.2, 0.9, 0.0), (0.6, 0.7, 0.9), (0.1, 0.95, 0.1)]
    rows = [{"arm": arm, "target": arm < 2, "competence": c} for row in seen for arm, c in enumerate(row)]
    assert forgetting(rows) == pytest.approx(0.7 / 6)
    assert forgetting([]) == 0.0


def test_area_under_curve_by_hand():
    rows = [
        {"updates": u, "target": True, "competence": c} for u, cs in ((100, (0.2, 0.4)), (200, (0.6, 0.6))) for c in cs
    ] + [{"updates": 200, "target": False, "competence": 9.0}]
    # 0 to 0.3 over 100, 0.3 to 0.6 over 100, 0.6 held over 200
    assert area_under_curve(rows, 400) == pytest.approx((15 + 45 + 120) / 400)

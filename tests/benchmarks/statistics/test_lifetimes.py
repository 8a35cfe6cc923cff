import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from benchmarks import statistics
from benchmarks.report.page import _evenness, _forecast, _needed


def life(teacher, seed, updates, mastered=True, budget=1000):
    costs = {"updates": updates, "tokens": 10 * updates, "forward_equivalents": 31 * updates}
    return {
        "suite": "s",
        "student": "n",
        "teacher": teacher,
        "seed": seed,
        "fingerprint": "f",
        "budget": budget,
        "mastered": mastered,
        "to_mastery": costs if mastered else None,
        "spent": costs if not mastered else {k: v + 1 for k, v in costs.items()},
        "competence": 0.9,
        "area_under_curve": updates / budget,
        "forecast": None,
        "largest_ratio": {"tokens": 1.0 + seed, "update_norm": 2.0},
        "seconds": {"training": 1.0, "evaluation": 0.1},
    }


def test_survival_is_kaplan_meier_by_hand():
    """Mastered at 1, 2, 4; one lifetime open-ended at 3: S = 3/4, 2/4, then (1 - 1/1) of what is left."""
    costs, share = statistics.survival([1, 2, 3, 4], [True, True, False, True])
    assert dict(zip(costs.tolist(), share.tolist(), strict=True)) == pytest.approx({1: 0.25, 2: 0.5, 3: 0.5, 4: 1.0})


@pytest.mark.parametrize("seed", range(5))
def test_survival_is_what_statsmodels_says(seed):
    """An implementation of its own, ties and all."""
    rng = np.random.default_rng(seed)
    costs = rng.integers(1, 12, 30)
    mastered = rng.random(30) < 0.7
    theirs = SurvfuncRight(costs, mastered)
    values, share = statistics.survival(costs.tolist(), mastered.tolist())
    ours = dict(zip(values.tolist(), share.tolist(), strict=True))
    assert [ours[time] for time in theirs.surv_times] == pytest.approx((1 - theirs.surv_prob).tolist())


def test_summary_counts_lifetimes_that_never_mastered_with_what_they_spent():
    lives = [
        life("uniform", 0, 800),
        life("uniform", 1, 1000, mastered=False),
        life("fast", 0, 300),
        life("fast", 1, 500),
    ]
    uniform, fast = statistics.summarise(lives)
    assert uniform["solve_rate"] == 0.5 and fast["solve_rate"] == 1.0
    assert uniform["cost_to_mastery"]["updates"]["mean"] == 900
    assert uniform["cost_to_mastery"]["updates"]["censored"] == [False, True]
    assert fast["over_uniform"]["updates"]["speedup"] == pytest.approx(900 / 400)
    assert fast["over_uniform"]["updates"]["bound"] == "at least"
    assert fast["over_uniform"]["updates"]["probability_of_improvement"]["value"] == 1.0
    assert fast["cost_to_mastery"]["forward_equivalents"]["mean"] == 31 * 400
    assert "over_uniform" not in uniform


def test_a_cheap_failure_is_no_improvement():
    """Never mastering on short sequences costs fewer tokens than mastering: it is worse all the same."""
    failed = life("cheat", 0, 100, mastered=False), life("cheat", 1, 120, mastered=False)
    records = statistics.summarise([life("uniform", 0, 800), life("uniform", 1, 900), *failed])
    for unit in ("updates", "tokens", "forward_equivalents"):
        assert records[1]["over_uniform"][unit]["probability_of_improvement"]["value"] == 0.0
    assert records[1]["over_uniform"]["tokens"]["speedup"] is None


def test_teachers_are_compared_by_pairs_with_each_reference_and_corrected_for_their_number():
    seeds = range(8)
    lives = [life("uniform", s, 800 + 10 * s) for s in seeds] + [life("target-deficit", s, 500 + 10 * s) for s in seeds]
    lives += [life("fast", s, 400 + 10 * s) for s in seeds] + [life("never", s, 90, mastered=False) for s in seeds]
    records = {r["teacher"]: r for r in statistics.summarise(lives)}
    assert "uniform" not in records["uniform"]["against"] and "target-deficit" in records["uniform"]["against"]
    fast = records["fast"]["against"]
    assert fast["uniform"]["difference"] == -400 and fast["target-deficit"]["difference"] == -100
    assert fast["uniform"]["interval"] == [-400, -400] and fast["uniform"]["faster"] == 1.0
    assert fast["uniform"]["ratio"] == pytest.approx(435 / 835)
    assert fast["uniform"]["p"] == pytest.approx(2 / 2**8) and fast["uniform"]["p_holm"] == pytest.approx(6 / 2**8)
    assert (fast["uniform"]["pairs_needed"], fast["uniform"]["pairs_differing"]) == (6, 8)
    assert records["never"]["against"]["uniform"]["difference"] == 1000 - 835  # the budget, however little it spent


def test_teachers_that_differ_in_no_pair_are_said_to():
    lives = [life(name, seed, 800 + seed) for name in ("uniform", "same") for seed in range(8)]
    lives += [life("balanced", seed, 800 + seed + 50 * (-1) ** seed) for seed in range(8)]
    same, balanced = (r["against"]["uniform"] for r in statistics.summarise(lives) if r["teacher"] != "uniform")
    assert same["pairs_needed"] is None and _needed(same) == "none differs"
    assert balanced["difference"] == 0 and balanced["pairs_differing"] == 8 and _needed(balanced) == "over 1,000"


def test_seeds_without_a_pair_are_left_out_of_the_comparison():
    lives = [life("uniform", 0, 800), life("uniform", 1, 900), life("fast", 1, 300), life("fast", 2, 100)]
    found = statistics.summarise(lives)[1]["against"]["uniform"]
    assert found["pairs"] == 1 and found["difference"] == -600 and found["interval"] is None
    assert found["p"] == 1.0 and found["pairs_needed"] is None
    alone = statistics.summarise([life("uniform", 0, 800), life("fast", 5, 300)])[1]
    assert "against" not in alone


def test_ratio_and_probability_are_of_seeds_that_both_have_lived():
    """A partial folder: uniform's slow seed 3 and the teacher's fast seed 0 have no pair, and count for neither."""
    lives = [life("uniform", seed, updates) for seed, updates in ((1, 600), (2, 700), (3, 1))]
    lives += [life("fast", seed, updates) for seed, updates in ((0, 5), (1, 500), (2, 500))]
    over = statistics.summarise(lives)[1]["over_uniform"]
    assert over["updates"]["speedup"] == over["tokens"]["speedup"] == pytest.approx(1.3)
    assert over["updates"]["probability_of_improvement"]["value"] == 1.0
    lives[2] = life("uniform", 3, 900, mastered=False)  # what has no pair bounds nothing either
    assert statistics.summarise(lives)[1]["over_uniform"]["updates"]["bound"] == "none"
    apart = [life("fast", seed, 300) for seed in range(3)] + [life("uniform", 3, 900)]
    assert "over_uniform" not in statistics.summarise(apart)[0]


def test_without_uniform_there_is_no_comparison():
    (record,) = statistics.summarise([life("fast", 0, 10)])
    assert "over_uniform" not in record and record["cost_to_mastery"]["updates"]["interval"] is None


def test_forecast_errors_and_evenness_of_lifetimes_are_gathered():
    lives = [life("uniform", seed, 100) | {"forecast": {"mase": 1.0 + seed, "pinball": 0.5}} for seed in (0, 1)]
    (group,) = statistics.summarise(lives)
    assert group["forecast"]["mase"]["mean"] == 1.5 and group["forecast"]["pinball"]["interval"] == [0.5, 0.5]
    assert group["largest_ratio"] == {"tokens": 2.0, "update_norm": 2.0}  # of all lifetimes
    assert _forecast(group) == ["uniform", "1.500 [1.000, 2.000]", "0.500 [0.500, 0.500]"]
    assert _evenness({**group, "largest_ratio": {"tokens": 2.0, "update_norm": 0.0}}) == [
        *("uniform", "2", "not known", "not known"),
    ]
    assert _evenness({**group, "forgetting": 0.25})[-1] == "0.250"
    assert "forecast" not in statistics.summarise([life("uniform", 0, 100)])[0]

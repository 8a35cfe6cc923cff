import numpy as np
import pytest

from benchmarks.meta.evidence import compared


def life(updates, mastered=True):
    return {"updates": updates, "mastered": mastered}


def by_name(lifetimes, budget=100, trained=()):
    return {row.name: row for row in compared(lifetimes, budget, trained, resamples=400)}


def test_costs_are_restricted_and_paired_by_hand():
    rows = by_name(
        {
            "uniform": {"0": life(80), "1": life(250, False)},
            "quick": {"0": life(40), "1": life(50), "7": life(10)},
            "late": {"0": life(120)},  # mastered after the budget: as good as never
        }
    )
    assert rows["uniform"].mean == 90 and rows["uniform"].solved == 1 and rows["uniform"].ratio == 1
    quick = rows["quick"]
    assert quick.num == 3 and quick.solved == 3 and quick.mean == pytest.approx(100 / 3)
    assert quick.ratio == pytest.approx(90 / 180) and quick.faster == 1.0  # seed 7 has no pair
    assert rows["late"].mean == 100 and rows["late"].solved == 0 and rows["late"].faster == 0.0


def test_a_ratio_is_drawn_by_pairs():
    """Half of what uniform sampling took on every seed: half in every draw, however seeds differ."""
    uniform = {str(seed): life(cost) for seed, cost in enumerate((10, 20, 40, 80))}
    half = {seed: life(found["updates"] // 2) for seed, found in uniform.items()}
    row = by_name({"uniform": uniform, "half": half})["half"]
    assert row.ratio_low == row.ratio == row.ratio_high == 0.5 and row.low < row.mean < row.high


def test_one_seed_has_no_width_and_no_pair_no_ratio():
    rows = by_name({"uniform": {"0": life(80)}, "alone": {"0": life(20)}, "elsewhere": {"5": life(30)}})
    assert rows["alone"].low == rows["alone"].high == 20 and rows["alone"].ratio_low == rows["alone"].ratio_high == 0.25
    assert rows["elsewhere"].low == 30 and np.isnan(rows["elsewhere"].ratio_low) and np.isnan(rows["elsewhere"].p)


def test_trained_teachers_are_one_row_whose_interval_knows_that_they_differ():
    uniform = {str(seed): life(100) for seed in range(4)}
    alike = {f"t{i}": {str(seed): life(50) for seed in range(4)} for i in range(6)}
    differ = {f"t{i}": {str(seed): life(20 + 12 * i) for seed in range(4)} for i in range(6)}
    same, other = (
        by_name({"uniform": uniform, **t}, trained=tuple(t))["general (mean of 6 trained)"] for t in (alike, differ)
    )
    assert same.num == 24 and same.low == same.high == 50
    assert other.mean == 50 and other.low < 42 and other.high > 58


def test_the_interval_of_a_mean_covers_it_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(60):
        values = rng.integers(20, 80, 12)
        row = by_name({"a": {str(i): life(int(v)) for i, v in enumerate(values)}})["a"]
        covered += row.low <= 49.5 <= row.high
    assert covered >= 50  # of 60: the percentile bootstrap of twelve covers a little less than 0.95


@pytest.mark.parametrize(("num_seeds", "least", "halves"), [(20, 0.85, False), (8, 0.75, False), (8, 0.75, True)])
def test_hard_seeds_are_hard_for_all_and_the_interval_knows(num_seeds, least, halves):
    """Costs of teacher t on seed s: 50 + t's own + s's own (shared by all, uniform too) + noise; the mean is 50."""
    rng = np.random.default_rng(0)
    of_mean = of_ratio = 0
    for _ in range(80):
        hard, skill = rng.normal(0, 10, num_seeds), rng.normal(0, 2, 6)

        def lives(level, hard=hard):
            return {str(s): life(level + hard[s] + rng.normal(0, 2)) for s in range(num_seeds)}

        trained = {f"t{t}": lives(50 + skill[t]) for t in range(6)}
        if halves:  # as the evidence has it: half of the teachers on even seeds, half on odd ones
            trained = {n: dict(list(own.items())[i % 2 :: 2]) for i, (n, own) in enumerate(trained.items())}
        row = by_name({"uniform": lives(100), **trained}, 1000, tuple(trained))["general (mean of 6 trained)"]
        of_mean += row.low <= 50 <= row.high
        of_ratio += row.ratio_low <= 0.5 <= row.ratio_high
    assert of_mean >= least * 80 and of_ratio >= least * 80


def test_trained_teachers_count_alike_however_many_seeds_each_has():
    rows = by_name(
        {"a": {"0": life(10)}, "b": {str(s): life(90) for s in range(9)}, "uniform": {"0": life(100)}}, 100, ("a", "b")
    )
    row = rows["general (mean of 2 trained)"]
    assert row.mean == 50 and row.num == 10 and np.isfinite([row.ratio, row.ratio_low, row.ratio_high]).all()


def test_without_uniform_there_is_no_ratio():
    row = by_name({"a": {"0": life(3)}})["a"]
    assert np.isnan(row.ratio) and np.isnan(row.faster) and np.isnan(row.p)


def test_the_sign_flip_test_is_over_seeds_however_many_teachers_lived_each():
    uniform = {str(s): life(100) for s in range(8)}
    trained = {f"t{t}": {str(s): life(50 + s + 9 * t) for s in range(8) if s % 2 == t % 2} for t in range(6)}
    row = by_name({"uniform": uniform, **trained}, 1000, tuple(trained))["general (mean of 6 trained)"]
    assert row.num == 24 and row.p == pytest.approx(2 / 2**8)
    assert (
        by_name({"uniform": uniform, "odd": {str(s): life(90 + 20 * (s % 2)) for s in range(8)}}, 1000)["odd"].p == 1.0
    )


def test_a_ratio_is_drawn_over_pairs():
    """Half of uniform's cost on every seed is a ratio of a half whichever seeds are drawn, however much they differ."""
    uniform = {str(s): life(10 * (s + 1)) for s in range(9)}
    half = {name: {s: life(u["updates"] / 2) for s, u in uniform.items()} for name in ("a", "b")}
    row = by_name({"uniform": uniform, **half}, 1000, ("a", "b"))["general (mean of 2 trained)"]
    assert row.ratio == pytest.approx(0.5) and row.ratio_low == row.ratio_high == pytest.approx(0.5)
    assert row.low < row.high


def test_a_teacher_that_lived_more_seeds_counts_no_more():
    """Five teachers of 300 on four seeds, one of 100 on all twenty: 267 in the mean, over lifetimes it would be 200."""
    trained = {f"t{t}": {str(seed): life(300) for seed in range(0, 20, 5)} for t in range(5)}
    trained["long"] = {str(seed): life(100) for seed in range(20)}
    row = by_name(trained, 1000, tuple(trained))["general (mean of 6 trained)"]
    assert row.mean == pytest.approx(1600 / 6) and row.low > 160 and row.high == 300

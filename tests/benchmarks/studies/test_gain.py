"""What the general teacher's gain is made of: contrasts over suites."""

import numpy as np
import pytest
from records_support import lives

from benchmarks.studies.records.gain import (
    CONTRASTS,
    CONTROLS,
    STATIC,
    best_static,
    break_even,
    pooled,
    seconds_of_training,
    told,
)
from benchmarks.studies.records.known import Known
from benchmarks.studies.records.run import CONTROLS as SIMPLE
from benchmarks.studies.records.run import TEACHERS, yoked


def of(suite, **updates):
    figures = {name.replace("_", "-"): lives(*values) for name, values in updates.items()}
    return Known(suite, "small", "lstm", 1000, figures)


def test_a_ratio_is_the_geometric_mean_over_suites_of_ratios_of_means():
    first = of("recall", general=[200] * 8, yoked=[400, 400, 400, 400, 200, 200, 200, 600])  # 200 / 350
    second = of("lego", general=[300, 500] * 5, yoked=[200] * 10)  # 400 / 200
    found = pooled([first, second], "general", "yoked")
    assert found.ratio == pytest.approx((200 / 350 * 2) ** 0.5)
    assert (found.num_suites, found.num_pairs) == (2, 18)
    assert found.each[0] < found.ratio < found.each[1]


def test_seeds_that_only_one_has_lived_do_not_count():
    one = of("recall", general=[200] * 9 + [1000] * 3, yoked=[400] * 9)
    assert pooled([one], "general", "yoked").ratio == pytest.approx(0.5)
    assert pooled([of("recall", general=[200] * 7, yoked=[400] * 12)], "general", "yoked") is None
    assert pooled([of("recall", general=[200] * 9)], "general", "yoked") is None


def test_a_lifetime_that_never_mastered_costs_the_budget():
    one = of("recall", general=[500] * 8, yoked=[None] * 8)
    assert one.costs("general", "yoked") == {seed: [500, 1000] for seed in range(8)}
    one.lifetimes["general"]["3"]["updates"] = 1200  # of a run with a larger budget
    assert one.costs("general", "yoked")[3] == [1000, 1000]


@pytest.mark.parametrize("reference", ["learnability", "yoked"])
def test_intervals_hold_where_networks_differ(monkeypatch, reference):
    """150 worlds of five suites: the same six networks teach them all, by their seeds, and their neighbours replay."""
    monkeypatch.setattr("benchmarks.studies.records.gain.RESAMPLES", 400)
    rng = np.random.default_rng(0)
    outside = 0
    for _ in range(150):
        skills = np.exp(rng.normal(0, 0.3, 6) - 0.3**2 / 2)
        suites = []
        for suite, scale in (("recall", 1.0), ("lego", 0.2), ("formal", 0.5), ("text", 0.3), ("n-gram", 0.8)):
            own, other = rng.lognormal(5, 0.3, (2, 10)) * scale
            own = own * skills[np.arange(10) % 6]
            if reference == "yoked":
                other = other * skills[(np.arange(10) + 1) % 10 % 6]
            suites.append(of(suite, general=[int(c) for c in own], **{reference: [int(c) for c in other]}))
        found = pooled(suites, "general", reference)
        assert found.together[0] < found.each[0] < found.given[0] < found.given[1] < found.each[1] < found.together[1]
        outside += not found.each[0] <= 1 <= found.each[1]
    assert outside <= 12  # 7.5 by their level


def test_a_replay_is_of_the_network_of_the_seed_after_it():
    one = of("recall", general=[1] * 10, yoked=[1] * 10, static_mean=[1] * 10, learnability=[1] * 10)
    seeds = (0, 3, 5, 9)
    assert one.behind(("general", "learnability"), seeds) == [{0}, {3}, {5}, {3}]
    assert one.behind(("yoked", "static-mean"), seeds) == [{1}, {4}, {0}, {0}]
    assert one.behind(("general", "yoked"), seeds) == [{0, 1}, {3, 4}, {5, 0}, {3, 0}]
    assert one.behind(("learnability",), seeds) == [set()] * 4


def test_rows_of_replays_know_the_networks_behind_them():
    """Networks that differ and seeds that do not: an interval of seeds alone would be narrower."""
    updates = [100, 100, 100, 300, 300, 300] * 2
    one = of("recall", uniform=[400] * 12, general=updates, yoked=[*updates[1:], updates[0]], stratified=updates)
    rows = one.rows("uniform")
    width = {name: rows[name].ratio_high - rows[name].ratio_low for name in ("general", "yoked", "stratified")}
    assert width["general"] == pytest.approx(width["yoked"], rel=0.1) and width["yoked"] > 1.3 * width["stratified"]


def test_ratios_to_lifetimes_that_never_mastered_are_marked():
    one = of("recall", uniform=[*[400] * 7, None], general=[200] * 8, static_mean=[300] * 8)
    lines = told([one])
    assert lines[4].startswith("| recall, lstm | <= 0.")
    (row,) = [line for line in lines if line.startswith("| the mixture alone")]
    assert "| <= 0." in row
    (row,) = [line for line in lines if line.startswith("| times and answer")]
    assert "| 0.67 [" in row


def test_a_difference_in_every_suite_is_found():
    rng = np.random.default_rng(1)
    suites = [
        of(suite, general=(base := rng.integers(100, 200, 10)).tolist(), yoked=(base * 2).tolist())
        for suite in ("recall", "lego")
    ]
    found = pooled(suites, "general", "yoked")
    assert found.ratio == pytest.approx(0.5) and found.together[1] < 0.6


def test_training_is_paid_back_at_the_fastest_rate_that_was_seen():
    """A million forward-equivalents saved a lifetime, at ten seconds a million; training has two cores."""
    one = of("recall", uniform=[400] * 8, general=[200] * 8)
    for life in one.lifetimes["general"].values():
        life["forward_equivalents"], life["seconds"] = 2_000_000, 90.0  # beside other work
    assert break_even(one, "uniform") == pytest.approx(2 * seconds_of_training() / 10)
    assert 300 < seconds_of_training() < 600  # 395 to 596 by their cards
    assert break_even(one._replace(lifetimes={**one.lifetimes, "uniform": one.lifetimes["general"]}), "uniform") is None
    assert break_even(of("recall", uniform=[400] * 7, general=[200] * 8), "uniform") is None


def test_a_suite_of_long_lifetimes_does_not_drown_the_others():
    """Half the updates on every seed of a short one, and chance alone, as large in updates, on a long one."""
    short = of("recall", general=[10] * 10, yoked=[20] * 10)
    long = of("lego", general=[590, 610] * 5, yoked=[610, 590] * 5)
    assert pooled([short, long], "general", "yoked").ratio == pytest.approx(0.5**0.5, abs=0.01)


def test_what_is_told_names_entries_that_can_be_run():
    can = {*TEACHERS, *SIMPLE, *yoked("any"), "static-tilted"}  # the last where it was searched (test_mixtures)
    assert {*CONTROLS, *STATIC} <= can
    assert {name for _, own, other in CONTRASTS for name in (own, other)} <= can


def test_the_tables_by_hand():
    one = of("recall", uniform=[400] * 8, general=[200] * 8, static_mean=[100, 300] * 4, yoked=[9] * 7)
    other = of("lego", uniform=[400] * 8, general=[300] * 8)
    lines = told([one, other, one._replace(preset="paper")])
    assert lines[4] == "| recall, lstm | 0.50 |  |  | 0.50 |  |  |  |  |  | 0.50 (static-mean) |"
    assert lines[5] == ""  # LEGO has no control yet
    (row,) = [line for line in lines if line.startswith("| the mixture alone")]
    assert "| 1 | 8 | 0.50 [" in row
    assert not any("random weights" in line for line in lines)


def test_only_what_is_shown_to_cost_less_compute_is_paid_back():
    one = of("recall", uniform=[400] * 8, general=[200] * 8, target_deficit=[100] * 8)
    spent = {"uniform": 900, "general": 500}
    for name, lived in one.lifetimes.items():
        for seed, life in lived.items():
            life["forward_equivalents"] = spent.get(name, 400 + 200 * (int(seed) % 2))
            life["seconds"] = life["forward_equivalents"] / 100

    def told_of_it():
        return [line for line in told([one]) if line.startswith("| recall, lstm |")][-1]

    assert told_of_it() == f"| recall, lstm | {np.ceil(2 * seconds_of_training() / 4):,.0f} | no difference shown |"
    for life in one.lifetimes["target-deficit"].values():
        life["forward_equivalents"] = 300
    assert told_of_it().endswith("| never: it costs more |")


def test_the_best_static_mixture_is_of_those_lived_on_enough_seeds():
    one = of("n-gram", uniform=[400] * 8, target_only=[80] * 8, stratified=[10] * 7, general=[200] * 8)
    assert best_static(one) == "0.20 (target-only)"
    assert best_static(of("lego", uniform=[400] * 8, target_only=[None] * 8)) == "1.00 (uniform)"

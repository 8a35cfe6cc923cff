"""Networks that were trained alike, taken together: figures by hand, and intervals that know that they differ."""

import json
from pathlib import Path

import pytest

from benchmarks.meta.trained import Network, summarise_trained
from benchmarks.report.trained import HELD, as_tables
from benchmarks.statistics import interval
from benchmarks.store import read_json

BUDGET = 1000
COVERAGE = Path(__file__).parents[3] / "benchmarks/results/coverage.json"


def group(teacher, values, suite="s", seeds=None, censored=()):
    cost = {"values": list(values), "censored": [place in censored for place in range(len(values))]}
    return {
        "suite": suite,
        "student": "gru",
        "teacher": teacher,
        "seeds": list(range(len(values))) if seeds is None else seeds,
        "budget": BUDGET,
        "cost_to_mastery": {"updates": cost},
    }


def alike(*names, suite="s", kind="k"):
    return {(suite, "gru", name): Network(kind, f"of {name}") for name in names}


SEEDS = [0, 40, 0, 40, 0, 40, 0, 40]  # what each seed costs more than another, whoever teaches


def test_the_mean_is_that_over_networks_and_the_interval_is_wider_than_the_one_over_seeds():
    uniform = group("uniform", [800 + more for more in SEEDS])
    levels = {"general": 300, "general@b": 500, "general@c": 700}
    differing = [group(name, [level + more for more in SEEDS]) for name, level in levels.items()]
    same = [group(name, [500 + more for more in SEEDS]) for name in levels]
    (one,), (other,) = (summarise_trained([uniform, *own], alike(*levels)) for own in (differing, same))
    assert one["teacher"] == "general" and one["over_suites"] is None
    (wide,), (narrow,) = one["suites"], other["suites"]
    assert wide["networks"] == {"of general": ["general"], "of general@b": ["general@b"], "of general@c": ["general@c"]}
    counts = [wide[name] for name in ("num_seeds", "num_lifetimes", "mastered", "budget")]
    assert counts == [8, 24, 24, BUDGET] and (wide["suite"], wide["student"]) == ("s", "gru")
    assert wide["updates"]["mean"] == narrow["updates"]["mean"] == 520 and not wide["updates"]["censored"]
    seeds_alone = interval([500 + more for more in SEEDS])
    low, high = wide["updates"]["interval"]
    assert low < 400 < seeds_alone[0] and high > 640 > seeds_alone[1]
    assert narrow["updates"]["interval"] == pytest.approx(seeds_alone, abs=5)  # nothing but seeds to draw
    ours, theirs = wide["against"]["uniform"], narrow["against"]["uniform"]
    assert ours["ratio"] == theirs["ratio"] == pytest.approx(520 / 820) and ours["pairs"] == 8
    assert ours["interval"][0] < 0.5 < theirs["interval"][0] and ours["interval"][1] > 0.75 > theirs["interval"][1]
    assert ours["p"] == theirs["p"] == pytest.approx(2 / 2**8) and ours["bound"] == "none"  # over seeds, of the mean


@pytest.mark.parametrize(
    ("ours", "theirs", "bound", "sign"),
    [((), (), "none", ""), ((1,), (), "at least", "≥ "), ((), (1,), "at most", "≤ "), ((1,), (1,), "unknown", "? ")],
)
def test_what_never_mastered_counts_with_the_budget_and_makes_ratios_bounds(ours, theirs, bound, sign):
    values = [BUDGET if place in ours else 400 for place in range(2)]
    reference = [BUDGET if place in theirs else 800 for place in range(2)]
    groups = [
        group("target-deficit", reference, censored=theirs),
        group("general", values, censored=ours),
        group("general@b", [400, 400]),
        group("elsewhere", [1], seeds=[9], censored=(0,)),
    ]
    (record,) = summarise_trained(groups, alike("general", "general@b"))
    (suite,) = record["suites"]
    assert suite["mastered"] == 4 - len(ours) and suite["updates"]["censored"] == bool(ours)
    assert suite["updates"]["mean"] == (550 if ours else 400) and list(suite["against"]) == ["target-deficit"]
    assert suite["against"]["target-deficit"]["bound"] == bound
    shown = as_tables([record])
    (table,) = shown["tables"]
    assert table["head"][-1] == "its updates / target-deficit's" and len(table["rows"][0]) == len(table["head"])
    ratio = suite["against"]["target-deficit"]["ratio"]
    assert table["rows"][0][-1].startswith(f"{sign}{ratio:.2f} [")
    assert table["rows"][0][4].startswith("≥ 550 [" if ours else "400 [")
    assert "held it 79 with 2, 86 with 3, 85 with 4, 93 with 6 networks" in shown["narrow"]
    measured = read_json(COVERAGE)["shares"]
    of = "ratio of {} trained teachers that differ as much as seeds do, each on every seed: interval covers"
    named = {2: "two", 3: "three", 4: "four", 6: "six"}
    assert HELD == {number: round(measured[of.format(name)]["10"], 2) for number, name in named.items()}
    json.dumps(record, allow_nan=False)


@pytest.mark.parametrize(("networks", "seeds", "enough"), [(2, 8, False), (6, 7, False), (6, 8, True)])
def test_intervals_of_few_networks_are_said_to_be_too_narrow(networks, seeds, enough):
    names = [f"general@{place}" for place in range(networks)]
    groups = [group(name, range(400, 400 + seeds)) for name in names]
    shown = as_tables(summarise_trained(groups, alike(*names)))
    assert (shown["narrow"] == "") == enough


def test_of_the_seeds_that_a_reference_has_not_lived_there_is_no_pair():
    groups = [group("uniform", [800], seeds=[5]), group("target-deficit", [800, 800])]
    groups += [group("general", [400, 200]), group("general@b", [400], seeds=[0])]
    ((suite,),) = (record["suites"] for record in summarise_trained(groups, alike("general", "general@b")))
    assert list(suite["against"]) == ["target-deficit"] and suite["num_lifetimes"] == 3
    assert suite["updates"]["mean"] == 350  # of 300 and 400: networks count alike
    row = as_tables([{"suites": [suite], "over_suites": None}])["tables"][0]["rows"][0]
    assert row[:4] == ["s, gru", "2: general, general@b", "2", "3 of 3"] and len(row) == 6


def test_one_network_alone_or_none_of_its_kind_is_nothing():
    groups = [group("uniform", [800, 900]), group("general", [400, 500]), group("general@b", [300, 350])]
    assert summarise_trained(groups, {}) == summarise_trained(groups, alike("general")) == []
    assert summarise_trained(groups, {**alike("general"), **alike("general@b", kind="other")}) == []
    twice = {name: Network("k", "the same") for name in alike("general", "general@b")}
    assert summarise_trained(groups, twice) == []  # by two paths
    assert summarise_trained(groups, {**alike("general"), **alike("general", suite="t")}) == []


def test_one_network_by_two_paths_counts_once():
    networks = {**alike("general", "general@b"), ("s", "gru", "general@copy"): Network("k", "of general")}
    groups = [group("general", [400, 500]), group("general@b", [300, 350]), group("general@copy", [400, 500])]
    (record,) = summarise_trained(groups, networks)
    (suite,) = record["suites"]
    assert suite["num_lifetimes"] == 4 and suite["networks"]["of general"] == ["general", "general@copy"]
    assert as_tables([record])["tables"][0]["rows"][0][1] == "2: general = general@copy, general@b"


def test_over_suites_networks_are_drawn_once_for_all():
    """Good everywhere or bad everywhere: nothing evens out over suites, whose rows have other names for them."""
    groups = [group(name, [value] * 3, suite=suite) for suite in "st" for name, value in (("general", 200), ("b", 600))]
    networks = {**alike("general", "b"), ("t", "gru", "general"): Network("k", "of b")}
    networks["t", "gru", "b"] = Network("k", "of general")
    (crossed,) = summarise_trained(groups, networks)
    (straight,) = summarise_trained(groups, {**alike("general", "b"), **alike("general", "b", suite="t")})
    for record in (crossed, straight):
        over = record["over_suites"]
        assert over["interquartile_mean"] == pytest.approx(0.4) and over["networks"] == ["of general", "of b"]
        assert (over["num_suites"], over["num_lifetimes"]) == (2, 12) and len(record["suites"]) == 2
    assert straight["over_suites"]["interval"] == pytest.approx([0.2, 0.6])
    assert crossed["over_suites"]["interval"] == pytest.approx([0.4, 0.4])  # each is good on one of the two
    rows = as_tables([straight])["tables"][1]["rows"]
    assert rows == [["2: general, b", "12", "0.400 [0.200,\xa00.600]"]]
    (partly,) = summarise_trained([*groups, group("uniform", [900], suite="u")], networks)
    assert partly["over_suites"] is None and len(partly["suites"]) == 2


def test_ways_of_training_are_told_apart():
    groups = [group(name, [100 * place] * 2) for place, name in enumerate("abcd", 1)]
    records = summarise_trained(groups, {**alike("a", "b"), **alike("c", "d", kind="other")})
    assert [record["suites"][0]["updates"]["mean"] for record in records] == [150, 350]
    table = as_tables(records)["tables"][0]
    assert [row[1] for row in table["rows"]] == ["2: a, b", "2: c, d"] and len(table["head"]) == 5


def test_with_as_many_seeds_and_networks_as_coverage_was_measured_of_there_is_no_caution():
    names = list("abcdef")
    records = summarise_trained([group(name, [100] * 8) for name in names], alike(*names))
    assert not as_tables(records)["narrow"]

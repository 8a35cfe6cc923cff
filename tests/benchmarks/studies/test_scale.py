"""The scale study measures what it says, and the table of teachers is made from committed figures."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

import teacher
from benchmarks.studies import table
from benchmarks.studies.league import ENTRIES
from benchmarks.studies.scale import Options, chain, decide, median_seconds, state_bytes, study

ROOT = Path(__file__).parents[3]


def test_a_median_of_time():
    assert 0.002 < median_seconds(lambda: time.sleep(0.002), 0.05) < 0.02


def test_bytes_of_nested_states():
    assert state_bytes({"a": np.zeros(3), "b": {"c": np.zeros((2, 2), dtype=np.int8)}, "n": 4}) == 24 + 4


def test_a_decision_learns():
    made = teacher.Exp3S(eta=0.5)
    act = decide(made, 20, 3)
    for _ in range(5):
        act()
    assert made.state_dict()["updates"] == 5
    assert (made.act(np.zeros((3, 20, 1), dtype=np.float32)).std(axis=1) > 1e-3).all()


def test_a_chain_is_ordered():
    arms = chain(4)
    assert arms.num_arms == 4 and arms.levels.tolist() == [0, 1, 2, 3] and arms.coordinates[-1].tolist() == [1.0]


def test_a_record_for_every_teacher_size_and_peer():
    records = study(Options(arms=(5,), rows=(1, 2), teachers=("uniform", "exp3"), seconds=0.001))
    assert {(r["teacher"], r["rows"]) for r in records if "state_bytes" in r} == {
        *(("uniform", 1), ("uniform", 2), ("exp3", 1), ("exp3", 2)),
    }
    assert {"river Exp3", "mabwiser UCB1", "bayesianbandits Thompson"} <= {r["teacher"] for r in records}
    assert all(r["microseconds"] > 0 for r in records)


def test_cells_of_the_table():
    lives = {"0": {"updates": 100, "mastered": True}, "1": {"updates": 300, "mastered": False}}
    assert table.cost(lives) == ">= 200 [100, 300]; 1/2"
    assert table.cost({"0": {"updates": 4500, "mastered": True}}) == "4,500; 1/1"
    assert table.cost({}) == ""
    cases = [
        {"case": "a, stochastic", "setting": "stochastic", "measured": 5.2, "bound": 9.0, "growth": 0.2, "holds": True},
        {"case": "a-b", "setting": "switching", "measured": 7.0, "bound": None, "growth": 0.9, "holds": False},
    ]
    assert table.regret_of("a", cases) == "stochastic 5 <= 9, t^0.20"
    assert table.regret_of("a-b", cases) == "switching 7, t^0.90 (FAILS)"


@pytest.mark.parametrize(("name", "words"), [("uniform", "any"), ("exp3s", "semi-bandit or full; PG"), ("ucb1", "PG")])
def test_feedback_in_words(name, words):
    assert words in table.feedback_of(ENTRIES[name])


def test_committed_figures_keep_their_distance_from_the_peer():
    """EXP3 at one student takes at most a tenth of river's time from 10,000 arms on, in the same run."""
    records = json.loads((ROOT / "benchmarks/results/scale.json").read_text())["records"]
    times = {(r["teacher"], r["arms"]): r["microseconds"] for r in records if r["rows"] == 1}
    for arms in (10_000, 100_000):
        assert times["river Exp3", arms] >= 10 * times["exp3", arms]


def test_the_page_holds_the_table_of_the_committed_figures(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert table.table() in table.PAGE.read_text()


def test_lifetimes_of_unequal_budgets_are_compared_at_the_smallest():
    lives = {
        "a": {
            "0": {"updates": 500, "mastered": True, "budget": 900},
            "1": {"updates": 800, "mastered": True, "budget": 900},
        },
        "b": {"0": {"updates": 600, "mastered": False, "budget": 600}},
    }
    cut = table._within_one_budget(lives)
    assert table.cost(cut["a"]) == ">= 550 [500, 600]; 1/2" and table.cost(cut["b"]) == ">= 600; 0/1"

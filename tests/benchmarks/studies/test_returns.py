"""The study of what a share of the updates returns."""

import numpy as np
import pytest

from benchmarks.store import UserError, read_json
from benchmarks.studies.returns import Measure, Trial, exponent, summary, updates_to_learn


def test_the_exponent_is_that_of_a_power_law():
    assert exponent({1.0: 100.0, 0.25: 200.0, 0.0625: 400.0}) == pytest.approx(0.5)
    assert exponent({1.0: 100.0, 0.5: 200.0}) == pytest.approx(1.0)


def test_shares_that_some_seed_did_not_learn_are_shown_and_left_out():
    updates = {(0.5, 0): 100, (0.5, 1): 400, (0.125, 0): 300, (0.125, 1): 300, (0.1, 0): 900, (0.1, 1): None}
    found = {Trial("lstm", "copy", share, seed, 1000): n for (share, seed), n in updates.items()}
    row = summary(found)["lstm copy"]
    assert row["updates"] == {"0.5": [100, 400], "0.125": [300, 300], "0.1": [900, None]}
    assert row["exponent"] == pytest.approx(np.log(300 / 200) / np.log(4), abs=0.005)


def test_more_of_an_arm_is_learned_sooner_and_what_is_not_learned_is_none():
    alone = updates_to_learn(Trial("lstm", "recall", 0.99, 300, 200))
    assert alone is not None and 20 <= alone < 150 and alone % 10 == 0
    assert updates_to_learn(Trial("lstm", "recall", 0.1, 300, alone)) is None


def test_a_table_and_a_file(tmp_path, capsys):
    Measure(arms=("recall",), shares=(0.99, 0.5), seeds=(300,), budget=20, out=tmp_path / "f.json").execute()
    assert "| lstm recall | never | never |  |" in capsys.readouterr().out
    kept = read_json(tmp_path / "f.json")
    assert kept["arms"]["lstm recall"] == {"updates": {"0.99": [None], "0.5": [None]}, "exponent": None}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"students": ("nobody",)}, "unknown student 'nobody'"),
        ({"arms": ("nothing",)}, "unknown arm 'nothing'; there are: reverse, modular"),
        ({"shares": (1.0,)}, "shares must be between 0 and 1; got 1.0"),
    ],
)
def test_refusals(wrong, said):
    with pytest.raises(UserError, match=said):
        Measure(**wrong).trials()

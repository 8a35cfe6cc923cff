"""The study of what a share of the updates returns."""

import numpy as np
import pytest

from benchmarks.store import UserError, read_json
from benchmarks.studies.returns import Measure, Trial, fits, summary, updates_to_learn


def test_two_laws_each_fits_its_own():
    power = fits({1.0: 100.0, 0.25: 200.0, 0.0625: 400.0})
    assert power["exponent"] == pytest.approx(0.5) and power["power_error"] == pytest.approx(0.0)
    assert power["start_error"] > 0.05
    linear = fits({1.0: 60.0, 0.5: 70.0, 0.1: 150.0})  # 50 + 10 / share
    assert linear["start"] == pytest.approx(50.0) and linear["start_error"] == pytest.approx(0.0)
    assert linear["power_error"] > 0.05


def test_shares_that_some_seed_did_not_learn_are_shown_and_left_out():
    updates = {(0.5, 0): 100, (0.5, 1): 400, (0.25, 0): 250, (0.25, 1): 250, (0.125, 0): 300, (0.125, 1): 300}
    updates |= {(0.1, 0): 900, (0.1, 1): None}
    found = {Trial("lstm", "copy", share, seed, 1000): n for (share, seed), n in updates.items()}
    row = summary(found)["lstm copy"]
    assert row["updates"] == {"0.5": [100, 400], "0.25": [250, 250], "0.125": [300, 300], "0.1": [900, None]}
    assert row["exponent"] == pytest.approx(np.log(300 / 200) / np.log(4), abs=0.001)
    two = {trial: n for trial, n in found.items() if trial.share > 0.2}
    assert set(summary(two)["lstm copy"]) == {"updates"}


def test_more_of_an_arm_is_learned_sooner_and_what_is_not_learned_is_none():
    alone = updates_to_learn(Trial("lstm", "recall", 0.99, 300, 200))
    assert alone is not None and 20 <= alone < 150 and alone % 10 == 0
    assert updates_to_learn(Trial("lstm", "recall", 0.1, 300, alone)) is None


def test_a_table_and_a_file(tmp_path, capsys):
    Measure(arms=("recall",), shares=(0.5, 0.99), seeds=(300,), budget=20, workers=1, out=tmp_path / "f.json").execute()
    said = capsys.readouterr().out
    assert "| student, arm | 0.99 | 0.5 | exponent" in said and "| lstm recall | never | never |  |  |" in said
    kept = read_json(tmp_path / "f.json")
    assert kept["arms"]["lstm recall"] == {"updates": {"0.99": [None], "0.5": [None]}}
    words = "--students lstm --arms recall --shares 0.5 0.99 --seeds 300 --budget 20"
    assert kept["command"] == f"python -m benchmarks.studies.returns {words}"
    assert [path.name for path in tmp_path.iterdir()] == ["f.json"]


def test_interrupted_it_goes_on_with_the_same_file(tmp_path, monkeypatch, capsys):
    measured = []

    def updates(trial):
        measured.append(trial.share)
        if trial.share == 0.25 and len(measured) == 3:
            raise KeyboardInterrupt
        return round(100 / trial.share)

    monkeypatch.setattr("benchmarks.studies.returns.updates_to_learn", updates)
    measure = Measure(arms=("copy",), shares=(0.8, 0.5, 0.25), seeds=(300,), workers=1, out=tmp_path / "f.json")
    with pytest.raises(KeyboardInterrupt):
        measure.execute()
    assert not (tmp_path / "f.json").exists()
    measure.execute()
    assert measured == [0.8, 0.5, 0.25, 0.25]  # one that was in the middle is begun again
    assert read_json(tmp_path / "f.json")["arms"]["lstm copy"]["updates"] == {"0.8": [125], "0.5": [200], "0.25": [400]}
    assert [path.name for path in tmp_path.iterdir()] == ["f.json"]


def test_what_another_command_or_revision_left_unfinished_is_not_taken(tmp_path, monkeypatch):
    revision, measured = ["a"], []
    monkeypatch.setattr("benchmarks.studies.returns.environment", lambda: {"revision": revision[0], "torch": "2"})

    def updates(trial):
        measured.append(trial.arm)
        if len(measured) % 2 == 0:
            raise KeyboardInterrupt
        return 100

    monkeypatch.setattr("benchmarks.studies.returns.updates_to_learn", updates)
    for arms, name in ((("copy", "reverse"), "a"), (("copy", "recall"), "a"), (("copy", "recall"), "b")):
        revision[0] = name
        with pytest.raises(KeyboardInterrupt):
            Measure(arms=arms, shares=(0.5,), seeds=(300,), workers=1, out=tmp_path / "f.json").execute()
    assert measured == ["copy", "reverse", "copy", "recall", "copy", "recall"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"students": ("nobody",)}, "unknown student 'nobody'"),
        ({"arms": ("nothing",)}, "unknown arm 'nothing'; there are: reverse, modular"),
        ({"shares": (1.0,)}, "shares must be between 0 and 1; got 1.0"),
        ({"shares": (0.5, 0.5)}, "shares must be at least one, all different; got 0.5, 0.5"),
        ({"seeds": ()}, "seeds must be at least one, all different; got none"),
        ({"budget": 0}, "budget and workers must be at least 1; got 0 and 2"),
    ],
)
def test_refusals(wrong, said):
    with pytest.raises(UserError, match=said):
        Measure(**wrong).trials()

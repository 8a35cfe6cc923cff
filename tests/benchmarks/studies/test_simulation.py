import json

import pytest

from benchmarks.store import UserError
from benchmarks.studies.simulation import Compare


def test_all_are_judged_on_the_same_students(tmp_path, capsys):
    out = tmp_path / "costs.json"
    Compare(rules=("uniform", "target-deficit"), lifetimes=12, out=out).execute()
    costs = json.loads(out.read_text())["costs"]
    assert list(costs) == ["uniform", "target-deficit", *(f"general-{i}" for i in range(6))]
    assert all(0 < row["cost"] <= 1 and 0 <= row["solved"] <= 1 for row in costs.values())
    assert costs["target-deficit"]["cost"] < costs["uniform"]["cost"]
    shown = capsys.readouterr().out
    assert f"| general-0 | {costs['general-0']['cost']:.3f} |" in shown


def test_mistakes_are_said(tmp_path):
    with pytest.raises(UserError, match="must have different names"):
        Compare(rules=(), teachers=(tmp_path / "a" / "mine", tmp_path / "b" / "mine")).execute()
    with pytest.raises(UserError, match="exp3s reads PG, which simulated students do not have"):
        Compare(rules=("exp3s",)).execute()
    with pytest.raises(UserError, match="lifetimes must be at least 1; got 0"):
        Compare(lifetimes=0).execute()
    with pytest.raises(UserError, match="unknown entry 'juggling'"):
        Compare(rules=("juggling",)).execute()
    with pytest.raises(UserError, match="cannot read the teacher"):
        Compare(rules=(), teachers=(tmp_path,)).execute()

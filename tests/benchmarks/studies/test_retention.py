"""The study of which students forget replays kept traces."""

import numpy as np
import polars as pl
import pytest

from benchmarks.store import UserError, read_json, write_json
from benchmarks.studies.retention import Measure, watched
from teacher.retention import RULE


def lifetime(back):
    """Thirty decisions of two arms; the first is away for one of three, and comes back with this competence."""
    competence = np.array([[0.9, 0.9], [0.0, 0.9], [back, 0.9]] * 10)
    return competence, np.array([[32, 32], [0, 32], [32, 32]] * 10)


def test_what_watching_finds():
    assert watched(*lifetime(0.9)) == {"largest": 0.0, "from": None}
    found = watched(*lifetime(0.3))  # 0.6 n / (n + 20) at the n-th return, in decision 3 n - 1
    assert found == {"largest": 0.2, "from": round(20 / 30, 3)}


def test_a_line_for_each_family(tmp_path, capsys):
    for family, entry, seed, back in (
        ("copy-tcn", "uniform", 0, 0.3),
        ("copy-tcn", "uniform", 1, 0.9),
        ("copy-lstm", "uniform", 0, 0.9),
        ("copy-lstm", "other", 0, 0.1),
    ):
        competence, count = lifetime(back)
        folder = tmp_path / "runs" / family / entry / f"{seed}-abc"
        folder.mkdir(parents=True)
        pl.DataFrame({"competence": competence, "count": count}).write_parquet(folder / "trace.parquet")
    Measure((tmp_path / "runs",), ("uniform",), tmp_path / "found.json").execute()
    said = capsys.readouterr().out
    assert "| copy-tcn | 2 | 0.00, 0.10, 0.20 | 1 | 0.67 |" in said
    assert "| copy-lstm | 1 | 0.00, 0.00, 0.00 | 0 |  |" in said
    kept = read_json(tmp_path / "found.json")["lifetimes"]
    assert kept["copy-tcn"] == {"teachers": ["uniform"], "largest": [0.2, 0.0], "from": [0.667, None]}
    assert kept["copy-lstm"]["teachers"] == ["uniform"]
    with pytest.raises(UserError, match=r"no lifetimes in .*expected family-student/entry/lifetime/trace.parquet"):
        Measure((tmp_path / "empty",)).execute()


def test_the_largest_mean_fall_is_put_beside_the_figures_of_the_same_lifetime(tmp_path):
    competence, count = lifetime(0.3)
    folder = tmp_path / "runs" / "copy-lstm" / "general-0" / "0-abc-policy"
    folder.mkdir(parents=True)
    pl.DataFrame({"competence": competence, "count": count}).write_parquet(folder / "trace.parquet")
    figures = {"0": {"digest": "abc", "policy": "policy"}, "1": {"digest": "abc", "policy": "policy"}}
    figures["2"] = {"digest": "other", "policy": "policy"}
    write_json(tmp_path / "copy-lstm.json", {"command": "x", "lifetimes": {"general-0": figures, "uniform": {}}})
    Measure((tmp_path / "runs",), into=(tmp_path / "copy-lstm.json",)).execute()
    kept = read_json(tmp_path / "copy-lstm.json")
    figures["0"]["mean_fall"] = {"largest": 0.2, "rule": RULE}
    assert kept == {"command": "x", "lifetimes": {"general-0": figures, "uniform": {}}}

"""What teachers did: shares and competences in windows, by hand, and from lifetimes that were lived."""

import numpy as np
import polars as pl
import pytest

from benchmarks.store import UserError, read_json, write_json
from benchmarks.studies.records import Look, Run
from benchmarks.studies.records.look import averages
from benchmarks.studies.records.taught import drawn

PICTURES = True

SMALL = "--budget 40 --evaluate-every 20 --batch-size 8 --lstm.width 8"


def lifetime(folder, updates, mixtures, judged, competence):
    folder.mkdir()
    pl.DataFrame({"updates": updates, "mixture": mixtures}).write_parquet(folder / "trace.parquet")
    rows = [
        {"updates": when, "arm": arm, "arm_name": f"arm {arm}", "taught": arm < 2, "competence": value}
        for when, line in zip(judged, competence, strict=True)
        for arm, value in enumerate([*line, 0.5])
    ]
    pl.DataFrame(rows).sample(fraction=1.0, shuffle=True, seed=0).write_parquet(folder / "results.parquet")
    return folder


def test_windows_by_hand(tmp_path):
    """One lifetime ends in the second window; the third is nobody's. Beyond the taught range nothing is told."""
    long = lifetime(
        tmp_path / "long",
        [10, 20, 30, 40],
        [[1.0, 0.0], [0.8, 0.2], [0.5, 0.5], [0.1, 0.9]],
        [10, 20, 40],
        [[0.1, 0.0], [0.4, 0.1], [1.0, 0.6]],
    )
    short = lifetime(tmp_path / "short", [10, 20], [[0.4, 0.6], [0.2, 0.8]], [20], [[0.8, 0.3]])
    shares, reached, alive = averages([long, short], (20, 40, 60))
    assert alive.tolist() == [2, 1, 0]
    assert shares[:2] == pytest.approx(np.array([[0.6, 0.4], [0.3, 0.7]]))
    assert reached[:2] == pytest.approx(np.array([[0.6, 0.2], [1.0, 0.6]]))
    assert np.isnan(shares[2]).all() and np.isnan(reached[2]).all()


def test_lived_lifetimes_are_told(tmp_path, monkeypatch, capsys):
    where = {"runs": tmp_path / "runs", "seeds": 2}
    monkeypatch.setattr("benchmarks.studies.records.run.Run", lambda **options: Run(**options, extra=SMALL))
    Run(("recall",), teachers=("uniform",), extra=SMALL, workers=1, results=tmp_path / "figures", **where).execute()
    capsys.readouterr()
    Look("recall", teachers=("uniform",), until=(20, 60, 90), **where).execute()
    told = capsys.readouterr().out
    line = next(line for line in told.splitlines() if "copy length=1 " in line and "repeat" not in line)
    assert "uniform: share (competence)" in told and "- (-)" in line
    assert [word for word in told.split() if word.isdigit()][3:6] == ["2", "2", "0"]  # lifetimes in each window
    assert line.count("0.12 (0.") == 2  # of eight arms, in each of two windows
    Look("recall", teachers=("uniform",), out=tmp_path / "seen", **where).execute()  # forty updates in twenty windows
    seen = read_json(tmp_path / "seen" / "recall-small-lstm.json")
    assert seen["first_seed"] == 0 and seen["seeds"] == 2
    assert seen["until"] == [2 * at for at in range(1, 21)] and len(seen["arms"]) == 8
    own = seen["teachers"]["uniform"]
    assert own["lifetimes"] == [0, 0, 0, 0, 2] * 4  # ten updates a decision
    assert own["shares"][4] == [0.125] * 8 and own["shares"][0] == [None] * 8
    assert own["competence"][4] == [None] * 8 and all(value is not None for value in own["competence"][9])
    (trace, _) = sorted((tmp_path / "runs").rglob("trace.parquet"))
    trace.write_bytes(trace.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"trace.parquet is damaged"):
        Look("recall", teachers=("uniform",), **where).execute()
    with pytest.raises(UserError, match=r"1 lifetimes are not finished, the first: .*uniform"):
        Look("recall", teachers=("uniform",), runs=tmp_path / "runs", first_seed=1, seeds=2).execute()


@pytest.mark.parametrize("until", [(), (20, 20), (0, 20), (-1,)])
def test_windows_that_do_not_increase_are_said(until):
    with pytest.raises(UserError, match="--until must be increasing and positive"):
        Look("recall", until=until).execute()


def test_what_was_seen_is_drawn_as_long_as_half_of_the_lifetimes_are_there(tmp_path):
    teacher = {"lifetimes": [4, 2, 1], "shares": [[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]], "competence": [[0.1, None]] * 3}
    file = tmp_path / "seen.json"

    def points(**changed):
        seen = {"until": [10, 20, 30], "arms": ["short one", "long one"], "teachers": {"whoever": teacher | changed}}
        write_json(file, seen)
        return drawn(file)

    svg = points()
    assert svg == points() and all(word in svg for word in ("whoever", "short one", "long one", "competence"))
    assert svg == points(shares=[*teacher["shares"][:2], [0.0, 1.0]])  # the last window is of one lifetime of four
    assert svg != points(shares=[[0.3, 0.7], *teacher["shares"][1:]]) and svg != points(lifetimes=[4, 2, 2])

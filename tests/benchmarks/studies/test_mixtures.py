"""Four static mixtures of each suite, on seeds that no claim uses; what is chosen is what is run."""

import pytest

from benchmarks.records import RECORDS
from benchmarks.store import UserError, read_json
from benchmarks.studies.records import Run, Static
from benchmarks.studies.records.mixtures import FIGURES, TILTS, best, entry, figures, told
from benchmarks.studies.records.run import TILTED
from benchmarks.studies.records.tuning import SEEDS

LOW, HIGH = map(str, SEEDS)


def life(updates, mastered=True):
    return {"updates": updates, "mastered": mastered, "budget": 8000}


def searched(*costs):
    return {entry(tilt): {LOW: own, HIGH: own} for tilt, own in zip(TILTS, map(life, costs), strict=True)}


def test_every_suite_has_as_many_settings_as_a_hand_rule_had():
    for suite in RECORDS:
        cells = Static().cells(suite)
        assert len(cells) == 8 == len({cell.digest for _, cell in cells}) and {c.seed for _, c in cells} == set(SEEDS)
        assert [cell.options["teacher"]["tilt"] for _, cell in cells[:4]] == [*TILTS]
        assert cells[0][1].schedule == Run(teachers=("uniform",), seeds=1).cells(suite)[0][1].schedule


def test_the_smallest_restricted_mean_is_chosen_and_of_two_alike_the_smaller_tilt():
    assert best(searched(4000, 3000, 3000, 5000)) == 2
    cut_off = {**searched(4000, 3000, 3000, 5000), entry(4): {LOW: life(1000), HIGH: life(1000, mastered=False)}}
    assert best(cut_off) == 2  # 1,000, and a budget of 8,000 that was given up early
    assert best({**cut_off, entry(4): {LOW: life(1000)}}) is None and best({}) is None


def test_the_table_shows_what_is_known():
    own = {**searched(4000, 3000, 3000, 5000), entry(3): {LOW: life(9999, mastered=False)}}
    assert told({"recall": own, "lego": searched(1, 2, 3, 4)})[2:] == [
        "| recall | 4,000, 4,000 | 3,000, 3,000 | >= 8,000,  | 5,000, 5,000 |  |",
        "| lego | 1, 1 | 2, 2 | 3, 3 | 4, 4 | 1 |",
    ]
    assert told({}) == []


def test_it_runs_keeps_and_prints(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("benchmarks.studies.records.mixtures.parsed", tiny)
    Static(("addition-1d",), workers=1, runs=tmp_path / "runs", out=tmp_path / "out").execute()
    assert "| addition-1d | >= 2" in capsys.readouterr().out
    assert read_json(tmp_path / "out" / "addition-1d.json")["command"].endswith("records static addition-1d")
    Static(show=True, out=tmp_path / "out").execute()
    assert set(figures(tmp_path / "out")) == {"addition-1d"}


def test_the_committed_figures_name_what_is_run():
    assert {suite: best(lifetimes) for suite, lifetimes in figures(FIGURES).items()} == TILTED
    cells = Run(teachers=("static-tilted",), seeds=1).cells("recall")
    assert [cell.options["teacher"]["tilt"] for _, cell in cells] == [TILTED["recall"]]
    with pytest.raises(UserError, match="unknown teacher 'static-tilted'"):  # it was not searched for this one
        Run(student="transformer", teachers=("static-tilted",), seeds=1).cells("recall")


def tiny(line):
    from benchmarks.cli import parsed

    return parsed([*line, *"--budget 2 --evaluate-every 2 --updates-per-decision 1 --batch-size 4".split()])


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(UserError, match="static makes them"):
        Static(out=tmp_path, show=True).execute()
    (tmp_path / "recall.json").write_text("{}")
    assert told(figures(tmp_path))[2] == "| recall | ,  | ,  | ,  | ,  |  |"
    with pytest.raises(UserError, match="unknown suite of record 'x'; there are: addition-1d"):
        Static(("x",)).execute()

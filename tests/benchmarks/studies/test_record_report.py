"""The report of lifetimes of suites of record, from the folders in which ``run`` keeps them."""

import polars as pl
import pytest

from benchmarks.report.words import is_control
from benchmarks.store import UserError, read_json
from benchmarks.studies.records import Report, Run, Yoke

SMALL = "--budget 40 --evaluate-every 20 --batch-size 8 --lstm.width 8"


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr("benchmarks.studies.records.run.Run", lambda **options: Run(**options, extra=SMALL))
    return lambda suites, **options: Run(suites, extra=SMALL, workers=1, **options).execute()


def test_lifetimes_of_two_suites_come_into_one_report_and_what_is_missing_is_named(run, tmp_path, capsys):
    where = {"runs": tmp_path / "runs", "seeds": 2}
    run(("recall", "repeat-copy"), teachers=("uniform", "general"), results=tmp_path / "figures", **where)
    capsys.readouterr()
    suites = ("recall", "repeat-copy", "recall")  # one twice: it counts once
    Report(suites, teachers=("uniform", "general", "combined"), out=tmp_path / "page", **where).execute()
    assert capsys.readouterr().out == f"report: {tmp_path / 'page' / 'report.html'}\n"
    page = (tmp_path / "page" / "report.html").read_text()
    for words in (
        "8 lifetimes; ",
        "recall --preset small (memory, lstm): copy, repeat copy and associative recall. M. Collier, J. Beel",
        "seed s is taught by trained teacher s mod 6, as was what replays replay. Intervals here draw seeds alone",
        "recall/combined/seed-0, recall/combined/seed-1, repeat-copy/combined/seed-0",
        "All 2 suites and students",
    ):
        assert words in page, words
    groups = read_json(tmp_path / "page" / "summary.json")["groups"]
    found = [(group["suite"], group["teacher"], group["seeds"]) for group in groups]
    assert found == [(s, t, [0, 1]) for s in ("memory", "repeat-copy") for t in ("uniform", "general")]
    assert pl.read_parquet(tmp_path / "page" / "trace.parquet").height == 8 * 4  # ten updates a decision
    assert ", torch 2." in page and "processor" in page


def test_mistakes_are_said(run, tmp_path):
    with pytest.raises(UserError, match="which suites"):
        Report(()).execute()
    with pytest.raises(UserError, match="unknown suite of record 'juggling'"):
        Report(("juggling",), out=tmp_path / "page").execute()
    with pytest.raises(
        UserError, match=r"none of these 16 lifetimes is finished, the first in .*mine/runs/recall-small"
    ):
        Report(("recall",), results=tmp_path / "mine", seeds=2, out=tmp_path / "page").execute()
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--out must be a folder"):
        Report(("recall",), out=tmp_path / "file").execute()
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "settings.json").write_text("{}")
    with pytest.raises(UserError, match="holds a bench of its own"):
        Report(("recall",), out=tmp_path / "bench").execute()
    assert not (tmp_path / "page").exists()


def test_replays_of_ones_own_lifetimes_are_found(run, tmp_path):
    """Their schedules lie beside the figures of `run`, and so do their lifetimes."""
    where = {"results": tmp_path / "mine", "seeds": 2}
    run(("recall",), teachers=("general",), **where)
    Yoke("recall", **where).execute()
    run(("recall",), teachers=("yoked",), **where)
    Report(("recall",), teachers=("general", "yoked"), out=tmp_path / "page", **where).execute()
    groups = read_json(tmp_path / "page" / "summary.json")["groups"]
    assert [(group["teacher"], group["seeds"]) for group in groups] == [("general", [0, 1]), ("yoked", [0, 1])]
    assert [is_control(group) for group in groups] == [False, True]  # a replay is no candidate for the gain
    for (environment,) in [list((tmp_path / "mine").rglob("yoked/0-*/environment.json"))]:
        environment.unlink()  # killed, or read, between a lifetime's summary and it
    Report(("recall",), teachers=("yoked",), out=tmp_path / "page", **where).execute()
    page = (tmp_path / "page" / "report.html").read_text()
    assert "python ?, 3." in page and "Intervals here draw seeds alone" in page


def test_two_suites_of_record_that_are_one_suite_are_no_pairs(tmp_path):
    with pytest.raises(UserError, match="addition-1d, addition-2d --preset paper are one suite under several settings"):
        Report(("addition-1d", "addition-2d"), preset="paper", out=tmp_path / "page").execute()

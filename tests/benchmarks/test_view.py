"""The saved view of a W&B project: as it would be sent, without a server."""

import logging
import re
import sys

import pytest

from benchmarks.evaluation.attention import NAME
from benchmarks.settings import make_suite
from benchmarks.tracking import Standing, save_view
from benchmarks.tracking.rows import at_the_end, of_evaluation
from benchmarks.tracking.view import view_of

BENCH = ("bench", "own:suite", "--students", "own:make_student", "--teachers", "uniform", "--budget", "20")
QUICK = ("--evaluate-every", "20", "--workers", "1", "--seeds", "1", "--out", "out", "--wandb", "disabled")


view_of("me", "papers", "mine", "")  # imports the library without the warnings of its own
workspaces = sys.modules["wandb_workspaces.workspaces"]


def spec_of(view):
    return view._to_model().model_dump(by_alias=True)["spec"]["section"]


@pytest.fixture
def server(monkeypatch):
    """What was sent to one that answers."""
    sent = []

    def upsert(view):
        sent.append(view)
        return {"upsertView": {"view": {"name": "nw-abc", "id": "id"}}}

    monkeypatch.setattr(workspaces.internal, "upsert_view2", upsert)
    monkeypatch.setattr(workspaces.Workspace, "url", "https://example.org/me/papers?nw=abc")
    return sent


def test_the_lifetimes_of_one_bench_are_grouped_without_the_seed():
    (runs,) = spec_of(view_of("me", "papers", "mine", "5eed"))["runSets"]
    assert runs["grouping"] == [{"section": "run", "name": "group"}]
    filters = {(f["key"]["section"], f["key"]["name"]): (f["op"], f["value"]) for f in runs["filters"]["filters"]}
    assert filters == {("run", "jobType"): ("IN", ["bench", "run"]), ("config", "bench_id"): ("=", "5eed")}


def test_every_panel_shows_what_is_logged(paceline_here, tmp_path):
    import polars as pl

    from benchmarks.gather import summary_of
    from benchmarks.tracking.rows import of_decision

    assert paceline_here(*BENCH, *QUICK).returncode == 0
    folder = next(tmp_path.glob("out/cells/**/trace.parquet")).parent
    trace = pl.read_parquet(folder / "trace.parquet").to_dicts()[0]
    ladder = [
        {**row, NAME: 0.9} for row in pl.read_parquet(folder / "results.parquet").to_dicts()
    ]  # as of one that attends
    suite = make_suite("own:suite", {})
    logged = {**of_decision(trace, suite), **of_evaluation(ladder, 1.0), **at_the_end(summary_of(folder))}
    sections = spec_of(view_of("me", "papers", "mine", "5eed"))["panelBankConfig"]["sections"]
    assert sections[0]["name"].startswith("How well")
    panels = [panel["config"] for section in sections for panel in section["panels"]]
    assert len(panels) == 10
    for panel in panels:
        pattern = panel.get("metricRegex") or "|".join(map(re.escape, panel["metrics"]))
        assert any(re.fullmatch(pattern, name) for name in logged), panel
        assert panel.get("xAxis") is None or panel["xAxis"] in logged


def test_a_view_is_saved_and_its_address_said(server, tmp_path):
    assert save_view("me", "papers", tmp_path, "5eed") == "https://example.org/me/papers?nw=abc"
    assert [(view.entity, view.project, view.display_name) for view in server] == [("me", "papers", tmp_path.name)]


def test_a_view_that_is_there_is_left_as_it_is_and_one_that_was_deleted_saved_anew(server, monkeypatch, tmp_path):
    asked = []
    there = []

    def found(entity, project, name):
        asked.append((entity, project, name))
        if not there:
            raise ValueError(f"Workspace `{name}` not found in project `{project}`")
        return there[0]

    monkeypatch.setattr(workspaces.internal.View, "from_name", found)
    for saved, now in ((1, [0]), (1, []), (2, []), (3, [0])):
        assert save_view("me", "papers", tmp_path, "5eed") == "https://example.org/me/papers?nw=abc"
        assert len(server) == saved
        there[:] = [server[place] for place in now]
    assert asked == [("me", "papers", "nw-abc-v")] * 3
    save_view("me", "others", tmp_path, "5eed")  # another project
    save_view("me", "others", tmp_path, "5eed2")  # a bench anew in the same folder
    assert len(server) == 5
    (tmp_path / "view.json").write_text("{")
    save_view("me", "others", tmp_path, "5eed2")
    assert len(server) == 6


@pytest.mark.parametrize("error", [TimeoutError("no answer"), ValueError("a specification of another version")])
def test_a_server_that_does_not_say_gets_no_second_view(server, monkeypatch, tmp_path, caplog, error):
    address = save_view("me", "papers", tmp_path, "5eed")

    def found(*_):
        raise error

    monkeypatch.setattr(workspaces.internal.View, "from_name", found)
    with caplog.at_level(logging.WARNING, "paceline"):
        assert save_view("me", "papers", tmp_path, "5eed") == address
    assert (
        len(server) == 1 and f"it is not known whether the view is still there ({type(error).__name__}" in caplog.text
    )


def test_an_address_that_cannot_be_kept_is_said(server, tmp_path, caplog):
    (tmp_path / "view.json").mkdir()
    with caplog.at_level(logging.WARNING, "paceline"):
        assert save_view("me", "papers", tmp_path, "5eed") == "https://example.org/me/papers?nw=abc"
    assert "the address of the view was not kept" in caplog.text


def test_a_server_that_refuses_is_said_and_nothing_else(monkeypatch, caplog, tmp_path):
    def refuse(view):
        raise RuntimeError("permission\ndenied")

    monkeypatch.setattr(workspaces.internal, "upsert_view2", refuse)
    with caplog.at_level(logging.WARNING, "paceline"):
        assert save_view("me", "papers", tmp_path, "5eed") is None
    assert not list(tmp_path.iterdir())
    assert "the view was not saved (RuntimeError: permission denied)" in caplog.text


def test_from_the_command_line(paceline_here, monkeypatch, caplog, server):
    assert paceline_here(*BENCH, *QUICK).returncode == 0

    def push(self, out, bench_id, summary):
        self.entity = "me"
        return True

    monkeypatch.setattr(Standing, "push", push)
    done = paceline_here("report", "out", "--wandb", "online", "--project", "papers", "--view")
    assert done.returncode == 0 and "view: https://example.org/me/papers?nw=abc" in done.stdout, done.stderr
    assert [(view.entity, view.project, view.display_name) for view in server] == [("me", "papers", "out")]
    monkeypatch.setattr(Standing, "push", lambda self, *_: not setattr(self, "offline", True))  # fell back
    done = paceline_here("report", "out", "--wandb", "online", "--view")
    assert done.returncode == 0 and "view:" not in done.stdout and len(server) == 1
    assert "no view was saved: the report was not pushed to the server" in caplog.text


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("offline", "--view saves a view on the server: it needs --wandb online; got offline"),
        ("disabled", "it needs --wandb online; got disabled"),
        ("online", "--view needs wandb-workspaces: pip install 'paceline[views]'"),
    ],
)
def test_refusals_come_before_any_work(paceline_here, monkeypatch, mode, said):
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    done = paceline_here("report", "nowhere", "--wandb", mode, "--view")
    assert done.returncode == 2 and said in done.stderr and "nowhere" not in done.stderr

"""Figures of lifetimes are of the revision that they were lived at, and an interrupt ends them at once."""

import contextlib
import dataclasses
import multiprocessing
import operator
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.settings import Cell, Schedule
from benchmarks.store import UserError, read_json
from benchmarks.studies import keeping
from benchmarks.studies.keeping import covers, keep_lifetimes, outcomes
from benchmarks.studies.records import Run, Tables, Tune
from teacher import load_general
from teacher.retention import RULE

ROOT = Path(__file__).parents[3]
CELL = Cell("parity", "gru", "uniform", 0, Schedule(20, 8, 10, 20), options={"student": {"width": 8}})


@pytest.mark.parametrize("content", ["{}", "[]", "null", '{"lifetimes": []}', '{"lifetimes": {"uniform": 3}}'])
def test_files_that_hold_no_figures_are_named(tmp_path, content):
    (tmp_path / "recall-small-lstm.json").write_text(content)
    for act in (
        lambda: list(Tables(tmp_path).known()),
        lambda: Run(("recall",), workers=1, results=tmp_path).execute(),
        lambda: Tune(out=tmp_path / "recall-small-lstm.json", show=True).execute(),
    ):
        with pytest.raises(UserError, match=r"recall-small-lstm.json holds no lifetimes by teacher and seed"):
            act()


def test_a_mistake_of_folders_or_workers_leaves_nothing_behind(tmp_path):
    (tmp_path / "file").write_text("")
    for options, said in (
        ({"results": tmp_path / "file"}, "--results must be a folder"),
        ({"runs": tmp_path / "file", "results": tmp_path / "r"}, "--runs must be a folder"),
        ({"workers": 0, "results": tmp_path / "r"}, "workers must be at least 1; got 0"),
    ):
        with pytest.raises(UserError, match=said):
            Run(("recall",), **options).execute()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("schedule", "same"), [("constant", True), ("phase", True), ("linear", False), ("cosine", False)]
)
def test_a_larger_budget_changes_nothing_before_unless_the_rate_falls_towards_it(schedule, same):
    cell = dataclasses.replace(CELL, options={"student": {"width": 8, "schedule": schedule}})
    larger = dataclasses.replace(cell, schedule=Schedule(40, 8, 10, 20))
    assert covers({"budget": 20, "digest": cell.digest}, cell)
    assert covers({"budget": 40, "digest": larger.digest}, cell) == same


def test_figures_that_are_collected_later_name_the_revision_of_the_lifetime(tmp_path, monkeypatch):
    for revision, file in (("first", "a.json"), ("later", "b.json")):
        known = {"revision": revision, "torch": "1", "processor": "x"}
        monkeypatch.setattr(keeping, "environment", lambda known=known: known)
        keep_lifetimes([("uniform", CELL)], tmp_path / file, "", tmp_path / "runs", 1)
    lives = [read_json(tmp_path / file)["lifetimes"]["uniform"]["0"] for file in ("a.json", "b.json")]
    assert lives[0] == lives[1] and lives[1]["revision"] == "first"


def test_a_finished_lifetime_on_other_samples_is_refused(tmp_path, monkeypatch):
    """A task that has changed since has the same settings, and so the same folder."""
    keep_lifetimes([("uniform", CELL)], tmp_path / "a.json", "", tmp_path / "runs", 1)
    monkeypatch.setattr("envs.Parity.version", "parity-later")
    with pytest.raises(UserError, match=r"holds a lifetime on other samples of parity \(fingerprint \w+, now \w+\)"):
        keep_lifetimes([("uniform", CELL)], tmp_path / "b.json", "", tmp_path / "runs", 1)
    assert not (tmp_path / "b.json").exists()


def test_figures_on_other_samples_are_not_mixed(tmp_path, monkeypatch):
    """A file that holds seed 0 of a task is not given seed 1 of another version of it."""
    file = tmp_path / "a.json"
    keep_lifetimes([("uniform", CELL)], file, "", tmp_path / "runs", 1)
    monkeypatch.setattr("envs.Parity.version", "parity-later")
    before = file.read_bytes()
    with pytest.raises(UserError, match=r"a\.json holds lifetimes on other samples of parity \(fingerprint \w+, now"):
        keep_lifetimes([("uniform", dataclasses.replace(CELL, seed=1))], file, "", tmp_path / "elsewhere", 1)
    assert file.read_bytes() == before and not (tmp_path / "elsewhere").exists()


def test_what_is_there_is_said(tmp_path, capsys):
    for expected in ("1/1 uniform, seed 0", f"1 of 1 lifetimes are in {tmp_path / 'a.json'}"):
        keep_lifetimes([("uniform", CELL)], tmp_path / "a.json", "", tmp_path / "runs", 1)
        assert expected in capsys.readouterr().out
    assert read_json(tmp_path / "a.json")["lifetimes"]["uniform"]["0"]["python"] == platform.python_version()


def test_a_lifetime_of_before_students_were_watched_counts_if_none_would_have_been_found():
    options = {"student": {"width": 8}, "teacher": {"path": "", "rehearsal": 0.0}}
    before = Cell("parity", "gru", "general", 0, Schedule(20, 8, 10, 20), options=options)
    watching = dataclasses.replace(before, options={**options, "teacher": {**options["teacher"], "rehearsal": 0.5}})
    life = {"budget": 20, "digest": before.digest, "policy": load_general().policy.fingerprint}
    kept, lost, unknown = ({"largest": x, "rule": rule} for x, rule in ((0.13, RULE), (0.14, RULE), (0.0, "another")))
    assert covers(life, before) and covers({**life, "mean_fall": kept}, watching)
    for other in ({}, {"mean_fall": lost}, {"mean_fall": unknown}, {"mean_fall": kept, "digest": "another"}):
        assert not covers({**life, **other}, watching)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_job_gives_or_fails_with_comes_as_it_ends(workers):
    jobs = {"half": (operator.truediv, 1, 2), "none": (operator.truediv, 1, 0), "left": (sys.exit, 3)}
    found = dict(outcomes(operator.call, jobs, workers))
    assert found["half"] == 0.5 and isinstance(found["none"], ZeroDivisionError)
    assert "sys.exit(3)" in str(found["left"])


def test_whoever_stops_listening_does_not_wait_for_the_workers():
    with contextlib.closing(outcomes(time.sleep, {0: (0,), 1: (600,), 2: (600,), 3: (600,)}, 2)) as ended:
        assert next(ended) == (0, None)
        workers = multiprocessing.active_children()
    assert len(workers) >= 2 and not any(worker.is_alive() for worker in workers)


def test_without_a_worker_nothing_is_begun(tmp_path):
    with pytest.raises(UserError, match="workers must be at least 1; got 0"):
        keep_lifetimes([], tmp_path / "f.json", "x", tmp_path, 0)
    assert not list(tmp_path.iterdir())


def test_an_interrupt_ends_the_workers(tmp_path):
    """A lifetime of minutes: without that the pool would wait for it."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.studies.records",
        "run",
        "recall",
        "--seeds",
        "1",
        "--teachers",
        "uniform",
    ]
    command += ["--workers", "2", "--results", str(tmp_path / "results"), "--runs", str(tmp_path / "runs")]
    running = subprocess.Popen(
        [*command, "--extra=--budget 1000000 --lstm.learning-rate 1e-9"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 120
    while not list((tmp_path / "runs").rglob("cell.json")):
        assert time.monotonic() < until and running.poll() is None
        time.sleep(0.1)
    start = time.monotonic()
    os.kill(running.pid, signal.SIGTERM)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 143 and time.monotonic() - start < 30 and "Traceback" not in said

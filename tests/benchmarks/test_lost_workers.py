"""A worker process that is killed without warning: its lifetime goes on in another, and nobody else notices."""

import os
import shutil
from pathlib import Path

import polars as pl
import pytest

from benchmarks.cli import main
from benchmarks.engines import local
from benchmarks.gather import planned_cells
from benchmarks.lifetime import run_cell
from benchmarks.store import read_json
from benchmarks.tracking import NoTracker

BENCH = ("bench", "reverse", "--reverse.lengths", "1", "2", "--teachers", "uniform,exp3s", "--seeds", "1")
BENCH += ("--batch-size", "8", "--budget", "40", "--evaluate-every", "40", "--checkpoint-every", "1")
BENCH += ("--wandb", "disabled")
DOOMED = """
import multiprocessing, os, pathlib, signal
import student
class Doomed(student.GRU):
    calls = 0
    def forward(self, tokens):
        Doomed.calls += 1
        if multiprocessing.parent_process() is not None:
            pathlib.Path(f"calls-{os.getpid()}").write_text(str(Doomed.calls))
            if Doomed.calls == 30 and (FOREVER or not pathlib.Path("killed").exists()):
                pathlib.Path("killed").touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(tokens)
def make(vocab_size):
    return Doomed(vocab_size, width=8)
"""


def test_a_lost_workers_lifetime_goes_on_in_another_to_the_same_bits(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    Path("doomed.py").write_text(DOOMED.replace("FOREVER", "False"))
    main([*BENCH, "--students", "doomed:make", "--workers", "2", "--out", "lost"])
    (said,) = [record.getMessage() for record in caplog.records if "lost" in record.getMessage()]
    assert said.startswith("reverse/doomed.make/") and "its worker was lost" in said and "goes on" in said
    lived = sorted(int(path.read_text()) for path in tmp_path.glob("calls-*"))
    assert len(lived) == 3, lived  # the healthy worker is none of those that were begun anew
    lived.remove(30)
    rest, whole = lived
    assert rest < whole <= 30 + rest, lived  # from its checkpoint, not from the beginning
    for cell in planned_cells(Path("lost")):
        run_cell(cell, Path("whole"), NoTracker())
        for table in ("trace", "results", "failures"):
            ours, theirs = (
                pl.read_parquet(out / f"{table}.parquet") for out in (Path("lost/cells", cell.name), Path("whole"))
            )
            assert ours.equals(theirs), (cell.name, table)
        shutil.rmtree("whole")


def test_a_lifetime_that_kills_each_of_its_workers_fails_with_its_reason_and_the_others_go_on(
    tmp_path, monkeypatch, capsys, caplog
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(local, "RETRIES", 1)
    Path("cursed.py").write_text(DOOMED.replace("FOREVER", "True").replace("== 30", "== 3"))
    with pytest.raises(SystemExit) as end:
        students = ("--students", "cursed:make,gru", "--gru.width", "8", "--teachers", "uniform")
        main([*BENCH, *students, "--workers", "2", "--out", "out"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert end.value.code == 2 and "1 of 2 lifetimes are finished" in said
    reason = "lost 2 workers, one after another (out of memory?): it is given up"
    assert f"reverse/cursed.make/uniform/seed-0 {reason}" in said
    summary = read_json(Path("out/summary.json"))
    assert summary["unfinished"] == ["reverse/cursed.make/uniform/seed-0"] == list(summary["reasons"])
    assert summary["reasons"]["reverse/cursed.make/uniform/seed-0"].startswith(reason)
    assert sum("its worker was lost" in record.getMessage() for record in caplog.records) == 1


def test_without_a_worker_that_can_be_started_it_ends_in_one_line(tmp_path, monkeypatch, capsys, caplog):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(local, "_start_worker", os.abort)  # fails at once
    with pytest.raises(SystemExit) as end:
        main([*BENCH, "--students", "gru", "--gru.width", "8", "--workers", "2", "--out", "out"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert end.value.code == 2 and "no worker process can be started" in said and "0 of 2 lifetimes" in said
    assert sum("a worker cannot be started" in record.getMessage() for record in caplog.records) == 2

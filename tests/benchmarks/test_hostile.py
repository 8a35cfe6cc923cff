"""A whole bench on a disk that fills up, in a folder that cannot be written, under a clock that jumps, with a NaN."""

import errno
import itertools
import os
import resource
import shutil
import subprocess
import time

import numpy as np
import polars as pl
import pytest
from tests_support import command

from benchmarks import store
from benchmarks.cli import main
from benchmarks.store import UserError, read_json

BENCH = ("bench", "reverse", "--reverse.lengths", "1", "2", "--students", "gru", "--gru.width", "8", "--budget", "40")
BENCH += ("--batch-size", "8", "--evaluate-every", "20", "--workers", "1", "--wandb", "disabled", "--seeds", "1")
BENCH += ("--teachers", "uniform,exp3s", "--signal", "PG", "--checkpoint-every", "1")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "out"
    main([*BENCH, "--out", str(out)])
    return out


def refused(capsys, out):
    with pytest.raises(SystemExit) as end:
        main([*BENCH, "--out", str(out)])
    said = capsys.readouterr().err
    assert end.value.code == 2 and "Traceback" not in said
    return said


def assert_as_whole(out, whole):
    for name in ("trace", "results", "failures"):
        assert pl.read_parquet(out / f"{name}.parquet").equals(pl.read_parquet(whole / f"{name}.parquet")), name
    assert not read_json(out / "summary.json")["unfinished"]


@pytest.fixture(scope="module")
def num_flushes(tmp_path_factory):
    """How often the bench flushes a file to the disk."""
    counted, sync = [0], os.fsync

    def count(file):
        counted[0] += 1
        sync(file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.os, "fsync", count)
        main([*BENCH, "--out", str(tmp_path_factory.mktemp("counted") / "out")])
    return counted[0]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.95, 0.99])
def test_a_disk_that_fills_up_loses_nothing(whole, num_flushes, tmp_path, monkeypatch, capsys, share):
    """The n-th flush to the disk fails, wherever in the bench that is; with space again it goes on to the same end."""
    full_at = int(share * num_flushes)
    flushes, sync, out = itertools.count(), os.fsync, tmp_path / "out"

    def full(file):
        if next(flushes) >= full_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(file)

    with monkeypatch.context() as patch:
        patch.setattr(store.os, "fsync", full)
        said = refused(capsys, out)
    assert "No space left on device" in said and "free space" in said
    assert not list(out.rglob("*.tmp"))
    main([*BENCH, "--out", str(out)])
    assert_as_whole(out, whole)


@pytest.mark.parametrize("room", [1_000, 9_000, 40_000])
def test_the_kernel_refuses_to_write_more(whole, tmp_path, room):
    """Not a patched call: no file of the process may grow beyond so many bytes, so that writes fail half-way."""
    out = tmp_path / "out"

    no_bytecode = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # a cut .pyc would stay

    def confined():
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    ended = subprocess.run(
        command(*BENCH, "--out", out), preexec_fn=confined, capture_output=True, text=True, env=no_bytecode
    )
    assert ended.returncode == 2, ended.stderr
    assert "File too large" in ended.stderr and "Traceback" not in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("paceline: ")
    assert not list(out.rglob("*.tmp"))
    main([*BENCH, "--out", str(out)])
    assert_as_whole(out, whole)


def test_a_folder_that_cannot_be_written_is_said_before_anything_runs(tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    mkdir = type(out).mkdir

    def read_only(self, *args, **kwargs):
        if self.is_relative_to(out):
            raise OSError(errno.EROFS, "Read-only file system")
        return mkdir(self, *args, **kwargs)

    monkeypatch.setattr(type(out), "mkdir", read_only)
    said = refused(capsys, out)
    assert "Read-only file system" in said and "choose another --out" in said and said.count("\n") == 1
    assert not out.exists()


def test_a_clock_that_jumps_changes_no_result(whole, tmp_path, monkeypatch):
    """Back by hours, forward by days, at every look."""
    rng = np.random.default_rng(0)
    for clock in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, clock, lambda: float(rng.uniform(-1e5, 1e6)))
    main([*BENCH, "--out", str(tmp_path / "out")])
    monkeypatch.undo()
    assert_as_whole(tmp_path / "out", whole)


def test_a_nan_in_one_student_fails_its_cell_alone(tmp_path, monkeypatch, capsys):
    """The others go on to their end, the reason is said, and the bench can be finished once it is mended."""
    (tmp_path / "broken.py").write_text(
        "import math\n\nimport torch\n\nfrom student import GRU\n\n\n"
        "class Broken(GRU):\n"
        "    steps = 0\n\n"
        "    def forward(self, tokens):\n"
        "        self.steps += self.training\n"
        "        bad = self.steps > 25 and torch.initial_seed() == 1\n"
        "        return super().forward(tokens) * (math.nan if bad else 1.0)\n\n\n"
        "def make_model(vocab_size):\n    return Broken(vocab_size, 8)\n"
    )
    monkeypatch.chdir(tmp_path)
    words = [*BENCH[:4], "2", "--students", "broken:make_model", *BENCH[9:], "--seeds", "2", "--out", "out"]
    with pytest.raises(SystemExit) as end:
        main(words)
    said = capsys.readouterr().err
    assert end.value.code == 2 and "Traceback" not in said
    assert "seed-1 stopped: loss became nan" in said and "2 of 4 lifetimes are finished" in said
    finished = sorted(path.parent.name for path in (tmp_path / "out").rglob("seed-*/summary.json"))
    assert finished == ["seed-0", "seed-0"]
    # The report is there, of those that are finished, and says why the others are not.
    summary = read_json(tmp_path / "out" / "summary.json")
    assert sorted(summary["reasons"]) == sorted(summary["unfinished"]) and len(summary["unfinished"]) == 2
    assert all(reason.startswith("stopped: loss became nan") for reason in summary["reasons"].values())
    assert (tmp_path / "out" / "report.html").read_text().count("(stopped: loss became nan") == 2


def test_a_student_that_is_nan_from_its_first_update_fails_alone(tmp_path, monkeypatch, capsys, caplog):
    """The trial before the first lifetime finds it; alone it is refused at once, among others the others go on."""
    (tmp_path / "spoilt.py").write_text(
        "import math\n\nfrom student import GRU\n\n\n"
        "class Spoilt(GRU):\n"
        "    def forward(self, tokens):\n"
        "        return super().forward(tokens) * (math.nan if self.training else 1.0)\n\n\n"
        "def make_model(vocab_size):\n    return Spoilt(vocab_size, 8)\n"
    )
    monkeypatch.chdir(tmp_path)
    words = [*BENCH[:4], "2", "--students", "spoilt:make_model,gru", *BENCH[9:], "--seeds", "1", "--out", "out"]
    with pytest.raises(SystemExit) as end:
        main(words)
    said = capsys.readouterr().err
    assert end.value.code == 2 and "Traceback" not in said and "the others go on without it" in caplog.text
    assert "2 of 4 lifetimes are finished" in said
    finished = [path.parent for path in (tmp_path / "out" / "cells").rglob("seed-*/summary.json")]
    assert len(finished) == 2 and all("gru" in path.parts for path in finished)
    reasons = read_json(tmp_path / "out" / "summary.json")["reasons"]
    assert len(reasons) == 2 and all("loss became nan" in reason for reason in reasons.values())
    with pytest.raises(SystemExit):
        main([word.removesuffix(",gru") for word in words[:-1]] + ["alone"])
    assert "loss became nan" in capsys.readouterr().err and not (tmp_path / "alone").exists()


def test_what_was_finished_before_a_worker_died_is_gathered(tmp_path, monkeypatch, capsys, whole):
    """And a failure is said first, whatever else goes wrong with the tables."""
    from benchmarks import grid

    real = grid.run_jobs

    def run_jobs(jobs, execution, display):
        real(jobs[:1], execution, display)
        raise UserError("a worker process died")

    monkeypatch.setattr(grid, "run_jobs", run_jobs)
    said = refused(capsys, tmp_path / "out")
    assert "a worker process died; 1 of 2 lifetimes are finished" in said
    assert len(read_json(tmp_path / "out" / "summary.json")["unfinished"]) == 1
    shutil.copytree(tmp_path / "out", tmp_path / "other")
    next((tmp_path / "other" / "cells").rglob("trace.parquet")).write_bytes(b"")
    said = refused(capsys, tmp_path / "other")
    assert said.index("a worker process died; ") < said.index("trace.parquet is damaged")
    monkeypatch.undo()
    main([*BENCH, "--out", str(tmp_path / "out")])
    assert_as_whole(tmp_path / "out", whole)

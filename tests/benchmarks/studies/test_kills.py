"""The study of kills, with one; and its comparison sees what differs."""

import shutil
import subprocess
import sys

import polars as pl
import pytest

from benchmarks.studies import kills
from benchmarks.studies.kills import Kills, difference

SMALL = (
    "bench recall --preset small --teachers uniform --seeds 1 --lstm.width 8 --batch-size 8 --budget 60 "
    "--evaluate-every 20 --checkpoint-every 1 --workers 1 --wandb disabled"
)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    from benchmarks import cli

    out = tmp_path_factory.mktemp("lived") / "out"
    cli.main([*SMALL.split(), "--out", str(out)])
    return out


def test_a_killed_bench_ends_as_if_nothing_had_been(tmp_path):
    found = Kills(kills=1, grid=SMALL, out=tmp_path / "kills.json").execute()
    assert found["kills"] == 1 and found["benches_finished"] >= 1 and found["differences"] == []
    assert (tmp_path / "kills.json").exists()


def test_a_bench_that_is_killed_before_it_has_made_its_folder_is_gone_on_with(tmp_path, monkeypatch):
    def quick(grid, out):
        return subprocess.Popen(
            [sys.executable, "-c", f"import time, pathlib; time.sleep(0.5); pathlib.Path({str(out)!r}).mkdir()"],
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def at_once(process, seconds, kill=kills._kill):
        return kill(process, 0.0)

    monkeypatch.setattr(kills, "_begun", quick)
    monkeypatch.setattr(kills, "_kill", at_once)
    monkeypatch.setattr(kills, "difference", lambda alone, other: [])
    found = Kills(kills=2, grid="", out=None).execute()
    assert found["kills"] == 2 and found["benches_finished"] == 1


def test_the_same_folder_differs_in_nothing(lived):
    assert difference(lived, lived) == []


@pytest.mark.parametrize("what", ["table", "checkpoint", "summary", "stray"])
def test_what_differs_is_named(lived, tmp_path, what):
    other = tmp_path / "other"
    shutil.copytree(lived, other)
    (life,) = other.rglob("seed-0")
    if what == "table":
        table = pl.read_parquet(other / "trace.parquet")
        table.with_columns(reward=table["reward"] + 1e-12).write_parquet(other / "trace.parquet")
    elif what == "checkpoint":
        shutil.copy(life / "student.safetensors", life / "teacher.safetensors")
    elif what == "summary":
        text = (life / "summary.json").read_text()
        (life / "summary.json").write_text(text.replace('"seed": 0', '"seed": 7'))
    else:
        (life / "x.tmp").write_text("")
    (found,) = difference(lived, other)
    expected = {
        "table": "trace.parquet",
        "checkpoint": "teacher.safetensors",
        "summary": "summary.json",
        "stray": "x.tmp",
    }
    assert expected[what] in found

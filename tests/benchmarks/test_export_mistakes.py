"""Exports that are refused: one line for each mistake, and nothing is written."""

import errno
import json
import os

import pytest
from export_support import MIXTURES, change


def unfinished(folder):
    (folder / "summary.json").unlink()
    return folder


def damaged(folder):
    (folder / "trace.parquet").write_bytes(b"PAR1 and no more")
    return folder


def without_trace(folder):
    (folder / "trace.parquet").unlink()
    return folder


def of_another_version(folder):
    change(folder / "cell.json", speed=3)
    return folder


def of_other_data(folder):
    change(folder / "summary.json", fingerprint="0123456789abcdef")
    return folder


def of_a_suite_that_is_gone(folder):
    change(folder / "cell.json", suite="gone:suite")
    return folder


def of_a_suite_that_cannot_be_made(folder):
    change(folder / "cell.json", suite="text", options={"suite": {"source": "nowhere"}})
    return folder


def same(folder):
    return folder


@pytest.mark.parametrize(
    ("spoil", "arguments", "message"),
    [
        (unfinished, (), "holds no finished lifetime yet: give the command that made it again to go on"),
        (damaged, (), "trace.parquet is damaged: it is not what "),
        (without_trace, (), "trace.parquet is gone: it is not what "),
        (of_another_version, (), "unexpected keyword argument 'speed'"),
        (of_other_data, (), "the data of suite addition-small is no longer what "),
        (of_a_suite_that_is_gone, (), "cannot load 'gone:suite' (expected package.module:name)"),
        (
            of_a_suite_that_cannot_be_made,
            (),
            "suite text cannot be made, and its arms are needed: text source must be a folder",
        ),
        (same, ("--format", "sheet"), "Expected one of ('json', 'deepspeed', 'llm-foundry', 'weights')"),
        (same, ("--phases", "3"), "--phases is set, and --format json has no use for it: drop the flag"),
        (same, ("--total", "3"), "--total is set, and --format json has no use for it: drop the flag"),
        (same, ("--axis", "digits"), "--axis is set, and --format json has no use for it: drop the flag"),
        (
            same,
            ("--format", "weights", "--coverage", "0.5"),
            "--coverage is set, and --format weights has no use for it: drop the flag",
        ),
        (same, ("--format", "deepspeed", "--phases", "2"), "--phases is set, and --format deepspeed has no use for it"),
        (same, ("--format", "weights", "--phases", "0"), "phases must be at least 1; got 0"),
        (same, ("--format", "weights", "--total", "0"), "total must be at least 1; got 0"),
        (
            same,
            ("--format", "weights", "--total", "4"),
            "total must give each of the schedule's 5 pieces a step; got 4: raise --total",
        ),
        (same, ("--format", "deepspeed", "--coverage", "0"), "coverage must be in (0, 1]; got 0.0"),
        (same, ("--format", "deepspeed", "--coverage", "1.1"), "coverage must be in (0, 1]; got 1.1"),
        (
            same,
            ("--format", "deepspeed", "--axis", "age"),
            "--axis must be an axis of addition-small (digits); got age",
        ),
        (same, ("--format", "llm-foundry", "--phases", "1"), "llm-foundry needs at least 2 phases to change between"),
    ],
    ids=lambda value: value.__name__ if callable(value) else " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_line_and_nothing_is_written(kept, paceline_here, tmp_path, spoil, arguments, message):
    folder = spoil(kept())
    said = paceline_here("export", folder, *arguments, "--out", tmp_path / "pace")
    assert said.returncode == 2 and not said.stdout
    assert message in said.stderr and said.stderr.count("\n") == 1, said.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "own.py"]


@pytest.mark.parametrize("form", ["deepspeed", "llm-foundry", "weights"])
def test_weights_of_losses_are_no_shares_of_draws(kept, exported, paceline_here, form):
    folder = kept(weighting="loss", redraw="sequence")
    said = paceline_here("export", folder, "--format", form)
    assert said.returncode == 2 and "the mixtures of this lifetime weigh losses (--weighting loss)" in said.stderr
    assert json.loads(exported(folder))["mixtures"] == MIXTURES


def test_a_folder_that_is_none_of_ours(paceline_here, tmp_path):
    (tmp_path / "file").write_text("")
    for place in ("nowhere", "file", "."):
        said = paceline_here("export", place, "--out", "pace")
        assert said.returncode == 2 and said.stderr.count("\n") == 1
        assert "is not a folder of results: it has neither settings.json nor cell.json" in said.stderr
    assert not (tmp_path / "pace").exists()


@pytest.mark.parametrize("place", ["nowhere/pace", "own.py/pace", "folder"])
def test_a_place_that_cannot_be_written_is_said(lived, paceline_here, tmp_path, place):
    (tmp_path / "folder").mkdir()
    said = paceline_here("export", lived, "--out", place, "--overwrite")
    assert said.returncode == 2 and said.stderr.count("\n") == 1 and "Traceback" not in said.stderr, said.stderr
    assert sorted(path.name for path in tmp_path.rglob("*") if "pycache" not in str(path)) == ["folder", "own.py"]


def test_a_full_disk_leaves_the_old_file(lived, paceline_here, exported, tmp_path, monkeypatch):
    exported(lived, "--out", "pace")
    (tmp_path / "pace").write_text("old")

    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said = paceline_here("export", lived, "--out", "pace", "--overwrite")
    assert said.returncode == 2 and said.stderr.count("\n") == 1 and "cannot write pace" in said.stderr
    assert (tmp_path / "pace").read_text() == "old" and not list(tmp_path.glob("*.tmp"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.py", "pace"]

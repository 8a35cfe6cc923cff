"""A pace written for others: exact as JSON, to the screen or to a file, of one lifetime that was chosen."""

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from export_support import FORMATS, cell_of

from benchmarks.export import _USES, _WRITERS, Options


def test_json_is_the_trace_to_the_last_bit(lived, exported, suite):
    content = json.loads(exported(lived))
    trace = pl.read_parquet(cell_of(lived) / "trace.parquet")
    assert list(content.items()) == [
        ("format", "paceline.schedule"),
        ("version", 1),
        ("suite", "addition-small"),
        ("student", "lstm"),
        ("teacher", "exp3s"),
        ("seed", 0),
        ("fingerprint", suite.fingerprint),
        ("arms", ["addition digits=1", "addition digits=2", "addition digits=3"]),
        ("updates", [10, 20, 30, 40]),
        ("mixtures", trace["mixture"].to_list()),
        ("counts", trace["count"].to_list()),
    ]
    assert len({tuple(mixture) for mixture in content["mixtures"]}) > 1 and np.sum(content["counts"]) == 40 * 128
    assert all(isinstance(count, int) for row in content["counts"] for count in row)
    assert exported(cell_of(lived)) == exported(lived)


def test_a_replay_of_it_keeps_the_same_pace(lived, paceline_here, exported):
    exported(lived, "--out", "pace.json")
    replay = ("--teacher", "replayed", "--replayed.path", "pace.json", "--lstm.width", 4, "--wandb", "disabled")
    shown = paceline_here("run", *replay, "--budget", 40, "--out", "again")
    assert shown.returncode == 0, shown.stderr
    first, again = json.loads(exported(lived)), json.loads(exported("again"))
    assert again.pop("teacher") == "replayed" and first.pop("teacher") == "exp3s"
    assert again == first  # the same seed draws the same arms too


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_says_what_the_screen_says_and_is_not_overwritten_unasked(
    lived, paceline_here, exported, tmp_path, form
):
    out = tmp_path / "pace"
    assert exported(lived, "--format", form, "--out", out) == f"pace of addition-small/lstm/exp3s/seed-0: {out}\n"
    assert out.read_text() == exported(lived, "--format", form)
    out.write_text("mine")
    said = paceline_here("export", lived, "--format", form, "--out", out)
    assert said.returncode == 2 and said.stderr.count("\n") == 1
    assert f"{out} exists: choose another --out, or replace it with --overwrite" in said.stderr
    assert out.read_text() == "mine"
    exported(lived, "--format", form, "--out", out, "--overwrite")
    assert out.read_text() == exported(lived, "--format", form)


def test_of_several_lifetimes_one_is_to_be_chosen(paceline_here, exported):
    grid = ("--teachers", "uniform,exp3s", "--seeds", 3, "--workers", 1, "--lstm.width", 4, "--batch-size", 4)
    paceline_here("bench", *grid, "--budget", 20, "--wandb", "disabled", "--out", "out")
    said = paceline_here("export", "out", "--out", "pace")
    cells = [f"out/cells/addition-small/lstm/{teacher}/seed-{n}" for teacher in ("exp3s", "uniform") for n in range(3)]
    assert said.returncode == 2 and said.stderr.count("\n") == 1 and not Path("pace").exists()
    assert f"out holds 6 finished lifetimes: give the folder of one of them: {', '.join(cells[:4])}, ..." in said.stderr
    content = json.loads(exported(cells[4]))
    assert (content["teacher"], content["seed"]) == ("uniform", 1)
    for cell in cells[1:]:
        (Path(cell) / "summary.json").unlink()
    assert json.loads(exported("out"))["teacher"] == "exp3s"


def test_a_users_own_suite_is_found_again(paceline_here, exported):
    own = ("own:suite", "--student", "own:make_student", "--teacher", "uniform", "--wandb", "disabled")
    paceline_here("run", *own, "--budget", 20, "--out", "out")
    content = json.loads(exported("out"))
    assert content["suite"] == "own:suite" and content["arms"][2] == "addition digits=3"


def test_the_commands_and_blocks_of_the_page_run(lived, paceline_here, tmp_path):
    text = (Path(__file__).parents[2] / "docs/export.md").read_text()
    shutil.copytree(lived, tmp_path / "runs/mine")
    for line in re.findall(r"^\$ paceline (export .*)$", text, re.M):
        shown = paceline_here(*shlex.split(line))
        assert shown.returncode == 0, shown.stderr
    names = {}
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)):
        exec(compile(block, f"export-{number}", "exec"), names)


def test_every_option_has_a_format_that_uses_it():
    fields = set(Options.__dataclass_fields__) - {"format"}
    assert set(_USES) == set(_WRITERS) == set(FORMATS) and set().union(*_USES.values()) == fields

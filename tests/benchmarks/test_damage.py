"""Any one file of a bench is damaged: it is named, nothing is overwritten, and the last good state is gone on from."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.cli import main
from benchmarks.lifetime import run_cell
from benchmarks.settings import Cell, Schedule
from benchmarks.store import UserError, load_checkpoint, read_sealed, save_checkpoint, write_sealed
from benchmarks.tracking import NoTracker

BENCH = ("bench", "reverse", "--reverse.lengths", "1", "2", "--students", "gru", "--gru.width", "8", "--budget", "40")
BENCH += ("--batch-size", "8", "--evaluate-every", "20", "--workers", "1", "--wandb", "disabled", "--seeds", "1")
BENCH += ("--teachers", "uniform,exp3s", "--signal", "PG")
CELL = "cells/reverse/gru/exp3s/seed-0"
FILES = [
    "cell.json",
    "trace.parquet",
    "results.parquet",
    "failures.parquet",
    "timing.parquet",
    "student.safetensors",
    "teacher.safetensors",
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "out"
    main([*BENCH, "--out", str(out)])
    return out


def truncate(path):
    path.write_bytes(path.read_bytes()[:-9])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def empty(path):
    path.write_bytes(b"")


def mistake(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr().err
    assert end.value.code == 2 and said.count("\n") == 1
    return said


@pytest.mark.parametrize("harm", [truncate, flip, empty])
@pytest.mark.parametrize("name", [*FILES, "summary.json"])
def test_a_damaged_file_of_a_lifetime_is_named_and_that_lifetime_alone_run_anew(whole, tmp_path, capsys, harm, name):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    harm(out / CELL / name)
    said = mistake(("report", out), capsys)
    assert f"{CELL}/{name}" in said and "damaged" in said and "--overwrite" not in said
    assert mistake((*BENCH, "--out", out), capsys) == said  # the command that made it looks at what is finished, too
    if harm is flip:
        shutil.rmtree(out / CELL)
        before = (out / "cells/reverse/gru/uniform/seed-0/summary.json").stat().st_mtime_ns
        main([*BENCH, "--out", str(out)])
        assert (out / "cells/reverse/gru/uniform/seed-0/summary.json").stat().st_mtime_ns == before
        for table in ("trace", "results"):
            assert pl.read_parquet(out / f"{table}.parquet").equals(pl.read_parquet(whole / f"{table}.parquet"))


@pytest.mark.parametrize("harm", [truncate, flip, empty, Path.unlink])
@pytest.mark.parametrize(
    "name", ["trace.parquet", "results.parquet", "timing.parquet", "failures.parquet", "report.html", "summary.json"]
)
def test_damaged_tables_are_made_anew_of_the_lifetimes(whole, tmp_path, harm, name):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    harm(out / name)
    main([*BENCH, "--out", str(out)])
    assert (out / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize(("name", "what"), [("exp3s/seed-1", "seed 0"), ("combined/seed-0", "teacher exp3s")])
def test_a_lifetime_in_anothers_place_is_not_taken_for_it(whole, tmp_path, capsys, name, what):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    settings = read_sealed(out / "settings.json")
    more = [{**c, "seed": 1} for c in settings["cells"]] + [{**settings["cells"][0], "teacher": "combined"}]
    write_sealed(out / "settings.json", {**settings, "cells": settings["cells"] + more})
    misplaced = out / "cells/reverse/gru" / name
    shutil.copytree(out / CELL, misplaced)
    for command in (("report", out), ("compare", out, whole, "--out", tmp_path / "both")):
        said = mistake(command, capsys)
        assert f"{misplaced} holds the lifetime of another place ({what}" in said and f"delete {misplaced}" in said, (
            said
        )


def test_nor_by_the_command_that_made_the_bench(whole, tmp_path, capsys):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    misplaced = out / "cells/reverse/gru/uniform/seed-0"
    shutil.rmtree(misplaced)
    shutil.copytree(out / CELL, misplaced)
    assert f"{misplaced} holds the lifetime of another place" in mistake((*BENCH, "--out", out), capsys)
    (out / "settings.json").unlink()
    assert f"{misplaced} holds the lifetime of another place" in mistake((*BENCH, "--out", out), capsys)
    shutil.rmtree(misplaced)
    main([*BENCH, "--out", str(out)])
    assert pl.read_parquet(out / "trace.parquet").equals(pl.read_parquet(whole / "trace.parquet"))


def replace_with_a_list(path):
    path.write_text("[]")


RUINS = [truncate, flip, empty, replace_with_a_list, Path.unlink]


@pytest.mark.parametrize("harm", RUINS)
def test_without_settings_the_command_that_is_advised_restores_them(whole, tmp_path, capsys, caplog, harm):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    shutil.rmtree(out / "cells/reverse/gru/uniform")  # not finished, and checkpoints are not asked for
    before = (out / CELL / "summary.json").stat().st_mtime_ns
    kept = read_sealed(out / "settings.json")
    harm(out / "settings.json")
    for said in (mistake(("report", out), capsys), mistake(("compare", out, out, "--out", tmp_path / "c"), capsys)):
        assert f"{out}/settings.json is {'gone' if harm is Path.unlink else 'damaged'}" in said, said
        assert "give the command that made it again" in said and "--overwrite" not in said
    main([*BENCH, "--out", str(out)])
    assert "settings.json" in caplog.text and "restored" in caplog.text
    assert (out / CELL / "summary.json").stat().st_mtime_ns == before
    now = read_sealed(out / "settings.json")
    assert {**now, "bench_id": ""} == {**kept, "bench_id": ""}
    assert harm in (empty, replace_with_a_list, Path.unlink, flip) or now["bench_id"] == kept["bench_id"]
    for table in ("trace", "results"):
        assert pl.read_parquet(out / f"{table}.parquet").equals(pl.read_parquet(whole / f"{table}.parquet"))


@pytest.mark.parametrize("harm", [empty, replace_with_a_list, Path.unlink])
def test_without_settings_another_command_is_refused_and_overwrite_begins_anew(whole, tmp_path, capsys, harm):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    harm(out / "settings.json")
    for more, what in (
        (("--budget", "60"), "schedule.budget was 40, is 60"),
        (("--teachers", "uniform,combined"), "exp3s/seed-0 is none of this command's"),
    ):
        said = mistake((*BENCH, *more, "--out", out), capsys)
        assert what in said and "choose another --out" in said and "--overwrite" in said, said
    shutil.rmtree(out / "cells/reverse/gru/uniform")
    main([*BENCH, "--teachers", "exp3s", "--budget", "60", "--out", str(out), "--overwrite"])
    assert pl.read_parquet(out / "trace.parquet")["updates"].max() == 60


def test_settings_are_not_restored_around_a_damaged_lifetime_or_other_data(whole, tmp_path, capsys):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    (out / "settings.json").unlink()
    flip(out / CELL / "cell.json")
    said = mistake((*BENCH, "--out", out), capsys)
    assert f"{CELL}/cell.json is damaged" in said and not (out / "settings.json").exists()
    shutil.copy(whole / CELL / "cell.json", out / CELL / "cell.json")
    summary = read_sealed(out / CELL / "summary.json")
    write_sealed(out / CELL / "summary.json", {**summary, "fingerprint": "0123"})
    said = mistake((*BENCH, "--out", out), capsys)
    assert (
        "the data of reverse/gru/exp3s/seed-0 was another (fingerprint 0123" in said
        and not (out / "settings.json").exists()
    )


class Stop(Exception):
    """Ends a lifetime as a kill would."""


def begun(folder, decisions):
    def show(status):
        if status.updates >= 5 * decisions:
            raise Stop

    with pytest.raises(UserError, match="Stop"):
        run_cell(LIFE, folder, NoTracker(), show, checkpoint_every=2)


TINY = {"suite": {"lengths": (1, 2)}, "student": {"width": 8}}
LIFE = Cell("reverse", "gru", "exp3s", 3, Schedule(100, 8, 5, 50), options=TINY)


@pytest.mark.parametrize("harm", [truncate, flip, empty])
def test_from_a_damaged_checkpoint_the_one_before_it_goes_on_to_the_same_end(tmp_path, harm, caplog):
    run_cell(LIFE, tmp_path / "whole", NoTracker())
    begun(tmp_path / "broken", 9)
    harm(tmp_path / "broken" / "checkpoint.safetensors")
    run_cell(LIFE, tmp_path / "broken", NoTracker())
    assert "checkpoint.safetensors is damaged" in caplog.text and "going on from the one before it" in caplog.text
    ours, theirs = (pl.read_parquet(tmp_path / name / "trace.parquet") for name in ("broken", "whole"))
    assert ours.equals(theirs)
    left = {path.name for path in (tmp_path / "broken").iterdir()}
    assert "checkpoint.damaged" in left and not {name for name in left if name.startswith("checkpoint-previous")}


def test_with_both_damaged_it_says_so_and_keeps_them(tmp_path):
    begun(tmp_path, 9)
    for name in ("checkpoint.safetensors", "checkpoint-previous.safetensors"):
        flip(tmp_path / name)
    with pytest.raises(
        UserError, match=r"checkpoint-previous\.safetensors is damaged .*delete it to start this lifetime"
    ):
        run_cell(LIFE, tmp_path, NoTracker())
    assert (tmp_path / "checkpoint-previous.safetensors").exists() and (tmp_path / "checkpoint.damaged").exists()


def test_killed_between_the_two_writes_of_a_checkpoint(tmp_path):
    begun(tmp_path / "broken", 9)
    (tmp_path / "broken" / "checkpoint.safetensors").unlink()
    lived = []
    run_cell(LIFE, tmp_path / "broken", NoTracker(), lambda status: lived.append(status.updates))
    assert lived[0] == 35  # from the checkpoint before the last, of six decisions, not from the beginning
    run_cell(LIFE, tmp_path / "whole", NoTracker())
    ours, theirs = (pl.read_parquet(tmp_path / name / "trace.parquet") for name in ("broken", "whole"))
    assert ours.equals(theirs)


def test_every_bit_of_a_checkpoint_is_watched(tmp_path):
    """A flipped bit anywhere is found: in the outline, in a tensor, in the checksum."""
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, {"a": np.arange(6.0), "b": [1, "x", None], "c": np.array(3)})
    content = path.read_bytes()
    load_checkpoint(path)
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 4
        path.write_bytes(bytes(changed))
        try:
            loaded = load_checkpoint(path)
        except UserError:
            continue
        assert list(loaded) == ["a", "b", "c"] and np.array_equal(loaded["a"], np.arange(6.0)), place

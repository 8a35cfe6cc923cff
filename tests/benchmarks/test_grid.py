"""Half-done grids: killed anywhere, the same command ends with the content of an uninterrupted run."""

import shutil
import signal
import time
from pathlib import Path

import polars as pl
import pytest
from process_support import Started
from teacher_support import write_schedule

import teacher
from benchmarks.store import read_sealed, write_sealed
from teacher.learned import save_policy

RUN = ("run", "addition-small", "--teacher", "exp3s", "--signal", "PG", "--lstm.width", 8, "--batch-size", 8)
BENCH = ("bench", "addition-small", "--teachers", "uniform,exp3s", "--seeds", 2, "--lstm.width", 8, "--batch-size", 8)
COMMON = ("--evaluate-every", 200, "--checkpoint-every", 3, "--wandb", "disabled")


def content(out):
    return [pl.read_parquet(out / f"{name}.parquet") for name in ("trace", "results")]


def killed(arguments, cwd, ready):
    """Starts the command, and kills it and its workers without warning once ``ready`` says so."""
    process = Started(*arguments, cwd=cwd)
    until = time.monotonic() + 60
    while not ready():
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.02)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return workers


def assert_same(ours, theirs):
    for a, b in zip(content(ours), content(theirs), strict=True):
        assert a.equals(b)


def test_a_run_killed_twice_ends_as_if_it_had_not_been(paceline_here, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    arguments = (*RUN, "--budget", 800, *COMMON)
    assert paceline_here(*arguments, "--out", whole).returncode == 0
    checkpoint = broken / "cells/addition-small/lstm/exp3s/seed-0/checkpoint.safetensors"
    seen = [0]

    def another_checkpoint():
        if checkpoint.exists() and checkpoint.stat().st_mtime_ns != seen[0]:
            seen[0] = checkpoint.stat().st_mtime_ns
            return True
        return False

    for _ in range(2):
        killed((*arguments, "--out", broken), tmp_path, another_checkpoint)
        assert not (broken / "summary.json").exists()
    done = paceline_here(*arguments, "--out", broken)
    assert done.returncode == 0, done.stderr
    assert_same(broken, whole)


def alive(pid):
    """Whether a process runs: one that has ended and waits to be reaped does not."""
    try:
        return Path("/proc", pid, "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_grid_killed_in_the_middle_ends_as_if_it_had_not_been(paceline_here, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    arguments = (*BENCH, "--budget", 600, *COMMON)
    assert paceline_here(*arguments, "--workers", 1, "--out", whole).returncode == 0

    def half_done():
        done = list(broken.glob("cells/**/summary.json"))
        return done and list(broken.glob("cells/**/checkpoint.safetensors"))

    workers = killed((*arguments, "--workers", 2, "--out", broken), tmp_path, half_done)
    assert len(workers) >= 2
    until = time.monotonic() + 90  # on a busy machine a decision takes a while
    while any(alive(pid) for pid in workers):
        assert time.monotonic() < until, "workers outlive the main process"
        time.sleep(0.2)
    assert 1 <= len(list(broken.glob("cells/**/summary.json"))) < 4
    done = paceline_here(*arguments, "--workers", 1, "--out", broken)
    assert done.returncode == 0, done.stderr
    assert_same(broken, whole)
    assert {"results.parquet", "trace.parquet", "timing.parquet", "summary.json", "report.html", "settings.json"} <= {
        path.name for path in broken.iterdir()
    }


@pytest.fixture
def own(paceline_here):
    """A quick bench of the user's own suite and student, without torch in it."""

    def call(*more, out="out", budget=60):
        return paceline_here(
            *("bench", "own:suite", "--students", "own:make_student", "--teachers", "uniform,combined", "--seeds", 2),
            *("--budget", budget, "--workers", 1, "--wandb", "disabled", "--out", out, *more),
        )

    return call


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_stops_it_within_seconds_and_the_same_command_goes_on(tmp_path, number, code, workers):
    arguments = (*BENCH, "--budget", 4000, *COMMON, "--workers", workers, "--out", "out")
    process = Started(*arguments, cwd=tmp_path)
    until = time.monotonic() + 60
    while not list(tmp_path.glob("out/cells/**/checkpoint.safetensors")):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(number)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == code, said
    assert said.splitlines()[-1] == "paceline: stopped; the same command into the same folder goes on where it was"
    assert "Traceback" not in said
    until = time.monotonic() + 10
    while any(Path("/proc", pid).exists() for pid in children):
        assert time.monotonic() < until, "workers outlive the main process"
        time.sleep(0.1)
    assert list(tmp_path.glob("out/cells/**/checkpoint.safetensors"))


def test_a_finished_folder_is_left_alone_unless_overwritten(own, tmp_path):
    assert own().returncode == 0
    stamp = (tmp_path / "out/report.html").stat().st_mtime_ns
    again = own()
    assert again.returncode == 0 and (tmp_path / "out/report.html").stat().st_mtime_ns == stamp
    other = own(budget=80)
    assert other.returncode == 2
    assert "holds a run with other settings (schedule.budget was 60, is 80)" in other.stderr
    assert other.stderr.count("\n") == 1
    assert own("--overwrite", budget=80).returncode == 0
    assert pl.read_parquet(tmp_path / "out/trace.parquet")["updates"].max() == 80


@pytest.mark.parametrize("missing", ["summary.json", "report.html"])
def test_killed_while_gathering_the_rest_is_made_by_the_same_command(own, tmp_path, missing):
    assert own().returncode == 0
    (tmp_path / "out" / missing).unlink()
    done = own()
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / missing).exists()


def test_two_commands_of_one_second_have_a_folder_each(paceline_here, tmp_path, monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda form: "20300101-000000")
    arguments = ("run", "own:suite", "--student", "own:make_student", "--wandb", "disabled", "--budget")
    for budget in (20, 30, 20):
        done = paceline_here(*arguments, budget)
        assert done.returncode == 0, done.stderr
    names = {path.name: len(list(path.glob("cells/*/*/*/*/summary.json"))) for path in (tmp_path / "runs").iterdir()}
    assert names == dict.fromkeys([f"own.suite-20300101-000000{end}" for end in ("", "-2", "-3")], 1)
    assert "runs/own.suite-20300101-000000-3/report.html" in done.stdout


def test_where_no_folder_can_be_made_it_says_so(paceline_here, tmp_path):
    (tmp_path / "runs").write_text("no folder")
    said = paceline_here("run", "own:suite", "--student", "own:make_student", "--wandb", "disabled", "--budget", 20)
    assert said.returncode == 2 and "choose another --out" in said.stderr and said.stderr.count("\n") == 1


def test_a_folder_of_something_else_is_never_touched(own, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.tex").write_text("ten years")
    for flags in ((), ("--overwrite",)):
        refused = own(*flags)
        assert refused.returncode == 2 and "holds files but no settings.json of a bench" in refused.stderr
    assert (tmp_path / "out/thesis.tex").read_text() == "ten years"


def test_a_folder_with_somebody_elses_settings_is_never_touched(own, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/settings.json").write_text('{"editor": 1}')
    (tmp_path / "out/mine.parquet").write_text("mine")
    for flags in ((), ("--overwrite",)):
        refused = own(*flags)
        assert refused.returncode == 2 and "choose another --out" in refused.stderr
    assert (tmp_path / "out/mine.parquet").read_text() == "mine"


def test_killed_in_the_first_write_the_folder_is_still_ours(own, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/.settings.json.77.tmp").write_text('{"cel')
    assert own().returncode == 0


def test_data_that_changed_between_two_commands_is_refused(paceline_here, tmp_path, documents):
    arguments = (
        "run",
        "text",
        "--student",
        "own:make_text_student",
        "--teacher",
        "uniform",
        "--text.source",
        documents,
    )
    arguments += ("--text.contexts", 8, "--budget", 20, "--wandb", "disabled", "--out", "out")
    with (tmp_path / "own.py").open("a") as module:
        module.write(
            "\n\ndef make_text_student(vocab_size):\n    import student\n    return student.LSTM(vocab_size, 8)\n"
        )
    assert paceline_here(*arguments).returncode == 0
    (documents / "first" / "0.txt").write_text("rewritten " * 60)
    refused = paceline_here(*arguments)
    assert refused.returncode == 2 and "the data of suite text is no longer what out was begun with" in refused.stderr


@pytest.mark.parametrize(("path", "changed"), [("pace.json", "pace.json"), ("pace-{seed}.json", "pace-1.json")])
def test_lifetimes_of_one_grid_never_replay_different_files(paceline_here, suite, tmp_path, path, changed):
    files = {path.replace("{seed}", str(seed)) for seed in range(2)}
    for file in files:
        write_schedule(tmp_path / file, suite.arms.names, [[0.5, 0.3, 0.2]])
    grid = ("bench", "own:suite", "--students", "own:make_student", "--teachers", "replayed+floor", "--seeds", 2)
    grid += ("--replayed.path", path, "--budget", 20, "--workers", 1, "--wandb", "disabled", "--out", "out")
    assert paceline_here(*grid).returncode == 0
    shutil.rmtree(tmp_path / "out/cells/own.suite/own.make_student/replayed+floor/seed-1")  # as if not yet begun
    (tmp_path / "out/summary.json").unlink()
    kept = (tmp_path / changed).read_text()
    write_schedule(tmp_path / changed, suite.arms.names, [[0.2, 0.3, 0.5]])
    refused = paceline_here(*grid)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1, refused.stderr
    assert f"{changed} is no longer what out was begun with" in refused.stderr
    (tmp_path / changed).write_text(kept)
    assert paceline_here(*grid).returncode == 0
    (tmp_path / changed).unlink()
    refused = paceline_here(*grid, "--overwrite")  # before a lifetime that others wait for in vain
    assert refused.returncode == 2 and f"cannot read the schedule {changed}" in refused.stderr
    assert len(list((tmp_path / "out").glob("cells/*/*/*/*/summary.json"))) == 2


def test_lifetimes_of_one_grid_never_have_different_networks(paceline_here, tmp_path):
    policy = teacher.load_general().policy
    save_policy(tmp_path / "mine", policy.weights, policy.features, {})
    grid = ("bench", "own:suite", "--students", "own:make_student", "--teachers", "general+floor", "--seeds", 1)
    grid += ("--general.path", "mine", "--budget", 20, "--workers", 1, "--wandb", "disabled", "--out", "out")
    assert paceline_here(*grid).returncode == 0
    changed = {name: 1.5 * value for name, value in policy.weights.items()}
    save_policy(tmp_path / "mine", changed, policy.features, {})
    refused = paceline_here(*grid)
    assert refused.returncode == 2 and "mine is no longer what out was begun with" in refused.stderr
    (tmp_path / "mine/teacher.safetensors").write_bytes(b"")
    refused = paceline_here(*grid, "--overwrite")
    assert refused.returncode == 2 and "cannot read the teacher mine" in refused.stderr
    assert refused.stderr.count("\n") == 1 and (tmp_path / "out/summary.json").exists()


def test_a_half_written_settings_file_is_written_anew(own, tmp_path, caplog):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/settings.json").write_text('{"bench_id": "1", "cells": [')
    assert own().returncode == 0 and "settings.json was damaged" in caplog.text


def test_somebody_elses_cells_are_not_lifetimes(own, tmp_path):
    (tmp_path / "out/cells/mouse").mkdir(parents=True)
    (tmp_path / "out/cells/mouse/a.csv").write_text("1")
    refused = own("--overwrite")
    assert refused.returncode == 2 and "choose another --out" in refused.stderr
    assert (tmp_path / "out/cells/mouse/a.csv").exists()


def test_other_versions_on_resume_are_said_in_one_line(own, tmp_path, caplog):
    assert own().returncode == 0
    settings = read_sealed(tmp_path / "out/settings.json")
    settings["environment"]["numpy"] = "1.0.0"
    write_sealed(tmp_path / "out/settings.json", settings)
    again = own()
    assert again.returncode == 0 and "resumed with numpy 1.0.0 ->" in caplog.text


def test_two_writers_in_one_folder_are_refused(paceline, paceline_here, tmp_path):
    from benchmarks.store import only_writer

    assert paceline_here(*RUN, "--budget", 20, *COMMON, "--out", "out").returncode == 0
    with only_writer(tmp_path / "out"):
        refused = paceline(*RUN, "--budget", 20, *COMMON, "--out", "out")
    assert refused.returncode == 2 and "another process is writing to out" in refused.stderr

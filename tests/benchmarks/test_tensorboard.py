"""Real TensorBoard files, read back."""

import importlib.util

import numpy as np
import polars as pl
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from benchmarks.tracking.boards import TensorBoardTracker

LIFE = ("run", "own:suite", "--student", "own:make_student", "--teacher", "uniform", "--tracker", "tensorboard")
QUICK = ("--budget", "60", "--evaluate-every", "20", "--out", "out")


def read(folder):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {name: [(e.step, e.value) for e in events.Scalars(name)] for name in events.Tags()["scalars"]}


def test_the_same_names_over_the_same_axes_as_in_the_trace(paceline, tmp_path):
    done = paceline(*LIFE, *QUICK)
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.glob("out/cells/**/tensorboard")
    scalars = read(folder)
    trace, results = pl.read_parquet(tmp_path / "out/trace.parquet"), pl.read_parquet(tmp_path / "out/results.parquet")
    steps, values = zip(*scalars["teacher/reward"], strict=True)
    assert list(steps) == trace["decision"].to_list() and np.allclose(values, trace["reward"].to_list())
    assert [step for step, _ in scalars["student/gradient_norm"]] == trace["tokens"].to_list()
    assert [step for step, _ in scalars["eval/target_competence"]] == sorted(set(results["updates"].to_list()))
    tokens = results.unique("updates").sort("updates")["tokens"].to_list()
    assert [value for _, value in scalars["eval/tokens"]] == tokens
    assert scalars["summary/restricted_updates"] == [(0, 60.0)]
    assert not list(tmp_path.glob("out/**/offline-run-*"))  # nothing of the other tracker


def test_a_lifetime_that_begins_anew_leaves_no_rows_of_the_former(paceline, tmp_path):
    for _ in range(2):
        assert paceline(*LIFE, *QUICK, "--overwrite").returncode == 0
    (folder,) = tmp_path.glob("out/cells/**/tensorboard")
    assert len(read(folder)["teacher/reward"]) == 6


def test_without_it_one_line_says_what_to_install(monkeypatch, tmp_path):
    from benchmarks import cli

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "tensorboard" else found(name))
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", "addition-small", "--tracker", "tensorboard", "--out", str(tmp_path / "out")])
    assert ended.value.code == 2 and not (tmp_path / "out").exists()


def test_a_tracker_that_fails_does_not_stop_training(caplog, tmp_path, suite):
    tracker = TensorBoardTracker()
    (tmp_path / "tensorboard").write_text("a file where the folder should be")
    tracker.start(None, suite, tmp_path)
    costs = {"updates": 1, "tokens": 2, "forward_equivalents": 3}
    tracker.log_evaluation([{**costs, "target": True, "competence": 1.0, "loss": 0.0, "arm_name": "a"}], 0.5)
    tracker.close()
    assert caplog.text.count("TensorBoard tracking stopped") == 1

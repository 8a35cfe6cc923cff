"""A lifetime stopped anywhere goes on bit for bit; what diverges or breaks its contract is said; nothing is lost."""

import dataclasses
import math

import numpy as np
import polars as pl
import pytest

import teacher
from benchmarks import lifetime
from benchmarks.assembly import build
from benchmarks.lifetime import run_cell
from benchmarks.settings import Cell, Schedule
from benchmarks.store import UserError, load_checkpoint, read_json
from benchmarks.tracking import NoTracker

CELL = Cell(
    "addition-small",
    "lstm",
    "exp3s",
    3,
    Schedule(budget=120, batch_size=8, updates_per_decision=10, evaluate_every=40),
    signal="PG",
    options={"student": {"width": 8}, "teacher": {"eta": 0.1}},
)


class Stop(BaseException):
    """As KeyboardInterrupt: no error of a user's code."""


def tables(folder):
    return [pl.read_parquet(folder / f"{name}.parquet") for name in ("trace", "results")]


def stop_after(decisions):
    seen = []

    def show(status):
        seen.append(status)
        if len(seen) == decisions:
            raise Stop

    return show


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    run_cell(CELL, folder, NoTracker())
    return folder


def test_a_finished_lifetime_holds_its_record(uninterrupted):
    trace, results = tables(uninterrupted)
    assert trace["decision"].to_list() == list(range(12)) and trace["updates"][-1] == 120
    assert trace["count"].list.sum().to_list() == [80] * 12
    np.testing.assert_allclose(trace["mixture"].list.sum().to_numpy(), 1)
    assert results["updates"].unique(maintain_order=True).to_list() == [40, 80, 120]
    assert results.filter(~pl.col("taught"))["arm_name"].unique().sort().to_list() == [
        "addition digits=4",
        "addition digits=5",
    ]
    summary = read_json(uninterrupted / "summary.json")
    assert summary["mastered"] is False and summary["spent"]["updates"] == 120
    assert summary["spent"]["forward_equivalents"] > 3 * summary["spent"]["tokens"]  # PG's forwards are charged
    assert set(load_checkpoint(uninterrupted / "student.safetensors")["learners"][0]) == {
        "model",
        "optimizer",
        "pace",
        "random",
    }
    assert not (uninterrupted / "checkpoint.safetensors").exists()
    assert summary["largest_ratio"]["tokens"] == trace["token_ratio"].max() == 11 / 5  # three digits after one
    assert summary["largest_ratio"]["update_norm"] == trace["update_ratio"].max() > 1


@pytest.mark.parametrize("stops", [(1,), (4,), (5, 2), (3, 3, 3), (11,)], ids=str)
def test_stopped_anywhere_it_goes_on_bit_for_bit(tmp_path, uninterrupted, stops):
    for decisions in stops:
        with pytest.raises(Stop):
            run_cell(CELL, tmp_path, NoTracker(), stop_after(decisions), checkpoint_every=2)
    run_cell(CELL, tmp_path, NoTracker(), checkpoint_every=2)
    for ours, theirs in zip(tables(tmp_path), tables(uninterrupted), strict=True):
        assert ours.equals(theirs)
    ours, theirs = (load_checkpoint(f / "student.safetensors") for f in (tmp_path, uninterrupted))
    for name, value in theirs["learners"][0]["model"].items():
        assert (ours["learners"][0]["model"][name] == value).all()


def test_a_finished_lifetime_is_left_alone(uninterrupted):
    before = (uninterrupted / "trace.parquet").stat().st_mtime_ns

    def never(status):
        raise AssertionError("ran again")

    run_cell(CELL, uninterrupted, NoTracker(), never)
    assert (uninterrupted / "trace.parquet").stat().st_mtime_ns == before


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    with pytest.raises(Stop):
        run_cell(CELL, tmp_path, NoTracker(), stop_after(3), checkpoint_every=1)
    other = dataclasses.replace(CELL, seed=4)
    with pytest.raises(UserError, match=r"is another's \(digest .*--overwrite"):
        run_cell(other, tmp_path, NoTracker())


@pytest.mark.parametrize("name", ["general", "general+floor", "exp4"])
def test_what_a_teachers_network_computes_is_charged_and_a_rule_costs_nothing(tmp_path, name):
    """Of three arms, every decision: the network's multiplications over those of a token in the student."""
    seen = []
    own = {"experts": ("uniform", "general")} if name == "exp4" else {}
    cell = dataclasses.replace(CELL, teacher=name, options={**CELL.options, "teacher": own})
    tracker = NoTracker()
    tracker.log_decision = lambda record, suite: seen.append(record["forward_equivalents"])
    run_cell(cell, tmp_path / "a", tracker)
    trace, _ = tables(tmp_path / "a")
    student = cell.make_student(cell.make_suite())
    student.reset([0])
    charge = 3969 * 3 / sum(weight.numel() for weight in student.models[0].parameters())
    bare = teacher.run(cell.make_teacher(), build(cell)[1], cell.seed)
    expected = [int(row.info["forward_equivalents"][0]) + math.ceil((row.decision + 1) * charge) for row in bare]
    assert trace["forward_equivalents"].to_list() == seen == expected
    spent = read_json(tmp_path / "a" / "summary.json")["spent"]
    assert spent["forward_equivalents"] == expected[-1]
    assert teacher.num_weights(teacher.Exp3S()) == 0


def test_mastery_ends_the_lifetime(tmp_path, monkeypatch):
    import envs

    monkeypatch.setattr(
        "benchmarks.settings.make_student",
        lambda name, suite, k, options, budget: envs.ScriptedStudent(CELL.make_suite(), rate=0.1),
    )
    cell = dataclasses.replace(CELL, teacher="combined", options={}, schedule=Schedule(2000, 64, 10, 20))
    run_cell(cell, tmp_path, NoTracker())
    summary = read_json(tmp_path / "summary.json")
    assert summary["mastered"] and summary["to_mastery"]["updates"] + 20 == summary["spent"]["updates"] < 200
    assert summary["spent"]["forward_equivalents"] == 3 * summary["spent"]["tokens"]  # combined reads no gains: no PG


def test_a_student_that_diverges_names_decision_arm_and_checkpoint(tmp_path):
    cell = dataclasses.replace(CELL, options={"student": {"width": 8, "learning_rate": 1e38, "clip": 1e30}})
    run_one = pytest.raises(
        UserError, match=r"seed-3 stopped: loss became nan at decision \d+.*arm \d \(addition.*no checkpoint"
    )
    with run_one:
        run_cell(cell, tmp_path, NoTracker())
    assert not (tmp_path / "summary.json").exists() and not (tmp_path / "trace.parquet").exists()


def test_a_late_divergence_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    import envs

    class Late(envs.ScriptedStudent):
        def train(self, batch):
            scores = super().train(batch)
            return scores if self.skills.max() < 0.8 else dataclasses.replace(scores, loss=scores.loss * np.nan)

    monkeypatch.setattr("benchmarks.settings.make_student", lambda *a: Late(CELL.make_suite()))
    with pytest.raises(UserError, match=r"last checkpoint: .*checkpoint.safetensors; nothing was overwritten"):
        run_cell(
            dataclasses.replace(CELL, schedule=Schedule(500, 8, 10, 100)), tmp_path, NoTracker(), checkpoint_every=1
        )
    state = load_checkpoint(tmp_path / "checkpoint.safetensors")
    assert np.isfinite(state["trace"]["columns"]["loss"]).all()


def test_a_state_with_nan_never_becomes_a_checkpoint(tmp_path, monkeypatch):
    """The last update of a decision spoils the weights: no loss has shown it yet."""
    import envs

    class Spoilt(envs.ScriptedStudent):
        steps = 0

        def train(self, batch):
            scores = super().train(batch)
            self.steps += 1
            if self.steps == 31:  # the first step is the rehearsal's
                self.skills = self.skills * np.nan
            return scores

    monkeypatch.setattr("benchmarks.settings.make_student", lambda *a: Spoilt(CELL.make_suite()))
    cell = dataclasses.replace(CELL, signal="accuracy_gain")
    with pytest.raises(UserError, match="state holds NaN after decision 2; last checkpoint"):
        run_cell(cell, tmp_path, NoTracker(), checkpoint_every=1)
    kept = load_checkpoint(tmp_path / "checkpoint.safetensors")["run"]["env"]
    assert kept["number"] == 2 and np.isfinite(kept["student"]["skills"]).all()


def test_whatever_a_users_student_raises_is_one_line_with_the_traceback_in_a_file(tmp_path, monkeypatch):
    import envs

    class Broken(envs.ScriptedStudent):
        steps, bound = 0, 0

        def train(self, batch):
            self.steps += 1
            return super().train(batch) if self.steps <= self.bound else {}["nothing"]

    monkeypatch.setattr("benchmarks.settings.make_student", lambda *a: Broken(CELL.make_suite()))
    with pytest.raises(UserError, match=r"exp3s \(seed 3\): KeyError: 'nothing' \(at .*test_lifetime.py:\d+\)"):
        run_cell(CELL, tmp_path, NoTracker())  # at the first step: found in the rehearsal
    reason = (tmp_path / "error.txt").read_text()
    assert reason.count("\n") == 1 and "KeyError: 'nothing'" in reason
    Broken.bound = 7
    with pytest.raises(UserError, match=r"stopped: KeyError: 'nothing' \(traceback in .*error.txt\)"):
        run_cell(CELL, tmp_path, NoTracker())
    assert '{}["nothing"]' in (tmp_path / "error.txt").read_text()
    Broken.bound = 10_000
    run_cell(CELL, tmp_path, NoTracker())
    assert (tmp_path / "summary.json").exists() and not (tmp_path / "error.txt").exists()


def test_a_run_that_fails_ends_its_tracking(tmp_path, monkeypatch):
    closed = []

    class Tracker(NoTracker):
        def close(self):
            closed.append(True)

    with pytest.raises(Stop):
        run_cell(CELL, tmp_path, Tracker(), stop_after(2))
    assert closed == [True]


def test_logits_of_the_wrong_shape_stop_with_one_line(tmp_path, monkeypatch):
    import torch

    from student import TorchStudent

    monkeypatch.setattr("benchmarks.settings.make_student", lambda *a: TorchStudent(lambda: torch.nn.Embedding(12, 5)))
    with pytest.raises(UserError, match=r"exp3s \(seed 3\): the module must map tokens .* got \(2, 17, 5\)"):
        run_cell(CELL, tmp_path, NoTracker())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schedule": Schedule(budget=0)}, "budget must be at least 1; got 0"),
        ({"schedule": Schedule(evaluate_every=0)}, "evaluate_every must be at least 1"),
        ({"signal": "MPG"}, "needs redraw='decision'"),
        ({"options": {"student": {"width": 16, "clip": -1}}}, "clip must be above 0"),
        ({"options": {"teacher": {"eta": 0}}}, "eta must be in"),
        ({"options": {"student": {"width": 0}}}, "width must be at least 1; got 0"),
        ({"suite": "text", "options": {"suite": {"source": "/nowhere"}}}, "/nowhere is not a folder"),
    ],
)
def test_bad_settings_are_refused_before_anything_runs(change, message):
    with pytest.raises(UserError, match=message):
        lifetime.build(dataclasses.replace(CELL, **change))

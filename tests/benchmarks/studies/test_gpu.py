"""The script that checks a GPU, tried where the second device is the CPU again; on a GPU `make check-gpu` runs it."""

import json

import numpy as np
import pytest
import torch

from benchmarks.studies import gpu
from benchmarks.studies.gpu import Options, faults, laws, measure
from envs import Addition, Suite
from student import LSTM, TorchStudent

SMALL = Options("cpu", ("lstm",), blocks=0, kill_after=-1.0)


def test_the_cpu_agrees_with_itself():
    figures = measure(SMALL)
    held = figures["students"]["lstm"]
    assert held["broken_laws"] == {} and held["last_step_nats"] == 0 and held["repeats_bit_for_bit"]
    assert faults(figures) == []


def test_a_student_that_breaks_a_law_is_a_fault(monkeypatch):
    class Forgetful(TorchStudent):
        def evaluate(self, batch):
            torch.rand(1)
            self._learners[0].step(batch.learner(0))
            return super().evaluate(batch)

    def make(name, suite, k, options):
        return Forgetful(lambda: LSTM(suite.vocab_size, width=8), k)

    monkeypatch.setattr(gpu, "make_student", make)
    broken = laws("lstm", Suite([Addition(digits=(1, 2))]), "cpu")
    assert "evaluate_has_no_side_effect" in broken


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"last_step_nats": 0.5}, "last_step_nats is 0.5"),
        ({"last_step_nats": float("nan")}, "last_step_nats is nan"),
        ({"bfloat16_nats": 0.5}, "bfloat16_nats is 0.5"),
        ({"moved_nats": {"cpu to cuda": 0.2}}, "moved cpu to cuda"),
        ({"repeats_bit_for_bit": False}, "a second time differs"),
        ({"broken_laws": {"stop_and_resume_is_exact": "differs"}}, "stop_and_resume_is_exact: differs"),
    ],
)
def test_what_does_not_hold_is_named(change, said):
    held = {"broken_laws": {}, "last_step_nats": 0.0, "bfloat16_nats": 0.0, "moved_nats": {"cpu to cuda": 0.0}}
    held["repeats_bit_for_bit"] = True
    assert faults({"students": {"lstm": held}}) == []
    assert said in faults({"students": {"lstm": {**held, **change}}})[0]
    assert "went on differs" in faults({"students": {}, "killed": {"same_trace": False, "killed_midway": True}})[0]
    assert "had ended before" in faults({"students": {}, "killed": {"same_trace": True, "killed_midway": False}})[0]


def test_a_killed_lifetime_goes_on_as_if_nothing_had_been():
    found = gpu.killed("cpu", 0.0, budget=200)
    assert found == {"killed_midway": True, "same_trace": True}


def test_a_missing_gpu_is_said_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["gpu"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.guarded(gpu.main) == 2
    assert "no GPU here" in capsys.readouterr().err


def test_figures_are_written_and_faults_end_with_one(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["gpu", "--device", "cpu", "--out", str(tmp_path / "gpu.json")])
    held = {"broken_laws": {}, "first_step_nats": 0.0, "last_step_nats": 9.0, "bfloat16_nats": 0.0, "moved_nats": {}}
    figures = {"students": {"lstm": {**held, "repeats_bit_for_bit": True}}, "speed": {}}
    monkeypatch.setattr(gpu, "measure", lambda options: figures)
    with pytest.raises(SystemExit) as ended:
        gpu.main()
    assert ended.value.code == 1
    assert "last_step_nats" in json.loads((tmp_path / "gpu.json").read_text())["faults"][0]


def test_speed_is_the_median_of_paired_ratios(monkeypatch):
    """A clock on which every block takes the CPU four times as long."""
    now, blocks = [0.0], []

    class Slow:
        def __init__(self, where):
            self.seconds = {"cpu": 0.4, "cpu:0": 0.1}[where]

        def reset(self, seeds):
            pass

        def train(self, batch):
            now[0] += self.seconds
            blocks.append(self.seconds)
            return type("Scores", (), {"loss": np.zeros((1, 1))})

    monkeypatch.setattr(gpu, "make_student", lambda name, suite, k, options: Slow(options["device"]))
    monkeypatch.setattr(gpu.time, "perf_counter", lambda: now[0])
    found = gpu.speed("lstm", {}, 8, Suite([Addition(digits=(1, 2))]), "cpu:0", 2)
    assert found["times_as_fast"] == pytest.approx(4.0)
    assert blocks[4:] == [0.4] * 10 + [0.1] * 10 + [0.4] * 10 + [0.1] * 10  # after two steps each to warm up


def test_a_device_that_torch_does_not_have_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["gpu", "--device", "toaster"])
    assert gpu.guarded(gpu.main) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "--device toaster is none that torch has here" in line

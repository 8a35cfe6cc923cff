"""The same cells on another engine: a real Ray cluster of this machine, and one whose workers are killed."""

import logging
import os
import signal
import subprocess
import time
from pathlib import Path

import polars as pl
import psutil
import pytest
from tests_support import command

from benchmarks.cli import main
from benchmarks.store import UserError

BENCH = (
    "bench",
    "reverse",
    "--reverse.lengths",
    "1",
    "2",
    "--students",
    "gru",
    "--gru.width",
    "8",
    "--batch-size",
    "8",
)
BENCH += ("--wandb", "disabled", "--seeds", "2", "--teachers", "uniform,exp3s", "--signal", "PG", "--workers", "2")
SHORT = ("--budget", "60", "--evaluate-every", "20")


@pytest.fixture(scope="module")
def cluster():
    """Flags that name a cluster of two CPUs on this machine (starting one takes seconds)."""
    import ray

    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    yield ("--engine", "ray", "--ray-address", ray.get_runtime_context().gcs_address)
    ray.shutdown()


def same_results(ours, theirs):
    for table in ("trace", "results"):
        assert pl.read_parquet(ours / f"{table}.parquet").equals(pl.read_parquet(theirs / f"{table}.parquet")), table


def test_a_ray_cluster_gives_the_same_bits(cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main([*BENCH, *SHORT, "--out", "local"])
    main([*BENCH, *SHORT, "--out", "ray", *cluster])
    same_results(tmp_path / "ray", tmp_path / "local")


def workers_of(out):
    """Processes of Ray that are living a lifetime in this folder: they hold its lock."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(str(out) in file.path for file in process.open_files()) and "ray::" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_lost_workers_cell_goes_on_elsewhere(tmp_path):
    """kill -9 of a worker in the middle: the task is begun again and goes on from its checkpoint to the same end."""
    long = ("--budget", "2000", "--evaluate-every", "500", "--checkpoint-every", "10")
    one = ("--seeds", "1", "--teachers", "exp3s")
    running = subprocess.Popen(
        command(*BENCH, *long, *one, "--out", "ray", "--engine", "ray"), cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 120
    killed = False
    while running.poll() is None and time.monotonic() < until:
        if not killed and list(tmp_path.glob("ray/cells/**/checkpoint.safetensors")):
            for process in workers_of(tmp_path / "ray" / "cells"):
                os.kill(process.pid, signal.SIGKILL)
                killed = True
        time.sleep(0.05)
    said = running.communicate(timeout=120)[1]
    assert killed and running.returncode == 0 and "1/1 reverse/gru/exp3s/seed-0 finished" in said, said
    main([*BENCH, *long, *one, "--out", str(tmp_path / "local")])
    same_results(tmp_path / "ray", tmp_path / "local")


def test_sigterm_stops_a_grid_on_ray_as_anywhere(cluster, tmp_path):
    long = ("--budget", "20000", "--evaluate-every", "1000", "--out", "ray")
    running = subprocess.Popen(command(*BENCH, *long, *cluster), cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not list(tmp_path.glob("ray/cells/**/checkpoint.safetensors")):
        assert running.poll() is None and time.monotonic() < until
        time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    said = running.communicate(timeout=30)[1]
    assert running.returncode == 143 and "stopped; the same command" in said and "Traceback" not in said, said


def test_a_lifetime_that_warns_is_heard_and_one_that_fails_does_not_take_the_others_with_it(
    cluster, tmp_path, monkeypatch, caplog
):
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO, "paceline")
    Path("bad.py").write_text(
        "import logging\nimport student\nfrom torch import nn\n"
        "class Bad(student.GRU):\n"
        "    calls = 0\n"
        "    def forward(self, tokens):\n"
        "        Bad.calls += 1\n"
        "        if Bad.calls == 40:\n            logging.getLogger('paceline').info('it creaks')\n"
        "        if Bad.calls > 40:\n            raise RuntimeError('it broke')\n"
        "        return super().forward(tokens)\n"
        "def make(vocab_size):\n    return Bad(vocab_size, width=8)\n"
    )
    with pytest.raises(SystemExit) as end:
        students = (*BENCH[:5], "--students", "gru,bad:make", *BENCH[7:])
        main([*students, *SHORT, "--teachers", "uniform", "--seeds", "1", "--out", "ray", *cluster])
    assert end.value.code == 2
    assert (tmp_path / "ray/cells/reverse/gru/uniform/seed-0/summary.json").exists()
    assert not (tmp_path / "ray/cells/reverse/bad.make/uniform/seed-0/summary.json").exists()
    assert "it creaks" in caplog.text


def test_where_there_is_no_cluster_it_says_so(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main([*BENCH, *SHORT, "--out", str(tmp_path / "out"), "--engine", "ray", "--ray-address", "127.0.0.1:1"])
    said = capsys.readouterr().err
    assert end.value.code == 2 and "no Ray cluster at 127.0.0.1:1" in said and said.count("\n") == 1


def test_without_ray_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.engines.choice.find_spec", lambda name: None)
    from benchmarks.engines import refuse_missing_engine

    with pytest.raises(UserError, match=r"pip install 'paceline\[ray\]'"):
        refuse_missing_engine("ray")
    refuse_missing_engine("local")

"""The same cells on another engine: a real Ray cluster of this machine, and one whose workers are killed."""

import logging
import os
import signal
import time
from pathlib import Path

import polars as pl
import pytest
from process_support import Started

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
    main([*BENCH, *SHORT, "--workers", "1", "--out", "local"])
    main([*BENCH, *SHORT, "--out", "ray", *cluster])
    same_results(tmp_path / "ray", tmp_path / "local")


def test_a_lost_workers_cell_goes_on_elsewhere(cluster, tmp_path, monkeypatch):
    """A worker that is killed without warning: the task is begun again and goes on from its checkpoint to the end."""
    monkeypatch.chdir(tmp_path)
    Path("doomed_on_ray.py").write_text(
        "import os, pathlib, signal\nimport student\n"
        "class Doomed(student.GRU):\n"
        "    calls = 0\n"
        "    def forward(self, tokens):\n"
        "        Doomed.calls += 1\n"
        "        if Doomed.calls == 60 and not pathlib.Path('killed').exists():\n"
        "            pathlib.Path('killed').touch()\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        pathlib.Path(f'calls-{os.getpid()}').write_text(str(Doomed.calls))\n"
        "        return super().forward(tokens)\n"
        "def make(vocab_size):\n    return Doomed(vocab_size, width=8)\n"
    )
    bench = (*BENCH[:5], "--students", "doomed_on_ray:make", *BENCH[9:], *SHORT, "--checkpoint-every", "1")
    bench += ("--seeds", "1", "--teachers", "exp3s")
    main([*bench, "--out", "ray", *cluster])
    here = Path(f"calls-{os.getpid()}")  # what the driver calls itself, before workers begin
    before = int(here.read_text())
    two = sorted(int(path.read_text()) for path in tmp_path.glob("calls-*") if path.name != here.name)
    main([*bench, "--workers", "1", "--out", "local"])
    whole = int(here.read_text()) - 2 * before
    assert len(two) == 2 and 59 in two and max(two) < whole <= sum(two), (two, whole)
    same_results(tmp_path / "ray", tmp_path / "local")


def test_sigterm_stops_a_grid_on_a_cluster_of_its_own_as_anywhere(tmp_path):
    long = ("--budget", "20000", "--evaluate-every", "1000", "--checkpoint-every", "1", "--out", "ray")
    running = Started(*BENCH, *long, "--engine", "ray", cwd=tmp_path)
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


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "ray://a..b:1", "127.0.0.1:99999999"])
def test_where_there_is_no_cluster_it_says_so(tmp_path, capsys, address):
    with pytest.raises(SystemExit) as end:
        main([*BENCH, *SHORT, "--out", str(tmp_path / "out"), "--engine", "ray", "--ray-address", address])
    said = capsys.readouterr().err
    assert end.value.code == 2 and f"no Ray cluster at {address}" in said and said.count("\n") == 1


def test_without_ray_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.engines.choice.find_spec", lambda name: None)
    from benchmarks.engines import refuse_missing_engine

    with pytest.raises(UserError, match=r"pip install 'paceline\[ray\]'"):
        refuse_missing_engine("ray")
    refuse_missing_engine("local")

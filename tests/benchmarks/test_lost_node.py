"""A machine of a Ray cluster that goes down without warning: its lifetime goes on on another, to the same bits."""

import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from process_support import Started

from benchmarks.engines import Execution, Job, folder_of, run_jobs
from benchmarks.gather import planned_cells
from benchmarks.progress import Display

BENCH = ("bench", "reverse", "--reverse.lengths", "1", "2", "--students", "halting:make", "--teachers", "uniform,exp3s")
BENCH += ("--seeds", "1", "--batch-size", "8", "--budget", "60", "--evaluate-every", "20", "--checkpoint-every", "1")
BENCH += ("--wandb", "disabled")
HEAD = {"num_cpus": 1, "include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
HALT = 60  # the call at which a worker waits: it has checkpoints, and is not at its end
HALTING = f"""
import os, pathlib, sys, time
import student
def node():
    ray = sys.modules.get("ray")
    return ray.get_runtime_context().get_node_id() if ray and ray.is_initialized() else "none"
class Halting(student.GRU):
    calls = 0
    def forward(self, tokens):
        Halting.calls += 1
        pathlib.Path(f"{{node()}}-{{os.getpid()}}.calls").write_text(str(Halting.calls))
        while Halting.calls == {HALT} and node() != "none" and not pathlib.Path(f"{{node()}}.spared").exists():
            time.sleep(0.05)
        return super().forward(tokens)
def make(vocab_size):
    return Halting(vocab_size, width=8)
"""


@pytest.fixture
def cluster(monkeypatch):
    """Two nodes of one CPU each on this machine; ``auto`` finds them by a file in a folder that is theirs alone."""
    from ray.cluster_utils import Cluster

    before = signal.getsignal(signal.SIGTERM)
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:  # short: sockets in it
        monkeypatch.setenv("RAY_TMPDIR", folder)
        monkeypatch.delenv("RAY_ADDRESS", raising=False)
        nodes = Cluster(initialize_head=True, head_node_args=HEAD)
        try:
            nodes.add_node(num_cpus=1)
            signal.signal(signal.SIGTERM, before)  # each node puts its own in its place
            yield nodes
        finally:
            nodes.shutdown()


def calls():
    """Of the students on each node, all its workers together."""
    counted = Counter()
    for path in Path().glob("*.calls"):
        counted[path.name.partition("-")[0]] += int(path.read_text() or 0)  # it may be being written
    return counted


def test_a_lost_nodes_lifetime_goes_on_on_another_to_the_same_bits(cluster, tmp_path, monkeypatch):
    """Both nodes are in the middle of a lifetime when one goes, with its worker, which waits until it is killed."""
    monkeypatch.chdir(tmp_path)
    Path("halting.py").write_text(HALTING)
    running = Started(*BENCH, "--engine", "ray", "--ray-address", "auto", "--out", "ray", cwd=tmp_path)
    (other,) = cluster.worker_nodes
    left, lost = cluster.head_node.node_id, other.node_id
    until = time.monotonic() + 300  # on a busy machine nodes take minutes to begin
    while any(calls()[node] < HALT for node in (left, lost)):
        assert running.poll() is None and time.monotonic() < until, (calls(), running.poll())
        time.sleep(0.05)
    assert len(list(Path().glob("ray/cells/**/checkpoint.safetensors"))) == 2
    cluster.remove_node(other, allow_graceful=False)
    Path(f"{left}.spared").touch()
    out, said = running.communicate()
    assert running.returncode == 0 and "2/2" in said, (out, said)
    lived = calls()
    for path in Path().glob("none-*.calls"):  # the driver's trials
        path.unlink()

    here = Execution(workers=1, engine="local", wandb="disabled")
    cells = planned_cells(Path("ray"))
    with Display(len(cells), 0) as display:
        assert run_jobs([Job(cell, Path("local"), here, "bench") for cell in cells], here, display) == []
    for cell in cells:
        for table in ("trace", "results", "failures"):
            ours, theirs = (
                pl.read_parquet(folder_of(Path(out), cell) / f"{table}.parquet") for out in ("ray", "local")
            )
            assert ours.equals(theirs), (cell.name, table)
    whole = calls()["none"]
    assert lived[lost] == HALT and lived[left] < whole < lived[left] + HALT, (lived, whole)  # from its checkpoint

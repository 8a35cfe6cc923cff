"""Worker processes end with the process that started them, whether they work or wait."""

import os
import signal
import subprocess
import sys
import time

import psutil

SCRIPT = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from benchmarks.workers import begin_worker

if __name__ == "__main__":
    pool = ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), begin_worker)
    sleeping, idle = pool.submit(time.sleep, 600), pool.submit(os.getpid)
    idle.result()
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(600)
"""


def test_neither_a_busy_nor_an_idle_worker_outlives_its_parent(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    running = subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    workers = [int(pid) for pid in running.stdout.readline().split()]
    assert len(workers) == 2 and all(psutil.pid_exists(pid) for pid in workers)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    running.stdout.close()
    until = time.monotonic() + 60
    while left := [pid for pid in workers if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]:
        assert time.monotonic() < until, f"{left} outlive their parent"
        time.sleep(0.1)

"""Worker processes on this machine."""

from __future__ import annotations

import logging
import multiprocessing
import signal
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from benchmarks.engines.job import Job
from benchmarks.progress import Display
from benchmarks.store import UserError
from benchmarks.workers import begin_worker, one_thread

_log = logging.getLogger("paceline")


def run_here(jobs: Sequence[Job], display: Display) -> list[str]:
    """In this process, one after another; what failed, in a line each."""
    failures = []
    with one_thread():
        for job in jobs:
            try:
                job.run(display.show)
                display.done(job.cell.name)
            except UserError as error:
                failures.append(str(error))
                display.done(job.cell.name, "failed")
    return failures


_queue: Any = None  # in a worker: where statuses go


def _start_worker(queue: Any, level: int) -> None:
    global _queue
    _queue = queue
    begin_worker()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's business
    logging.basicConfig(format="%(message)s", level=level)


def _run_in_worker(job: Job) -> str | None:
    try:
        job.run(_queue.put)
    except UserError as error:
        return str(error)
    return None


def run_pool(jobs: Sequence[Job], workers: int, display: Display) -> list[str]:
    """In worker processes; what failed, in a line each.

    Raises:
        UserError: a worker died.
    """
    # spawn: a fork after autograd ran with two threads hangs.
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    failures: list[str] = []
    pool = ProcessPoolExecutor(workers, context, _start_worker, (queue, _log.getEffectiveLevel()))
    try:
        waiting: dict[Future[str | None], Job] = {pool.submit(_run_in_worker, job): job for job in jobs}
        while waiting:
            ended, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            while not queue.empty():
                display.show(queue.get())
            for future in ended:
                job = waiting.pop(future)
                failure = future.result()
                if failure is None:
                    display.done(job.cell.name)
                else:
                    failures.append(failure)
                    display.done(job.cell.name, "failed")
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process died (out of memory?); what is finished is kept: give the same command "
            "again, perhaps with fewer --workers"
        ) from error
    finally:
        for process in multiprocessing.active_children():
            if waiting:
                process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
    return failures

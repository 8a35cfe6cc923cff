"""Worker processes on this machine."""

from __future__ import annotations

import logging
import multiprocessing
import signal
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from benchmarks.engines.job import RETRIES, Job
from benchmarks.progress import Display
from benchmarks.store import UserError
from benchmarks.workers import begin_worker, one_thread

_STARTS = 3  # of a worker that is lost before it has begun, in a row
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


def _start_worker(queue: Any, begun: Any, level: int) -> None:
    global _queue
    _queue = queue
    begin_worker()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's business
    logging.basicConfig(format="%(message)s", level=level)
    begun.release()


def _run_in_worker(job: Job) -> str | None:
    try:
        job.run(_queue.put)
    except UserError as error:
        return str(error)
    return None


class _Worker:
    """One process, that is begun anew when it is lost. What it shares with this one is its own: killed, it may hold it.

    Attributes:
        failed_starts: how often in a row it was lost before it had begun.
    """

    def __init__(self) -> None:
        self.failed_starts = 0
        self._begin()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork after autograd ran with two threads hangs
        self._said, self._begun = context.Queue(), context.Semaphore(0)
        start = (self._said, self._begun, _log.getEffectiveLevel())
        self._pool = ProcessPoolExecutor(1, context, _start_worker, start)

    def give(self, job: Job) -> Future[str | None]:
        """Gives it a job."""
        try:
            return self._pool.submit(_run_in_worker, job)
        except BrokenProcessPool:  # it was lost while it waited for work
            self.renew()
            return self._pool.submit(_run_in_worker, job)

    def renew(self) -> bool:
        """Another process in the place of one that was lost; whether that one had begun."""
        begun: bool = self._begun.acquire(block=False)
        self.failed_starts = 0 if begun else self.failed_starts + 1
        self.end()
        self._begin()
        return begun

    def pass_on(self, display: Display) -> None:
        """Shows what it has sent."""
        while not self._said.empty():
            display.show(self._said.get())

    def end(self) -> None:
        """Waits for its end; it has no job, or is killed."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._said.close()


def run_pool(jobs: Sequence[Job], workers: int, display: Display) -> list[str]:
    """In worker processes; what failed, in a line each. The lifetime of a worker that is lost goes on in another.

    Raises:
        UserError: no worker can be started.
    """
    pool = _Pool(jobs, min(workers, len(jobs)))
    try:
        return pool.run(display)
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        for worker in pool.workers:
            worker.end()


class _Pool:
    """Workers, and the jobs that they are at or that are left."""

    def __init__(self, jobs: Sequence[Job], workers: int):
        self.workers = [_Worker() for _ in range(workers)]
        self._free, self._left = self.workers[:], list(jobs)
        self._running: dict[Future[str | None], tuple[_Worker, Job]] = {}
        self._lost: Counter[str] = Counter()  # workers, by cell
        self._failures: list[str] = []

    def run(self, display: Display) -> list[str]:
        while self._left or self._running:
            while self._left and self._free:
                worker, job = self._free.pop(), self._left.pop(0)
                self._running[worker.give(job)] = worker, job
            if not self._running:
                raise UserError(
                    "no worker process can be started (out of memory?); what is finished is kept: give the same "
                    "command again, perhaps with fewer --workers"
                )
            ended, _ = wait(self._running, timeout=0.2, return_when=FIRST_COMPLETED)
            for worker, _ in self._running.values():
                worker.pass_on(display)
            for future in ended:
                worker, job = self._running.pop(future)
                self._close(future, worker, job, display)
        return self._failures

    def _close(self, future: Future[str | None], worker: _Worker, job: Job, display: Display) -> None:
        try:
            failure = future.result()
            self._free.append(worker)
        except BrokenProcessPool:
            failure = self._replaced(worker, job)
            if failure is None:
                self._left.insert(0, job)
                return
        display.done(job.cell.name, "finished" if failure is None else "failed")
        self._failures += [] if failure is None else [failure]

    def _replaced(self, worker: _Worker, job: Job) -> str | None:
        """Another in the place of a lost worker; why its job is given up, if it is."""
        begun = worker.renew()
        if worker.failed_starts < _STARTS:
            self._free.append(worker)
        else:
            _log.warning("a worker cannot be started (out of memory?): the lifetimes go on without it")
        if not begun:  # no fault of the job's
            return None
        self._lost[job.cell.name] += 1
        if self._lost[job.cell.name] > RETRIES:
            return job.given_up(self._lost[job.cell.name], "out of memory?")
        _log.warning(
            "%s: its worker was lost (killed, or out of memory?); it goes on in another from its last checkpoint",
            job.cell.name,
        )
        return None

"""A Ray cluster whose machines share the folder of results, so that a lost worker's cell goes on elsewhere."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
import torch
from ray.util.queue import Empty, Full, Queue
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from benchmarks.engines.job import RETRIES, Execution, Job
from benchmarks.lifetime import Status
from benchmarks.progress import Display
from benchmarks.store import UserError, describe

_PATIENCE = 5.0  # seconds for an address to answer
_SHOWN_EVERY = 0.5  # seconds between two messages of a worker
_log = logging.getLogger("paceline")


def run_on_ray(jobs: Sequence[Job], execution: Execution, display: Display) -> list[str]:
    """In tasks of one CPU each, so many at a time as there are workers; what failed, in a line each.

    Raises:
        UserError: no cluster at the address.
    """
    started = not ray.is_initialized()
    _connect(execution)
    try:
        return _run(jobs, execution.workers, display)
    finally:
        if started:
            ray.shutdown()


def _connect(execution: Execution) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "ignore_reinit_error": True}
    if execution.ray_address is None:
        options |= {"num_cpus": execution.workers, "include_dashboard": False}
    _refuse_silence(execution.ray_address)
    ours = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=execution.ray_address or "local", **options)  # None may be a cluster that happens to be there
    except Exception as error:  # Ray raises errors of many kinds
        where = execution.ray_address or "this machine"
        raise UserError(f"no Ray cluster at {where}: {describe(error)}; start one, or take --engine local") from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, ours)  # Ray puts its own in its place


def _refuse_silence(address: str | None) -> None:
    """Ray asks an address where nobody answers for minutes: this asks once.

    Raises:
        UserError: nobody answers.
    """
    found = re.fullmatch(r"(?:ray://)?([\w.-]+):(\d+)", address or "")
    if found is None:  # auto, local: these end soon
        return
    try:
        socket.create_connection((found[1], int(found[2])), timeout=_PATIENCE).close()
    except (OSError, OverflowError, UnicodeError) as error:  # an odd port, an odd name
        raise UserError(f"no Ray cluster at {address}: {describe(error)}; start one, or take --engine local") from error


def _run(jobs: Sequence[Job], workers: int, display: Display) -> list[str]:
    here_alone = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    queue = Queue(actor_options={"num_cpus": 0, "scheduling_strategy": here_alone})
    here = Path.cwd()
    task = ray.remote(num_cpus=1, max_retries=RETRIES)(_live)
    failures: list[str] = []
    left = [dataclasses.replace(job, out=job.out.resolve()) for job in jobs]
    running: dict[Any, Job] = {}
    while left or running:
        while left and len(running) < workers:
            job = left.pop(0)
            running[task.remote(job, here, queue, _log.getEffectiveLevel())] = job
        ended, _ = ray.wait(list(running), timeout=0.2)
        _pass_on(queue, display)
        for reference in ended:
            job = running.pop(reference)
            try:
                failure = ray.get(reference)
            except ray.exceptions.RayTaskError as error:  # a machine without the folder, or without the package
                failure = f"{job.cell.name}: {describe(error.cause)}; its machine must share this folder and Paceline"
            except ray.exceptions.RayError as error:
                failure = job.given_up(RETRIES + 1, describe(error)[:200])
            display.done(job.cell.name, "finished" if failure is None else "failed")
            failures += [] if failure is None else [failure]
    _pass_on(queue, display)
    return failures


def _pass_on(queue: Queue, display: Display) -> None:
    """Shows what workers have sent: where they are, and what they warn of."""
    try:
        sent: list[Status | Warned] = queue.get_nowait_batch(queue.qsize())
    except (Empty, ray.exceptions.RayError):
        return
    for message in sent:
        if isinstance(message, Status):
            display.show(message)
        else:
            _log.log(message.level, "%s", message.line)


@dataclass(frozen=True)
class Warned:
    """A line that a lifetime logged."""

    level: int
    line: str


class _ToDriver(logging.Handler):
    """Puts what a worker logs into the queue."""

    def __init__(self, queue: Queue):
        super().__init__()
        self._queue = queue

    def emit(self, record: logging.LogRecord) -> None:
        try:
            _send(self._queue, Warned(record.levelno, self.format(record)))
        except Exception:  # a message that cannot be formatted: logging's own way
            self.handleError(record)


@contextlib.contextmanager
def _logging_to(queue: Queue, level: int) -> Iterator[None]:
    handler = _ToDriver(queue)  # Ray lives one lifetime after another in a process: each has its own
    _log.setLevel(level)
    _log.addHandler(handler)
    try:
        yield
    finally:
        _log.removeHandler(handler)


def _send(queue: Queue, message: Status | Warned) -> None:
    with contextlib.suppress(ray.exceptions.RayError, Full):  # nobody looks: the lifetime goes on
        queue.put_nowait(message)


def _live(job: Job, here: Path, queue: Queue, level: int) -> str | None:
    """In a worker: where the command was given, with one thread."""
    os.chdir(here)
    torch.set_num_threads(1)
    last = 0.0

    def show(status: Status) -> None:
        nonlocal last
        if time.monotonic() - last >= _SHOWN_EVERY:
            last = time.monotonic()
            _send(queue, status)

    try:
        with _logging_to(queue, level):
            job.run(show)
    except UserError as error:
        return str(error)
    return None

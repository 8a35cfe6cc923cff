"""Processes that run lifetimes beside one another: one torch thread each, and an end with the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def begin_worker() -> None:
    """In a new worker process, before its first job. A parent that dies ends it at once, at work or waiting for some.

    Its successor takes over what it was at; nothing is lost, for files are replaced whole.
    """
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # an exception would end in this thread


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread of torch's, as every worker has: the same bits everywhere, and no waiting for a core that is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)

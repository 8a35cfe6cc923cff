"""Paceline's command line in a process of its own, without the seconds that importing torch takes.

Each is forked from a server that has imported what the command imports, and done nothing else: a working directory,
environment, output, signals and workers of its own. What a fork cannot show is started by ``tests_support.command``:
closed pipes, full devices, sweeps, and one side of each comparison (all forks hash strings alike).
"""

import atexit
import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_PRELOADED = ["benchmarks.cli", "benchmarks.gather", "benchmarks.report"]
_CONTEXT.set_forkserver_preload([*_PRELOADED, "matplotlib.backends.backend_svg", "scipy.stats", "torch._dynamo"])
BLANK = "PACELINE_TESTS_BLANK"
"""In the environment of a test whose report has blank pictures: drawing them takes most of a small bench's seconds."""

_started = []


def blank(figure, file, **_):
    """In the place of ``Figure.savefig``, where a file of text is given."""
    file.write("<svg></svg>")


def end_all():
    """Kills what a test that failed has left running: the interpreter would wait for it."""
    for process in _started:
        process.send_signal(signal.SIGKILL)
    _started.clear()


def _become(arguments, cwd, environment, out, err):
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, (path, flags) in enumerate([(os.devnull, os.O_RDONLY), (out, os.O_WRONLY), (err, os.O_WRONLY)]):
        os.dup2(os.open(path, flags), number)
    sys.stdin, sys.stdout, sys.stderr = (open(n, mode, closefd=False) for n, mode in enumerate("rww"))
    sys.path.insert(0, os.getcwd())
    import numpy as np
    from matplotlib.figure import Figure

    from benchmarks.cli import main

    if BLANK in environment:
        Figure.savefig = blank
    np.random.seed()  # noqa: NPY002  # another state of the global generator in every process, as after an exec
    try:
        main(arguments)
    finally:
        atexit._run_exitfuncs()  # a child of the server would leave them out


class Started:
    """As ``subprocess.Popen`` of text whose output is kept, so far as tests need it."""

    def __init__(self, *arguments, cwd, env=None):
        self._said = [tempfile.NamedTemporaryFile() for _ in range(2)]
        self._process = _CONTEXT.Process(
            target=_become,
            args=(
                [str(word) for word in arguments],
                str(cwd),
                dict(os.environ if env is None else env),
                *(file.name for file in self._said),
            ),
        )
        self._process.start()
        _started.append(self)
        self.pid = self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self._process.exitcode

    def send_signal(self, number):
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def communicate(self, timeout=120):
        """Waits for its end; what it wrote to standard output and error."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            self.send_signal(signal.SIGKILL)
            raise subprocess.TimeoutExpired("paceline", timeout)
        return tuple(Path(file.name).read_text() for file in self._said)


def ended(*arguments, timeout=120, **where):
    """As ``subprocess.run``."""
    process = Started(*arguments, **where)
    out, err = process.communicate(timeout)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)

"""Paceline's command line in a process of its own, without the seconds that importing torch takes.

Each is forked from a server that has imported what the command imports, and done nothing else: a working directory,
environment, output, signals and workers of its own, as if a shell had started it. Tests of what the shell itself has a
part in (closed pipes, full devices, sweeps) start it by ``tests_support.command``.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["benchmarks.cli", "benchmarks.gather", "benchmarks.report", "matplotlib.backends.backend_svg", "torch._dynamo"]
)


def _become(arguments, cwd, environment, out, err):
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, (path, flags) in enumerate([(os.devnull, os.O_RDONLY), (out, os.O_WRONLY), (err, os.O_WRONLY)]):
        os.dup2(os.open(path, flags), number)
    sys.stdin, sys.stdout, sys.stderr = (open(n, mode, closefd=False) for n, mode in enumerate("rww"))
    sys.path.insert(0, os.getcwd())
    from benchmarks.cli import main

    main(arguments)


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
        self.pid = self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self._process.exitcode

    def send_signal(self, number):
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

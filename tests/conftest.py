"""Shared by all tests: one torch thread (two cores, two workers), and the command line as a user has it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from process_support import BLANK, blank, end_all, ended
from tests_support import OWN_MODULE

os.environ.update(OMP_NUM_THREADS="1", WANDB_SILENT="true")


# Extras that are built from source; the Makefile says so when one is left out.
_NEEDED = {"reasoning_gym": "envs/tasks/real/test_gym.py", "deepspeed": "benchmarks/test_export_deepspeed.py"}
collect_ignore = [file for package, file in _NEEDED.items() if importlib.util.find_spec(package) is None]


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module", autouse=True)
def pictures(request):
    """Reports have blank pictures but for the modules that look at them: those say ``PICTURES = True``."""
    with pytest.MonkeyPatch.context() as patch:
        if not getattr(request.module, "PICTURES", False):
            from matplotlib.figure import Figure

            patch.setenv(BLANK, "1")
            patch.setattr(Figure, "savefig", blank)
        yield


@pytest.fixture(autouse=True)
def _nothing_left_running():
    yield
    end_all()


@pytest.fixture
def suite():
    import envs

    return envs.Suite([envs.Addition(digits=range(1, 4))], name="addition-small")


@pytest.fixture
def paceline(tmp_path):
    """Runs the command line in a temporary folder that holds ``own.py``, with a student of the user's."""
    (tmp_path / "own.py").write_text(OWN_MODULE)

    def call(*arguments, **options):
        return ended(*arguments, cwd=tmp_path, **options)

    return call


@pytest.fixture
def paceline_here(tmp_path, monkeypatch, capfd):
    """As ``paceline``, in this process: for what ends before any lifetime begins (a process takes seconds to start)."""
    from benchmarks.cli import main

    (tmp_path / "own.py").write_text(OWN_MODULE)
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "path", [entry for entry in sys.path if "pytest" not in entry])
        for name, module in list(sys.modules.items()):  # a user's, of a test before
            if "pytest" in str(getattr(module, "__file__", None)) and str(tmp_path.parent) in module.__file__:
                del sys.modules[name]
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
        said = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return call


@pytest.fixture
def documents(tmp_path):
    """A folder of two text domains, eight documents each."""
    root = tmp_path / "texts"
    for domain, alphabet in (("first", "abcdefgh"), ("second", "01234567")):
        (root / domain).mkdir(parents=True)
        for number, letter in enumerate(alphabet):
            (root / domain / f"{number}.txt").write_text((letter * (number + 2) + alphabet) * 40)
    return Path(root)


def pytest_collection_modifyitems(config, items):
    """Leaves out what is about the suite ``reasoning`` where its extra is not there (see the Makefile)."""
    if importlib.util.find_spec("reasoning_gym") is None:
        out = [item for item in items if "reasoning" in item.name and "benchmarks" in item.nodeid]
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)

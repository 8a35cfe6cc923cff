"""Shared by the tests of exports: a lifetime that was lived, one that kept a given pace, and what is said of them."""

import shutil

import polars as pl
import pytest
from export_support import MIXTURES, UPDATES, cell_of, change

from benchmarks.cli import main
from benchmarks.settings import make_suite


@pytest.fixture(scope="session")
def lived(tmp_path_factory):
    """The folder of a real lifetime of four decisions."""
    out = tmp_path_factory.mktemp("lived") / "run"
    main(["run", "--lstm.width", "8", "--budget", "40", "--wandb", "disabled", "--out", str(out)])
    return out


@pytest.fixture
def kept(lived, tmp_path):
    """Makes the folder of a lifetime that kept a given pace."""

    def make(mixtures=MIXTURES, updates=UPDATES, **settings):
        folder = tmp_path / "kept"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(cell_of(lived), folder)
        trace = {"updates": updates, "mixture": mixtures, "count": [[0] * len(mixtures[0])] * len(updates)}
        pl.DataFrame(trace).write_parquet(folder / "trace.parquet")
        change(folder / "cell.json", **settings)
        if "suite" in settings:
            fingerprint = make_suite(settings["suite"], settings["options"]["suite"]).fingerprint
            change(folder / "summary.json", fingerprint=fingerprint)
        return folder

    return make


@pytest.fixture
def exported(paceline_here):
    """What ``paceline export`` prints."""

    def call(folder, *arguments):
        shown = paceline_here("export", folder, *arguments)
        assert shown.returncode == 0, shown.stderr
        return shown.stdout

    return call

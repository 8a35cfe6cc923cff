"""Real networks learn real tasks to the thresholds that the suites set: minutes each, run by ``make test-slow``."""

import dataclasses
import math

import polars as pl
import pytest

from benchmarks.lifetime import run_cell
from benchmarks.settings import SUITES, Cell, Schedule
from benchmarks.store import read_json
from benchmarks.tracking import NoTracker

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("teacher", ["uniform", "combined", "exp3s"])
def test_an_lstm_masters_addition_of_one_and_two_digits(teacher, tmp_path):
    schedule = dataclasses.replace(SUITES["addition-small"][1], budget=5000)
    cell = Cell("addition-small", "lstm", teacher, 0, schedule, signal="PG", options={"suite": {"digits": 2}})
    run_cell(cell, tmp_path, NoTracker())
    assert read_json(tmp_path / "summary.json")["mastered"]


def test_a_transformer_compresses_unseen_source_text(tmp_path):
    """From 8 bits per byte to below 3.5 on documents that it never saw, in every domain; encodings below 2.5."""
    cell = Cell("text", "transformer", "uniform", 0, Schedule(400, 32, 10, 400))
    run_cell(cell, tmp_path, NoTracker())
    last = pl.read_parquet(tmp_path / "results.parquet").filter(pl.col("target") & (pl.col("updates") == 400))
    bits = dict(zip(last["arm_name"], last["loss"] / math.log(2), strict=True))
    assert max(bits.values()) < 3.5 and bits["text context=64 domain=encodings"] < 2.5

"""Latency, throughput and memory by thirds of a lifetime."""

from pathlib import Path

import polars as pl
import pytest
import torch

from benchmarks.report.throughput import by_stage
from benchmarks.trace import gpu_mib, resident_mib

OWN = {"suite": "s", "student": "lstm", "teacher": "uniform"}


def frames(seed, updates, tokens, seconds, memory):
    """A trace and its timing of one lifetime, a row per decision."""
    trace = pl.DataFrame({"decision": range(len(updates)), "updates": updates, "tokens": tokens})
    timing = pl.DataFrame(
        {"decision": range(len(updates)), "training_seconds": seconds, "resident_mib": memory, "gpu_mib": memory}
    )
    timing = timing.with_columns(gpu_mib=pl.lit(None, pl.Float64))
    return tuple(table.with_columns(**{k: pl.lit(v) for k, v in OWN.items()}, seed=seed) for table in (trace, timing))


def test_thirds_of_the_updates_of_each_lifetime_are_taken_together_over_seeds():
    one = frames(0, [10, 20, 30], [100, 300, 900], [1.0, 2.0, 4.0], [50.0, 80.0, 70.0])
    two = frames(1, [10, 20, 30, 40, 50, 60], [50, 100, 150, 200, 250, 300], [0.5] * 6, [60.0] * 6)
    trace, timing = (pl.concat(pair).sample(fraction=1, shuffle=True, seed=3) for pair in zip(one, two, strict=True))
    shown = by_stage(trace, timing, ["uniform", "absent"])
    assert shown["head"][2:] == ["ms per update", "tokens per update", "tokens per second", "MiB held"]
    assert shown["rows"] == [
        ["uniform", "early", "66.7", "6.667", "100", "60"],  # 2 s, 30 updates, 200 tokens
        ["uniform", "middle", "100", "10", "100", "80"],  # 3 s, 30 updates, 300 tokens
        ["uniform", "late", "167", "23.33", "140", "70"],  # 5 s, 30 updates, 700 tokens
    ]


def test_a_folder_of_an_older_version_knows_no_memory_and_a_short_lifetime_has_fewer_stages():
    trace, timing = frames(0, [10], [100], [0.5], [1.0])
    shown = by_stage(trace, timing.drop("resident_mib", "gpu_mib"), ["uniform"])
    assert shown["rows"] == [["uniform", "late", "50", "10", "200", "not known"]]


def test_memory_of_gpus_has_a_column_where_one_was_used():
    trace, timing = frames(0, [10, 20], [100, 200], [0.5, 0.5], [1.0, 1.0])
    shown = by_stage(trace, timing.with_columns(gpu_mib=pl.Series([3.0, 7.0])), ["uniform"])
    assert shown["head"][-1] == "MiB on a GPU" and [row[-1] for row in shown["rows"]] == ["3", "7"]


def test_what_a_process_holds_grows_with_what_it_holds():
    before = resident_mib()
    held = torch.ones(32, 2**20)  # 128 MiB
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")]
    assert resident_mib() == pytest.approx(int(line.split()[1]) / 1024, rel=0.05)
    assert before is not None and 100 < resident_mib() - before < 160 and held.sum() == 2**25


def test_memory_of_gpus_is_the_most_since_it_was_last_asked(monkeypatch):
    if not torch.cuda.is_initialized():
        assert gpu_mib() is None
    most = {0: 3 * 2**20, 1: 5 * 2**20}
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: most[device])
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: most.update({device: 0}))
    assert [gpu_mib(), gpu_mib()] == [pytest.approx(5.0), 0.0]

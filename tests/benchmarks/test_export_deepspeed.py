"""A pace for DeepSpeed, loaded and followed by DeepSpeed itself (``paceline[peers]``)."""

import json
import types

import numpy as np
import pytest
from deepspeed.runtime.config import DeepSpeedConfig, DeepSpeedConfigError
from deepspeed.runtime.data_pipeline.curriculum_scheduler import CurriculumScheduler
from deepspeed.runtime.data_pipeline.data_sampling import data_sampler
from deepspeed.runtime.data_pipeline.data_sampling.indexed_dataset import MMapIndexedDatasetBuilder

from benchmarks.export import _WRITERS, Options
from benchmarks.pace import Pace
from benchmarks.settings import Cell, Schedule

DIGITS = (1, 2, 3)
PACES = {
    "rising": ([[1.0, 0.0, 0.0], [0.3, 0.7, 0.0], [0.0, 0.3, 0.7]], [4, 9, 12]),
    "falling back": (
        [[0.6, 0.3, 0.1], [0.2, 0.6, 0.2], [0.9, 0.1, 0.0], [0.2, 0.6, 0.2], [0.0, 0.0, 1.0]],
        [3, 6, 8, 9, 11],
    ),
    "at rest": ([[1 / 3, 1 / 3, 1 / 3]] * 2, [5, 10]),
    "hardest at once": ([[0.0, 0.1, 0.9], [1.0, 0.0, 0.0]], [3, 7]),
}


def configuration(suite, mixtures, updates, **options):
    """What ``deepspeed.initialize`` would be given, read by DeepSpeed."""
    cell = Cell("addition-small", "lstm", "exp3s", 0, Schedule())
    mixtures = np.array(mixtures)
    pace = Pace(cell, suite.fingerprint, suite, np.array(updates), mixtures, np.zeros(mixtures.shape, np.int64), 0)
    content = json.loads(_WRITERS["deepspeed"](pace, Options("deepspeed", **options)))
    return DeepSpeedConfig({**content, "train_batch_size": 8}).data_efficiency_config


def learning_of(config):
    return config["data_sampling"]["curriculum_learning"]


def difficulties(mixtures, updates, coverage):
    """Update by update: the hardest median (or other quantile) so far."""
    hardest, path = 0, []
    for mixture, start, end in zip(mixtures, [0, *updates[:-1]], updates, strict=True):
        at = next(digits for digits in DIGITS if sum(mixture[:digits]) >= coverage - 1e-9)
        hardest = max(hardest, at)
        path += [hardest] * (end - start)
    return path


@pytest.mark.parametrize("coverage", [0.25, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("name", PACES)
def test_its_scheduler_follows_the_pace(suite, name, coverage):
    config = configuration(suite, *PACES[name], coverage=coverage)
    assert config["enabled"] and config["data_sampling"]["enabled"] and learning_of(config)["enabled"]
    scheduler = CurriculumScheduler(learning_of(config)["curriculum_metrics"]["digits"])
    expected = difficulties(*PACES[name], coverage)
    steps = [scheduler.update_difficulty(step) for step in range(1, len(expected) + 1)]  # its sampler counts from 1
    assert steps == expected
    assert scheduler.update_difficulty(len(expected) + 100) == expected[-1]


def write_index(path, rows):
    builder = MMapIndexedDatasetBuilder(f"{path}.bin", dtype=np.int32)
    for row in rows:
        builder.add_item_numpy(np.array(row, dtype=np.int32))
    builder.finalize(f"{path}.idx")


@pytest.mark.parametrize("name", PACES)
def test_its_sampler_draws_what_the_pace_has_reached(suite, name, tmp_path, monkeypatch):
    for verb in ("barrier", "broadcast"):  # one process has nobody to wait for, or to tell
        monkeypatch.setattr(data_sampler.dist, verb, lambda *arguments, **options: None)
    config = configuration(suite, *PACES[name])
    metric = learning_of(config)["curriculum_metrics"]["digits"]
    learning_of(config)["data_cluster_path"] = str(tmp_path / "clusters")
    metric |= {"index_to_sample_path": str(tmp_path / "sample"), "index_to_metric_path": str(tmp_path / "metric")}
    write_index(tmp_path / "sample", [range(d - 1, 300, 3) for d in DIGITS])  # sample i has 1 + i % 3 digits
    write_index(tmp_path / "metric", [[d] for d in DIGITS])
    alone = types.SimpleNamespace(size=lambda: 1)
    sampler = iter(data_sampler.DeepSpeedDataSampler(config, 300, 64, 0, 1, alone, 1, 0))
    for reached in difficulties(*PACES[name], 0.5):
        assert {1 + i % 3 for i in next(sampler)} == set(range(1, reached + 1))


def test_a_top_level_curriculum_is_what_it_refuses():
    with pytest.raises(DeepSpeedConfigError, match="data_efficiency"):
        DeepSpeedConfig({"train_batch_size": 8, "curriculum_learning": {"enabled": True}})

"""A pace as llm-foundry's phases in tokens, held against what that trainer refuses."""

import json
import re

import numpy as np
import pytest
import yaml
from export_support import MIXTURES, cell_of

from benchmarks.export import _streams
from benchmarks.pace import read_pace

# What llm-foundry 0.22.0 (callbacks/curriculum_learning_callback.py: __init__, before_load, _validate_datamix),
# and mosaicml-streaming 0.13.0 under it (base/stream.py: __init__, validate_weights; base/dataset.py) refuse.
STREAM = {"remote", "local", "split", "proportion", "repeat", "choose"}
STREAM |= {"download_retry", "download_timeout", "validate_hash", "keep_zip"}


def assert_llm_foundry_takes(config):
    learning, dataset = config["callbacks"]["curriculum_learning"], config["train_loader"]["dataset"]
    assert set(learning) == {"duration", "schedule"} and learning["schedule"]
    mixes = [{"duration": learning["duration"], "dataset": dataset}, *learning["schedule"]]
    assert all(set(mix) == {"duration", "dataset"} for mix in mixes)
    tokens = [int(re.fullmatch(r"(\d+)tok", mix["duration"])[1]) for mix in mixes]
    assert min(tokens) > 0 and f"{sum(tokens)}tok" == config["max_duration"]
    for mix in mixes:
        streams = mix["dataset"]["streams"]
        assert not {"local", "remote"} & set(mix["dataset"])  # either they or streams
        assert all(set(stream) <= STREAM and ("local" in stream or "remote" in stream) for stream in streams.values())
        assert not any({"repeat", "choose"} & set(stream) for stream in streams.values())
        proportions = [stream["proportion"] for stream in streams.values()]
        assert all(isinstance(p, float) and p >= 0 for p in proportions) and sum(proportions) == pytest.approx(1, 1e-12)
    return tokens, [[stream["proportion"] for stream in mix["dataset"]["streams"].values()] for mix in mixes]


def test_llm_foundry_gets_phases_in_tokens(kept, exported):
    text = exported(kept(), "--format", "llm-foundry", "--total", 450_001)
    config = yaml.safe_load(text)
    tokens, proportions = assert_llm_foundry_takes(config)
    assert tokens == pytest.approx([100_000, 100_000, 100_000, 100_000, 50_000], abs=1)
    assert proportions == MIXTURES
    streams = config["train_loader"]["dataset"]["streams"]
    assert list(streams) == ["addition digits=1", "addition digits=2", "addition digits=3"]
    assert streams["addition digits=2"]["local"] == "${variables.data_local}/1-addition-digits=2"
    assert config["variables"] == {"data_local": "YOUR/DATA"} and text.count("YOUR/") == 1


def test_llm_foundrys_proportions_sum_to_1_as_written(lived, exported):
    text = exported(lived, "--format", "llm-foundry", "--phases", 3)
    tokens, proportions = assert_llm_foundry_takes(yaml.safe_load(text))
    assert (
        len(tokens) == 3 and sum(tokens) == json.loads((cell_of(lived) / "summary.json").read_text())["spent"]["tokens"]
    )
    pace = read_pace(lived)
    assert proportions == [pytest.approx(row, abs=1.1e-6) for row in pace.phases(3)[1].tolist()]
    written = [int(digits) for digits in re.findall(r"proportion: 0\.(\d{6})}", text)]
    assert [sum(written[i : i + 3]) for i in range(0, 9, 3)] == [1_000_000] * 3


def test_a_stream_is_named_as_its_arm_whatever_that_is_called():
    lines = _streams(['say "hi": {x}', "größe/a b", "größe a b", "\\n#"], np.array([0.1, 0.2, 0.3, 0.4]))
    streams = yaml.safe_load("\n".join(lines))
    assert list(streams) == ['say "hi": {x}', "größe/a b", "größe a b", "\\n#"]
    assert len({stream["local"] for stream in streams.values()}) == 4
    assert all(re.fullmatch(r"\$\{variables\.data_local\}/[\w.=-]+", s["local"], re.A) for s in streams.values())

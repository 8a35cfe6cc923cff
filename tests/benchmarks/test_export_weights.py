"""A pace as weights for a sampler: means over phases, stretched, and under a token budget."""

import json

import numpy as np
import pytest
import torch
from export_support import MIXTURES, UPDATES

from benchmarks.pace import read_pace


def test_weights_are_means_by_updates(kept, exported):
    content = json.loads(exported(kept(), "--format", "weights", "--phases", 2))
    assert content["format"] == "paceline.weights" and content["version"] == 1
    assert content["arms"] == ["addition digits=1", "addition digits=2", "addition digits=3"]
    first, second = content["phases"]  # half of 45 updates is passed in the decision that ends at 30
    assert (first["from_update"], first["to_update"], second["from_update"], second["to_update"]) == (0, 30, 30, 45)
    assert first["weights"] == pytest.approx([2.0 / 3, 0.7 / 3, 0.3 / 3])
    assert second["weights"] == pytest.approx([(10 * 0.6) / 15, (10 * 0.3 + 5 * 0.25) / 15, (10 * 0.1 + 5 * 0.75) / 15])


def test_a_phase_ends_where_a_decision_does_if_that_is_half_way(kept, exported):
    phases = json.loads(exported(kept(MIXTURES[:4], UPDATES[:4]), "--format", "weights", "--phases", 2))["phases"]
    assert [phase["to_update"] for phase in phases] == [20, 40]
    assert phases[0]["weights"] == pytest.approx([0.9, 0.1, 0.0])


@pytest.mark.parametrize("num_phases", range(1, 13))
def test_phases_hold_what_the_decisions_held(kept, num_phases):
    pace = read_pace(kept())
    ends, means = pace.phases(num_phases)
    assert len(ends) == min(num_phases, 5) and ends[-1] == 45 and set(ends) <= set(UPDATES)
    drawn = np.diff(ends, prepend=0) @ means
    assert drawn == pytest.approx(np.diff(UPDATES, prepend=0) @ np.array(MIXTURES))
    assert means.sum(axis=1) == pytest.approx(1)


def test_torchs_sampler_takes_the_weights(kept, exported):
    phases = json.loads(exported(kept(), "--format", "weights"))["phases"]
    assert len(phases) == 5
    for phase, mixture in zip(phases, MIXTURES, strict=True):
        generator = torch.Generator().manual_seed(0)
        sampler = torch.utils.data.WeightedRandomSampler(phase["weights"], 20_000, generator=generator)
        frequency = np.bincount(list(sampler), minlength=3) / 20_000
        assert frequency == pytest.approx(mixture, abs=4 * 0.5 / 20_000**0.5)  # four standard deviations at most


def test_a_schedule_is_stretched_to_a_total(kept, exported):
    phases = json.loads(exported(kept(), "--format", "weights", "--total", 900))["phases"]
    assert [phase["to_update"] for phase in phases] == [200, 400, 600, 800, 900]
    assert [phase["from_update"] for phase in phases] == [0, 200, 400, 600, 800]


def test_under_a_token_budget_weights_are_shares_of_sequences(kept, exported, suite):
    folder = kept([[1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0.0]], [10, 20], tokens_per_update=110)
    assert [suite.length(arm) for arm in range(3)] == [5, 8, 11]  # so an update holds 22, 13 or 10 sequences
    even, easy = json.loads(exported(folder, "--format", "weights"))["phases"]
    assert even["weights"] == pytest.approx([22 / 45, 13 / 45, 10 / 45])
    assert easy["weights"] == pytest.approx([22 / 35, 13 / 35, 0])
    assert json.loads(exported(folder))["mixtures"][0] == [1 / 3, 1 / 3, 1 / 3]

"""``paceline meta-train``: what it leaves behind, how it goes on, and what it refuses."""

import dataclasses
import json
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from meta_support import QUICK, SMALL, halt, small
from process_support import Started, ended
from tests_support import command, records

from benchmarks.meta.training import meta_train
from benchmarks.store import UserError, save_checkpoint
from envs.features import ARM_FEATURES, LEAST
from envs.simulated import Population, SimulatedStudents
from teacher import load_general
from teacher.learned.network import scores
from teacher.learned.settings import PPOSettings
from teacher.mixtures import proportional, softmax


def test_it_leaves_a_teacher_with_its_card(tmp_path):
    folder = meta_train(small(tmp_path / "t"))
    made = load_general(folder)
    card = made.policy.card
    assert card["training"]["decisions"] == 512 and card["training"]["population"]["num_arms"] == [2, 4]
    assert 0 < card["held_out_simulated"]["cost"] <= 1 and card["environment"]["numpy"] == np.__version__
    rows = json.loads((folder / "progress.json").read_text())
    assert [row["decisions"] for row in rows] == [256, 512]
    assert not (folder / "checkpoint.safetensors").exists()


def test_a_finished_teacher_is_left_alone_and_overwrite_starts_anew(tmp_path):
    folder = meta_train(small(tmp_path / "t"))

    def written():
        return {f.name: f.stat().st_mtime_ns for f in folder.iterdir() if f.name != ".lock"}

    before = written()
    meta_train(small(folder))
    assert written() == before
    with pytest.raises(UserError, match=r"other settings \(seed 0, now 1\): choose another --out, or --overwrite"):
        meta_train(small(folder, seed=1))
    first = load_general(folder).policy.fingerprint
    meta_train(small(folder, seed=1, overwrite=True))
    assert load_general(folder).policy.fingerprint != first


@pytest.mark.parametrize("reward", ["progress", "terminal", "shuffled"])
def test_other_rewards_and_fewer_features(tmp_path, reward):
    folder = meta_train(small(tmp_path / reward, reward=reward, reads="no-neighbours", decisions=128))
    assert "easier_attained" not in load_general(folder).policy.features


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"decisions": 0}, "decisions must be at least 1; got 0"),
        ({"num_envs": 0}, "num_envs must be at least 1; got 0"),
        ({"seed": -1}, "seed must not be negative; got -1"),
    ],
)
def test_settings_out_of_range_are_refused_before_anything_is_written(tmp_path, changes, said):
    with pytest.raises(UserError, match=said):
        meta_train(small(tmp_path / "t", **changes))
    assert not (tmp_path / "t").exists()


def test_overwriting_deletes_nothing_before_all_is_known_to_be_right(tmp_path):
    folder = meta_train(small(tmp_path / "t"))
    first = load_general(folder).policy.fingerprint
    for changes, said in (
        ({"start_from": Path("/nowhere")}, "cannot read the teacher"),
        ({"time_cost": -1.0}, "time_cost must not be negative"),
        ({"reward": "shuffled", "num_envs": 1}, "num_envs must be at least 2"),
        ({"num_envs": 1, "ppo": PPOSettings(rollout=1, batch_size=2)}, "at least two decisions"),
    ):
        with pytest.raises(UserError, match=said):
            meta_train(small(folder, overwrite=True, **changes))
        with pytest.raises(UserError, match=said):
            meta_train(small(tmp_path / "new", **changes))
        assert load_general(folder).policy.fingerprint == first and not (tmp_path / "new").exists()


def test_a_teacher_is_not_fine_tuned_into_its_own_place(tmp_path):
    folder = meta_train(small(tmp_path / "t"))
    with pytest.raises(UserError, match="start_from must be another folder than out"):
        meta_train(small(folder, overwrite=True, start_from=folder))
    assert load_general(folder).policy.card["training"]["decisions"] == 512


@pytest.mark.parametrize("settings", ["[]", '{"meta_train": 3}', '{"bench_id": "x", "cells": []}'])
def test_folders_of_other_commands_are_refused_whole(tmp_path, settings):
    (tmp_path / "settings.json").write_text(settings)
    for overwrite in (False, True):
        with pytest.raises(UserError, match="holds results of something else than meta-train"):
            meta_train(small(tmp_path, overwrite=overwrite))
    assert (tmp_path / "settings.json").read_text() == settings


def test_rewards_that_never_come_are_no_crash(tmp_path):
    hopeless = Population(num_arms=(2, 4), decisions=(10, 20), effort=(5.0, 9.0), prior_knowledge=0.0)
    meta_train(small(tmp_path / "t", reward="terminal", population=hopeless))


def test_folders_of_something_else_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="holds files but no teacher"):
        meta_train(small(tmp_path, overwrite=True))
    assert [f.name for f in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(UserError, match="is a file"):
        meta_train(small(tmp_path / "notes.txt"))


def test_a_mistake_on_the_command_line_is_one_line(paceline_here):
    for arguments, said in (
        (("--ppo.gamma", "2"), "gamma and gae_lambda must be at most 1"),
        (("--population.drift", "3"), "drift must be a share"),
        (("--decisions", "many"), "many"),
        (("--reward", "money"), "money"),
    ):
        result = paceline_here("meta-train", *arguments)
        assert result.returncode == 2 and said in result.stderr and len(result.stderr.strip().splitlines()) == 1, (
            arguments
        )


def test_killed_at_any_moment_it_goes_on_to_the_same_teacher(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    flags = ["--num-envs", "16", "--decisions", "6144", "--evaluate-every", "2048", "--held-out", "8"]
    flags += ["--ppo.rollout", "16", "--ppo.width", "8", "--ppo.batch-size", "64", "--population.decisions", "10", "20"]
    flags += ["--checkpoint-seconds", "0", "--wandb", "disabled"]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    subprocess.run(command("meta-train", "--out", whole, *flags), check=True, capture_output=True, timeout=120)
    kills = 0
    for _ in range(20):
        process = Started("meta-train", "--out", cut, *flags, cwd=tmp_path)
        until = time.monotonic() + 60
        seen = _stamp(cut)
        while process.poll() is None and _stamp(cut) == seen and time.monotonic() < until:
            time.sleep(0.02)  # until it has written another checkpoint
        time.sleep(0.1 * kills)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        if kills == 2:
            assert ended("meta-train", "--out", cut, *flags, cwd=tmp_path).returncode == 0
            break
    assert kills == 2
    assert load_general(cut).policy.fingerprint == load_general(whole).policy.fingerprint


def test_its_curve_is_one_run_with_its_own_axis_and_the_teacher_as_artifact(tmp_path):
    folder = tmp_path / "t"
    flags = ["--num-envs", "8", "--decisions", "512", "--evaluate-every", "256", "--held-out", "8"]
    flags += ["--ppo.rollout", "16", "--ppo.width", "8", "--ppo.batch-size", "64", "--population.decisions", "10", "20"]
    # A process of its own: a client in this one would be found by those of other tests.
    assert ended("meta-train", "--out", folder, *flags, cwd=tmp_path).returncode == 0
    (file,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    run = list(records(file))
    only = {record.WhichOneof("record_type"): record for record in run}
    begun = only["run"].run
    assert begun.job_type == begun.run_group == "meta-train" and begun.project == "paceline"
    logged = [
        {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
        for record in run
        if record.WhichOneof("record_type") == "history"
    ]
    assert [row["meta-train/decisions"] for row in logged] == [256, 512]
    assert all(0 < row["meta-train/cost"] <= 1 for row in logged)
    assert "artifact" in only or any("artifact" in name for name in only)


def _stamp(folder):
    file = folder / "checkpoint.safetensors"
    return file.stat().st_mtime_ns if file.exists() else None


def test_an_untrained_network_is_the_rule_that_it_starts_from(tmp_path):
    still = dataclasses.replace(QUICK, learning_rate=1e-11, final_learning_rate=0.0)
    obs, _ = SimulatedStudents(8, SMALL).reset(seed=0)
    exists = obs[..., 0] > 0
    mixtures = {}
    for start in ("uniform", "target-deficit"):
        policy = load_general(meta_train(small(tmp_path / start, start=start, decisions=1, ppo=still))).policy
        read = obs[..., [ARM_FEATURES.index(name) for name in policy.features]]
        mixtures[start] = softmax(scores(policy.weights, read, exists))
    np.testing.assert_allclose(mixtures["uniform"], proportional(exists * 1.0), atol=0.05)
    reach = np.exp((obs[..., ARM_FEATURES.index("log_reach")].astype(np.float64) - 1) * -np.log(LEAST))
    weight = np.where(obs[..., ARM_FEATURES.index("is_target")] > 0, 1.0, 0.5) * reach**2 * exists
    np.testing.assert_allclose(mixtures["target-deficit"], proportional(weight), atol=1e-3)  # nothing is learned yet
    with pytest.raises(UserError, match="--start-from goes on from a teacher, --start target-deficit from a rule"):
        meta_train(small(tmp_path / "both", start="target-deficit", start_from=tmp_path / "uniform"))
    assert not (tmp_path / "both").exists()


def test_it_trains_on_one_thread_and_gives_the_others_back(tmp_path, monkeypatch):
    seen, before = [], torch.get_num_threads()
    monkeypatch.setattr("benchmarks.meta.training._Training.run", lambda self: seen.append(torch.get_num_threads()))
    torch.set_num_threads(2)
    try:
        meta_train(small(tmp_path / "t"))
        assert seen == [1] and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_one_with_a_memory_is_killed_and_goes_on(tmp_path):
    settings = {"ppo": dataclasses.replace(QUICK, memory=4), "checkpoint_seconds": 0.0}
    whole = load_general(meta_train(small(tmp_path / "whole", **settings))).policy
    halt(small(tmp_path / "halted", **settings), save_checkpoint)
    resumed = load_general(meta_train(small(tmp_path / "halted", **settings))).policy
    assert resumed.fingerprint == whole.fingerprint and "memory.weight_hh_l0" in resumed.weights

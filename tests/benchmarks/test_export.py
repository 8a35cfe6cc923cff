"""A pace written for others: what each format says of a lifetime, and one line for each mistake."""

import errno
import json
import os
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
import yaml

from benchmarks.cli import main
from benchmarks.export import _USES, _WRITERS, Options, _streams
from benchmarks.pace import read_pace
from benchmarks.settings import make_suite

FORMATS = ("json", "deepspeed", "llm-foundry", "weights")
# From easy to hard, with a fall in between; the last decision is shorter.
UPDATES = [10, 20, 30, 40, 45]
MIXTURES = [[1.0, 0.0, 0.0], [0.8, 0.2, 0.0], [0.2, 0.5, 0.3], [0.6, 0.3, 0.1], [0.0, 0.25, 0.75]]


@pytest.fixture(scope="module")
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


def cell_of(run):
    (cell,) = run.glob("cells/*/*/*/*")
    return cell


def change(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.fixture
def exported(paceline_here):
    """What ``paceline export`` prints."""

    def call(folder, *arguments):
        shown = paceline_here("export", folder, *arguments)
        assert shown.returncode == 0, shown.stderr
        return shown.stdout

    return call


def test_json_is_the_trace_to_the_last_bit(lived, exported, suite):
    content = json.loads(exported(lived))
    trace = pl.read_parquet(cell_of(lived) / "trace.parquet")
    assert list(content.items()) == [
        ("format", "paceline.schedule"),
        ("version", 1),
        ("suite", "addition-small"),
        ("student", "lstm"),
        ("teacher", "exp3s"),
        ("seed", 0),
        ("fingerprint", suite.fingerprint),
        ("arms", ["addition digits=1", "addition digits=2", "addition digits=3"]),
        ("updates", [10, 20, 30, 40]),
        ("mixtures", trace["mixture"].to_list()),
        ("counts", trace["count"].to_list()),
    ]
    assert len({tuple(mixture) for mixture in content["mixtures"]}) > 1 and np.sum(content["counts"]) == 40 * 128
    assert all(isinstance(count, int) for row in content["counts"] for count in row)
    assert exported(cell_of(lived)) == exported(lived)


def test_a_replay_of_it_keeps_the_same_pace(lived, paceline_here, exported):
    exported(lived, "--out", "pace.json")
    replay = ("--teacher", "replayed", "--replayed.path", "pace.json", "--lstm.width", 4, "--wandb", "disabled")
    shown = paceline_here("run", *replay, "--budget", 40, "--out", "again")
    assert shown.returncode == 0, shown.stderr
    first, again = json.loads(exported(lived)), json.loads(exported("again"))
    assert again.pop("teacher") == "replayed" and first.pop("teacher") == "exp3s"
    assert again == first  # the same seed draws the same arms too


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


def metric_of(text):
    ((axis, metric),) = json.loads(text)["data_efficiency"]["data_sampling"]["curriculum_learning"][
        "curriculum_metrics"
    ].items()
    return axis, metric


@pytest.mark.parametrize(
    ("arguments", "difficulty", "max_step"),
    [
        ((), [1, 2, 3], [20, 40]),  # half lies at or below 1, 1, 2, (1), 3 digits; it never falls back
        (("--coverage", 0.8), [1, 3], [20]),  # 1, 1 (0.8 of it), 3
        (("--coverage", 0.9), [1, 2, 3], [10, 20]),
        (("--coverage", 0.2), [1, 2], [40]),
        (("--coverage", 1.0, "--total", 90), [1, 2, 3], [20, 40]),
        (("--coverage", 0.001), [1, 2], [40]),
    ],
)
def test_deepspeed_has_the_covering_difficulty_of_each_step(kept, exported, arguments, difficulty, max_step):
    axis, metric = metric_of(exported(kept(), "--format", "deepspeed", *arguments))
    assert axis == "digits" and metric["schedule_type"] == "fixed_discrete"
    assert metric["schedule_config"] == {"difficulty": difficulty, "max_step": max_step}
    assert (metric["min_difficulty"], metric["max_difficulty"]) == (difficulty[0], difficulty[-1])


def test_deepspeeds_difficulty_is_the_median_by_default(kept, exported):
    _, metric = metric_of(exported(kept([[0.55, 0.45, 0.0], [0.45, 0.55, 0.0]], [10, 20]), "--format", "deepspeed"))
    assert metric["schedule_config"] == {"difficulty": [1, 2], "max_step": [10]}


def test_a_share_that_rounding_spoils_still_covers(kept, exported):
    folder = kept([[0.7, 0.1, 0.2], [0.1, 0.2, 0.7]], [10, 20])  # 0.7 + 0.1 is less than 0.8
    assert metric_of(exported(folder, "--format", "deepspeed", "--coverage", 0.8))[1]["min_difficulty"] == 2


def test_deepspeed_wants_a_change_even_where_there_is_none(kept, exported):
    _, metric = metric_of(exported(kept([[0.0, 1.0, 0.0]] * 2, [10, 20]), "--format", "deepspeed"))
    assert metric["schedule_config"] == {"difficulty": [2, 2], "max_step": [20]}


def test_deepspeed_follows_the_axis_that_is_chosen(kept, exported, paceline_here):
    options = {"suite": {"digits": 2, "rates": [0.0, 0.1]}, "student": {}, "teacher": {}}
    mixtures = [[0.0, 0.6, 0.4, 0.0], [0.4, 0.0, 0.6, 0.0]]  # digits 1, 2 times noise 0, 0.1
    folder = kept(mixtures, [10, 20], suite="noisy-addition", options=options)
    axis, metric = metric_of(exported(folder, "--format", "deepspeed", "--axis", "digits"))
    assert axis == "digits" and metric["schedule_config"] == {"difficulty": [1, 2], "max_step": [10]}
    axis, metric = metric_of(exported(folder, "--format", "deepspeed", "--axis", "noise"))
    assert axis == "noise" and metric["schedule_config"] == {"difficulty": [0.1, 0.1], "max_step": [20]}
    said = paceline_here("export", folder, "--format", "deepspeed")
    assert "noisy-addition has digits, noise: choose with --axis" in said.stderr and said.returncode == 2


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


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_says_what_the_screen_says_and_is_not_overwritten_unasked(
    lived, paceline_here, exported, tmp_path, form
):
    out = tmp_path / "pace"
    assert exported(lived, "--format", form, "--out", out) == f"pace of addition-small/lstm/exp3s/seed-0: {out}\n"
    assert out.read_text() == exported(lived, "--format", form)
    out.write_text("mine")
    said = paceline_here("export", lived, "--format", form, "--out", out)
    assert said.returncode == 2 and said.stderr.count("\n") == 1
    assert f"{out} exists: choose another --out, or replace it with --overwrite" in said.stderr
    assert out.read_text() == "mine"
    exported(lived, "--format", form, "--out", out, "--overwrite")
    assert out.read_text() == exported(lived, "--format", form)


def unfinished(folder):
    (folder / "summary.json").unlink()
    return folder


def damaged(folder):
    (folder / "trace.parquet").write_bytes(b"PAR1 and no more")
    return folder


def without_trace(folder):
    (folder / "trace.parquet").unlink()
    return folder


def of_another_version(folder):
    change(folder / "cell.json", speed=3)
    return folder


def of_other_data(folder):
    change(folder / "summary.json", fingerprint="0123456789abcdef")
    return folder


def of_a_suite_that_is_gone(folder):
    change(folder / "cell.json", suite="gone:suite")
    return folder


def of_a_suite_that_cannot_be_made(folder):
    change(folder / "cell.json", suite="text", options={"suite": {"source": "nowhere"}})
    return folder


def same(folder):
    return folder


@pytest.mark.parametrize(
    ("spoil", "arguments", "message"),
    [
        (unfinished, (), "holds no finished lifetime yet: give the command that made it again to go on"),
        (damaged, (), "is not a lifetime of this version's ("),
        (without_trace, (), "is not a lifetime of this version's ("),
        (of_another_version, (), "unexpected keyword argument 'speed'): run it again"),
        (of_other_data, (), "the data of suite addition-small is no longer what "),
        (of_a_suite_that_is_gone, (), "cannot load 'gone:suite' (expected package.module:name)"),
        (
            of_a_suite_that_cannot_be_made,
            (),
            "suite text cannot be made, and its arms are needed: text source must be a folder",
        ),
        (same, ("--format", "sheet"), "Expected one of ('json', 'deepspeed', 'llm-foundry', 'weights')"),
        (same, ("--phases", "3"), "--phases is set, and --format json has no use for it: drop the flag"),
        (same, ("--total", "3"), "--total is set, and --format json has no use for it: drop the flag"),
        (same, ("--axis", "digits"), "--axis is set, and --format json has no use for it: drop the flag"),
        (
            same,
            ("--format", "weights", "--coverage", "0.5"),
            "--coverage is set, and --format weights has no use for it: drop the flag",
        ),
        (same, ("--format", "deepspeed", "--phases", "2"), "--phases is set, and --format deepspeed has no use for it"),
        (same, ("--format", "weights", "--phases", "0"), "phases must be at least 1; got 0"),
        (same, ("--format", "weights", "--total", "0"), "total must be at least 1; got 0"),
        (
            same,
            ("--format", "weights", "--total", "4"),
            "total must give each of the schedule's 5 pieces a step; got 4: raise --total",
        ),
        (same, ("--format", "deepspeed", "--coverage", "0"), "coverage must be in (0, 1]; got 0.0"),
        (same, ("--format", "deepspeed", "--coverage", "1.1"), "coverage must be in (0, 1]; got 1.1"),
        (
            same,
            ("--format", "deepspeed", "--axis", "age"),
            "--axis must be an axis of addition-small (digits); got age",
        ),
        (same, ("--format", "llm-foundry", "--phases", "1"), "llm-foundry needs at least 2 phases to change between"),
    ],
    ids=lambda value: value.__name__ if callable(value) else " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_line_and_nothing_is_written(kept, paceline_here, tmp_path, spoil, arguments, message):
    folder = spoil(kept())
    said = paceline_here("export", folder, *arguments, "--out", tmp_path / "pace")
    assert said.returncode == 2 and not said.stdout
    assert message in said.stderr and said.stderr.count("\n") == 1, said.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "own.py"]


@pytest.mark.parametrize("form", ["deepspeed", "llm-foundry", "weights"])
def test_weights_of_losses_are_no_shares_of_draws(kept, exported, paceline_here, form):
    folder = kept(weighting="loss", redraw="sequence")
    said = paceline_here("export", folder, "--format", form)
    assert said.returncode == 2 and "the mixtures of this lifetime weigh losses (--weighting loss)" in said.stderr
    assert json.loads(exported(folder))["mixtures"] == MIXTURES


def test_deepspeed_needs_numbers_that_rise_on_an_axis_of_every_task(paceline_here, kept, tmp_path, monkeypatch):
    unordered = "class Unordered(envs.Addition):\n    axes = (envs.Axis('digits', (1, 2), ordered=False),)\n"
    suites = {
        "unordered": "envs.Suite([Unordered(digits=(1, 2))])",
        "words": "envs.Suite([envs.RareEvents(envs.Addition(digits=(1,)), exponents=(0.0, 1.0))])",
        "falling": "envs.Suite([envs.DataScale(envs.Addition(digits=(1,)), samples=(64, 8))])",
        "apart": "envs.Suite(envs.tasks.shared_vocabulary([envs.Addition(digits=(1, 2)), envs.tasks.Parity()]))",
    }
    (tmp_path / "odd.py").write_text(
        "import envs\nimport envs.tasks\n" + unordered + "".join(f"{name} = {made}\n" for name, made in suites.items())
    )
    monkeypatch.syspath_prepend(tmp_path)
    every = {"unordered": "digits", "words": "digits, tail", "falling": "digits, samples", "apart": "digits, length"}
    for name, axes in every.items():
        num_arms = make_suite(f"odd:{name}", {}).num_arms
        even = [[1 / num_arms] * num_arms]
        folder = kept(even, [10], suite=f"odd:{name}", options={"suite": {}})
        wanted = axes.split(", ")[-1]
        said = paceline_here("export", folder, "--format", "deepspeed", "--axis", wanted)
        fit = "digits" if name in ("words", "falling") else "none"
        assert f"has {axes}, of which fit: {fit}; --format weights needs none" in said.stderr, said.stderr
        assert said.returncode == 2 and said.stderr.count("\n") == 1


def test_a_folder_that_is_none_of_ours(paceline_here, tmp_path):
    (tmp_path / "file").write_text("")
    for place in ("nowhere", "file", "."):
        said = paceline_here("export", place, "--out", "pace")
        assert said.returncode == 2 and said.stderr.count("\n") == 1
        assert "is not a folder of results: it has neither settings.json nor cell.json" in said.stderr
    assert not (tmp_path / "pace").exists()


@pytest.mark.parametrize("place", ["nowhere/pace", "own.py/pace", "folder"])
def test_a_place_that_cannot_be_written_is_said(lived, paceline_here, tmp_path, place):
    (tmp_path / "folder").mkdir()
    said = paceline_here("export", lived, "--out", place, "--overwrite")
    assert said.returncode == 2 and said.stderr.count("\n") == 1 and "Traceback" not in said.stderr, said.stderr
    assert sorted(path.name for path in tmp_path.rglob("*") if "pycache" not in str(path)) == ["folder", "own.py"]


def test_a_full_disk_leaves_the_old_file(lived, paceline_here, exported, tmp_path, monkeypatch):
    exported(lived, "--out", "pace")
    (tmp_path / "pace").write_text("old")

    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said = paceline_here("export", lived, "--out", "pace", "--overwrite")
    assert said.returncode == 2 and said.stderr.count("\n") == 1 and "cannot write pace" in said.stderr
    assert (tmp_path / "pace").read_text() == "old" and not list(tmp_path.glob("*.tmp"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.py", "pace"]


def test_of_several_lifetimes_one_is_to_be_chosen(paceline_here, exported):
    grid = ("--teachers", "uniform,exp3s", "--seeds", 3, "--workers", 1, "--lstm.width", 4, "--batch-size", 4)
    paceline_here("bench", *grid, "--budget", 20, "--wandb", "disabled", "--out", "out")
    said = paceline_here("export", "out", "--out", "pace")
    cells = [f"out/cells/addition-small/lstm/{teacher}/seed-{n}" for teacher in ("exp3s", "uniform") for n in range(3)]
    assert said.returncode == 2 and said.stderr.count("\n") == 1 and not Path("pace").exists()
    assert f"out holds 6 finished lifetimes: give the folder of one of them: {', '.join(cells[:4])}, ..." in said.stderr
    content = json.loads(exported(cells[4]))
    assert (content["teacher"], content["seed"]) == ("uniform", 1)
    for cell in cells[1:]:
        (Path(cell) / "summary.json").unlink()
    assert json.loads(exported("out"))["teacher"] == "exp3s"


def test_a_users_own_suite_is_found_again(paceline_here, exported):
    own = ("own:suite", "--student", "own:make_student", "--teacher", "uniform", "--wandb", "disabled")
    paceline_here("run", *own, "--budget", 20, "--out", "out")
    content = json.loads(exported("out"))
    assert content["suite"] == "own:suite" and content["arms"][2] == "addition digits=3"


def test_the_commands_and_blocks_of_the_page_run(lived, paceline_here, tmp_path):
    text = (Path(__file__).parents[2] / "docs/export.md").read_text()
    shutil.copytree(lived, tmp_path / "runs/mine")
    for line in re.findall(r"^\$ paceline (export .*)$", text, re.M):
        shown = paceline_here(*shlex.split(line))
        assert shown.returncode == 0, shown.stderr
    names = {}
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)):
        exec(compile(block, f"export-{number}", "exec"), names)


def test_every_option_has_a_format_that_uses_it():
    fields = set(Options.__dataclass_fields__) - {"format"}
    assert set(_USES) == set(_WRITERS) == set(FORMATS) and set().union(*_USES.values()) == fields

"""A pace as DeepSpeed's difficulties, step by step (DeepSpeed itself follows it in ``test_export_deepspeed.py``)."""

import json

import pytest

from benchmarks.settings import make_suite


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

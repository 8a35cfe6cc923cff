"""The sweep files, run as W&B's agent runs them: its macros, its environment, the client's own file read back."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from process_support import ended
from tests_support import records

from benchmarks.settings import make_teacher

SWEEPS = Path(__file__).parents[2] / "benchmarks" / "sweeps"
FILES = sorted(SWEEPS.glob("*.yaml"))


def sampled(parameters):
    """The first two points: what a grid begins with, or the ends of a range."""
    values = {name: given.get("values") or [given["min"], given["max"]] for name, given in parameters.items()}
    points = [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]
    return points[0], points[-1]


def as_run(sweep, point, folder, start):
    """The agent's command: ``${env}`` is /usr/bin/env, ``${args}`` is --name=value for each parameter; and small."""
    args = [f"--{name}={value}" for name, value in point.items()]
    words = [args if w == "${args}" else ["/usr/bin/env"] if w == "${env}" else [w] for w in sweep["command"]]
    words = [word for part in words for word in part]
    words[words.index("online")] = "offline"
    small = ["--budget", "20", "--batch-size", "8", "--evaluate-every", "10", "--lstm.width", "8", "--out", "out"]
    where = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # as in an activated .venv
    kept = {**os.environ, "PATH": where, "WANDB_SWEEP_ID": "s1", "WANDB_RUN_ID": "agentsrun"}
    return start([*words, *small], cwd=folder, env=kept)


def by_the_shell(words, **where):
    return subprocess.run(words, capture_output=True, text=True, timeout=200, **where)


def by_a_fork(words, **where):
    """As the shell would, in a fifth of the time."""
    assert words[:2] == ["/usr/bin/env", "paceline"]
    return ended(*words[2:], **where)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sweep_runs_as_the_agent_would_run_it(path, tmp_path):
    sweep = yaml.safe_load(path.read_text())
    assert sweep["method"] in ("grid", "random", "bayes") and sweep["program"] == "paceline"
    for point, start in zip(sampled(sweep["parameters"]), (by_the_shell, by_a_fork), strict=True):
        folder = tmp_path / start.__name__
        folder.mkdir()
        done = as_run(sweep, point, folder, start)
        assert done.returncode == 0, done.stderr
        (file,) = folder.glob("out/cells/**/run-*.wandb")
        found = list(records(file))
        config = {
            update.key: json.loads(update.value_json)
            for record in found
            if record.WhichOneof("record_type") == "run"
            for update in record.run.config.update
        }
        assert config["seed"] == point["seed"]
        if "teacher" in point:
            assert config["teacher"] == point["teacher"]
        else:
            assert config["options"]["teacher"]["eta"] == pytest.approx(point["exp3s.eta"])
        summaries = {
            update.key or update.nested_key[0]: json.loads(update.value_json)
            for record in found
            if record.WhichOneof("record_type") == "summary"
            for update in record.summary.update
        }
        assert summaries[sweep["metric"]["name"]] == 20
        assert {r.run.run_id for r in found if r.WhichOneof("record_type") == "run"} == {"agentsrun"}


def test_the_teachers_of_the_comparison_exist():
    for name in yaml.safe_load((SWEEPS / "compare-teachers.yaml").read_text())["parameters"]["teacher"]["values"]:
        make_teacher(name, {})

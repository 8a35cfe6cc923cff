"""Real wandb, offline: the file that it wrote is read back record by record."""

import json
import subprocess
import sys

import pytest
from process_support import ended
from tests_support import command, records

from teacher.health import HEALTH

ARGUMENTS = ("bench", "own:suite", "--students", "own:make_student", "--teachers", "uniform,combined", "--seeds", "2")
QUICK = ("--budget", "60", "--evaluate-every", "20", "--workers", "1", "--out", "out")


def offline_files(tmp_path):
    return sorted(tmp_path.glob("out/cells/**/offline-run-*/run-*.wandb"))


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """The records of a bench of four lifetimes, by run."""
    from tests_support import OWN_MODULE

    folder = tmp_path_factory.mktemp("wandb")
    (folder / "own.py").write_text(OWN_MODULE)
    done = ended(*ARGUMENTS, *QUICK, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, [list(records(path)) for path in offline_files(folder)]


def only(run, kind):
    return [getattr(record, kind) for record in run if record.WhichOneof("record_type") == kind]


def test_one_run_per_lifetime_grouped_without_the_seed(logged):
    runs = [only(run, "run")[0] for run in logged[1]]
    assert len(runs) == 4 and len({run.run_id for run in runs}) == 4
    assert {run.run_group for run in runs} == {
        "own:suite/own:make_student/uniform",
        "own:suite/own:make_student/combined",
    }
    assert {run.job_type for run in runs} == {"bench"} and {run.project for run in runs} == {"paceline"}
    assert {run.display_name for run in runs} >= {"own.suite/own.make_student/uniform/seed-0"}
    config = {update.key: json.loads(update.value_json) for update in runs[0].config.update}
    assert config["schedule"]["budget"] == 60 and config["seed"] in (0, 1)
    assert config["bench_id"] == json.loads((logged[0] / "out" / "settings.json").read_text())["bench_id"]
    assert config["environment"]["torch"] and config["environment"]["revision"] and len(config["arms"]) == 3
    assert len(config["fingerprint"]) == 16


def test_each_family_of_metrics_has_its_own_axis(logged):
    for run in logged[1]:
        axes = {m.glob_name or m.name: m.step_metric for m in only(run, "metric")}
        assert axes["teacher/*"] == "teacher/decision"
        assert axes["student/*"] == "student/tokens"
        assert axes["eval/*"] == "eval/updates"


def history(run):
    return [{"/".join(i.nested_key) or i.key: json.loads(i.value_json) for i in h.item} for h in only(run, "history")]


def test_every_decision_and_evaluation_is_logged_with_its_axis(logged):
    for run in logged[1]:
        rows = history(run)
        decisions = [row for row in rows if "teacher/reward" in row]
        assert [row["teacher/decision"] for row in decisions] == list(range(6))
        weights = [row[f"teacher/weight/addition digits={n}"] for row in decisions[:1] for n in (1, 2, 3)]
        assert sum(weights) == pytest.approx(1)
        assert all({"student/tokens", "student/token_ratio", "student/update_ratio"} <= set(row) for row in decisions)
        health = {f"teacher/{name}" for name in HEALTH}
        assert {"teacher/clip_rate", "teacher/effective_arms", "teacher/alarm"} <= health
        assert all(health <= set(row) for row in decisions)
        evaluations = [row for row in rows if "eval/updates" in row]
        assert [row["eval/updates"] for row in evaluations] == [20, 40, 60]
        for cost in ("tokens", "forward_equivalents"):  # of the decision just before: any cost can be the axis
            spent = {row["student/updates"]: row[f"student/{cost}"] for row in decisions}
            assert [row[f"eval/{cost}"] for row in evaluations] == [spent[20], spent[40], spent[60]]
        seconds = [row["eval/seconds"] for row in evaluations]
        assert 0 < seconds[0] < seconds[1] < seconds[2] < 60
        assert "eval/competence/addition digits=5" in evaluations[0]
        (table,) = [row for row in rows if row.get("teacher/decisions/_type") == "table-file"]
        assert table["teacher/decisions/nrows"] == 6 and table["teacher/decisions/ncols"] >= 8


def test_artifacts_of_teacher_student_results_and_settings(logged):
    for run in logged[1]:
        kinds = {artifact.type for artifact in only(run, "artifact")}
        requested = {r.log_artifact.artifact.type for r in only(run, "request") if r.HasField("log_artifact")}
        assert {"teacher", "student", "results", "settings"} <= kinds | requested


def test_a_resumed_lifetime_goes_on_in_the_same_run(logged, tmp_path):
    """The id derives from the folder's bench id and the cell: the same folder gives the same ids."""
    from benchmarks.gather import planned_cells
    from benchmarks.store import read_json
    from benchmarks.tracking import run_id

    folder, runs = logged
    bench_id = read_json(folder / "out/settings.json")["bench_id"]
    expected = {run_id(bench_id, cell) for cell in planned_cells(folder / "out")}
    assert {only(run, "run")[0].run_id for run in runs} == expected


def test_an_unreachable_server_never_stops_training(paceline, tmp_path):
    import os

    environment = {**os.environ, "WANDB_BASE_URL": "http://127.0.0.1:9", "WANDB_API_KEY": "0" * 40}
    arguments = ("run", "own:suite", "--student", "own:make_student", "--budget", "20", "--out", "out")
    done = paceline(*arguments, "--wandb", "online", env=environment, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "W&B server not reached" in done.stderr and "logging offline" in done.stderr
    assert len(offline_files(tmp_path)) == 1 and (tmp_path / "out/report.html").exists()


def test_not_logged_in_means_offline_and_no_question(paceline, tmp_path):
    import os

    environment = {k: v for k, v in os.environ.items() if k != "WANDB_API_KEY"} | {
        "HOME": str(tmp_path),
        "NETRC": "none",
    }
    arguments = ("run", "own:suite", "--student", "own:make_student", "--budget", "20", "--out", "out")
    done = paceline(*arguments, "--wandb", "online", env=environment)
    assert done.returncode == 0 and "not logged in" in done.stderr


def test_disabled_works_with_wandb_not_installed_and_offline_says_so(tmp_path, paceline):
    hide = "import sys; sys.modules['wandb'] = None; from benchmarks.cli import main; main(sys.argv[1:])"

    def call(mode):
        arguments = [
            "run",
            "own:suite",
            "--student",
            "own:make_student",
            "--budget",
            "20",
            "--out",
            mode,
            "--wandb",
            mode,
        ]
        return subprocess.run(
            [sys.executable, "-c", hide, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )

    assert call("disabled").returncode == 0
    refused = call("offline")
    assert (
        refused.returncode == 2
        and "wandb is not installed: pip install wandb, or give --wandb disabled" in refused.stderr
    )


def test_a_report_pushes_the_standing_with_its_intervals(paceline, paceline_here, tmp_path):
    made = paceline_here(*ARGUMENTS, *QUICK, "--wandb", "disabled")
    assert made.returncode == 0, made.stderr
    for _ in range(2):
        done = paceline("report", "out", "--wandb", "offline", "--project", "papers")
        assert done.returncode == 0 and "(logged for W&B: `wandb sync` later)" in done.stdout, done.stderr
    files = sorted((tmp_path / "out").glob("wandb/offline-run-*/run-*.wandb"))
    runs = [list(records(path)) for path in files]
    assert len({only(run, "run")[0].run_id for run in runs}) == 1  # pushed again into the same run
    begun = only(runs[0], "run")[0]
    assert (begun.job_type, begun.project, begun.run_group) == ("report", "papers", "report")
    logged = " ".join(key for rows in history(runs[0]) for key in rows)
    assert all(name in logged for name in ("report/teachers", "report/pairs", "report/page"))
    table = next(path for path in (tmp_path / "out" / "wandb").rglob("teachers*.table.json"))
    content = json.loads(table.read_text())
    groups = json.loads((tmp_path / "out" / "summary.json").read_text())["groups"]
    by_name = [dict(zip(content["columns"], row, strict=True)) for row in content["data"]]
    assert [row["teacher"] for row in by_name] == [group["teacher"] for group in groups]
    for row, group in zip(by_name, groups, strict=True):
        cost = group["cost_to_mastery"]["updates"]
        assert [row["updates"], row["updates_low"], row["updates_high"]] == [
            cost["mean"],
            *(cost["interval"] or (None, None)),
        ]
    assert only(runs[0], "exit")[0].exit_code == 0


def test_a_report_without_wandb_pushes_nothing(paceline_here, tmp_path):
    assert paceline_here(*ARGUMENTS, *QUICK, "--wandb", "disabled").returncode == 0
    done = paceline_here("report", "out")
    assert done.returncode == 0 and "W&B" not in done.stdout and not list(tmp_path.glob("out/wandb*"))


def test_beside_a_client_that_began_elsewhere_files_lie_in_our_folder(paceline, tmp_path):
    """A process that uses W&B hands its service on to its children, whose relative paths are not the service's."""
    (tmp_path / "elsewhere").mkdir()
    words = ("run", "own:suite", "--student", "own:make_student", "--budget", "20", "--out", "out")
    script = (
        "import os, subprocess, sys, wandb\n"
        "run = wandb.init(mode='offline', dir='.')\n"
        "assert os.environ['WANDB_SERVICE']\n"
        "subprocess.run(sys.argv[1:], cwd='..', check=True)\n"
        "run.finish()\n"
    )
    words = [sys.executable, "-c", script, *command(*words)]
    done = subprocess.run(words, cwd=tmp_path / "elsewhere", capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert len(offline_files(tmp_path)) == 1

"""Real wandb, offline: the file that it wrote is read back record by record."""

import json
import subprocess
import sys

import pytest
from process_support import ended
from tests_support import OWN_MODULE, command, records

from benchmarks.tracking.standing import teachers
from teacher.health import HEALTH

PICTURES = True

ARGUMENTS = ("bench", "own:suite", "--students", "own:make_student", "--teachers", "uniform,combined", "--seeds", "2")
QUICK = ("--budget", "60", "--evaluate-every", "20", "--workers", "1", "--out", "out")
SLOW = """
import envs
import own


def make_student(vocab_size, num_learners=1):
    return envs.ScriptedStudent(own.suite, num_learners, rate=0.01)
"""


def offline_files(tmp_path):
    return sorted(tmp_path.glob("out/cells/**/offline-run-*/run-*.wandb"))


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """The records of a bench of four lifetimes, by run."""
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


def files_of(run):
    """The names of the files in each of a run's artifacts, by its type."""
    logged = [*only(run, "artifact"), *(request.log_artifact.artifact for request in only(run, "request"))]
    return {artifact.type: {entry.path for entry in artifact.manifest.contents} for artifact in logged}


def test_artifacts_of_teacher_student_results_and_settings(logged):
    for run in logged[1]:
        files = files_of(run)
        assert {"teacher", "student", "results", "settings"} <= set(files)
        assert files["results"] == {"results.parquet", "trace.parquet", "failures.parquet"}


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


def table(out, name):
    """The rows of a table that was logged, a dictionary each."""
    (file,) = (out / "wandb").rglob(f"{name}*.table.json")
    content = json.loads(file.read_text())
    return [dict(zip(content["columns"], row, strict=True)) for row in content["data"]]


def ends(name, record, value="mean"):
    """A record's number and the ends of its interval, under the names of columns."""
    low, high = record["interval"] or (None, None)
    return {name: record[value], f"{name}_low": low, f"{name}_high": high}


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """The folder of a bench of two students whose report was pushed, and the records of that."""
    folder = tmp_path_factory.mktemp("pushed")
    (folder / "own.py").write_text(OWN_MODULE)
    (folder / "slow.py").write_text(SLOW)
    words = ("bench", "own:suite", "--students", "own:make_student,slow:make_student", "--seeds", 3, "--workers", 1)
    words += ("--teachers", "uniform,odm", "--budget", 460, "--evaluate-every", 20, "--out", "out")
    made = ended(*words, "--wandb", "disabled", cwd=folder)
    assert made.returncode == 0, made.stderr
    done = ended("report", "out", "--wandb", "offline", "--project", "papers", cwd=folder)
    assert done.returncode == 0 and "(logged for W&B: `wandb sync` later)" in done.stdout, done.stderr
    (file,) = folder.glob("out/wandb/offline-run-*/run-*.wandb")
    return folder / "out", list(records(file))


def test_a_report_pushes_the_standing_with_its_intervals(pushed):
    run = pushed[1]
    begun = only(run, "run")[0]
    assert (begun.job_type, begun.project, begun.run_group) == ("report", "papers", "report")
    logged = " ".join(key for rows in history(run) for key in rows)
    assert all(f"report/{name}" in logged for name in ("teachers", "pairs", "all_suites", "page"))
    tables = {f"{name}.parquet" for name in ("results", "trace", "failures")}
    assert files_of(run)["report"] == {"summary.json", "report.html", *tables}
    assert only(run, "exit")[0].exit_code == 0


def test_the_tables_that_are_pushed_hold_what_the_summary_holds(pushed):
    groups = json.loads((pushed[0] / "summary.json").read_text())["groups"]
    for over in (group["over_uniform"] for group in groups if "over_uniform" in group):
        over["tokens"]["probability_of_improvement"] = {"value": -1.0, "interval": None}  # the page has that of updates
    rows = table(pushed[0], "teachers")
    assert rows == [dict(zip(teachers(groups)[0], row, strict=True)) for row in teachers(groups)[1]]
    assert len(rows) == len(groups) == 4
    for row, group in zip(rows, groups, strict=True):
        held = {name: group[name] for name in ("suite", "student", "teacher", "solve_rate")}
        held |= {"seeds": 3, "mastered_all": group["solve_rate"] == 1}
        for name, record in (("area_under_curve", group["area_under_curve"]), *group["cost_to_mastery"].items()):
            held |= ends(name, record)
        over = group.get("over_uniform", {}).get("updates", {"speedup": None, "bound": None})
        chance = over.get("probability_of_improvement", {"value": None, "interval": None})
        held |= {"speedup": over["speedup"], "bound": over["bound"]}
        assert row == held | ends("probability_of_improvement", chance, "value")
    assert {row["teacher"] for row in rows if row["probability_of_improvement"] is None} == {"uniform"}
    assert any(row["probability_of_improvement_low"] is not None for row in rows)
    compared = [(group, *one) for group in groups for one in group.get("against", {}).items()]
    for row, (group, to, one) in zip(table(pushed[0], "pairs"), compared, strict=True):
        held = {name: group[name] for name in ("suite", "student", "teacher")} | {"against": to}
        held |= {name: one[name] for name in ("pairs", "difference", "ratio", "faster", "p", "p_holm", "pairs_needed")}
        assert row == held | dict(zip(("low", "high"), one["interval"], strict=True))


def test_all_suites_and_students_at_once_are_pushed_as_the_page_has_them(pushed):
    rows, page = table(pushed[0], "all_suites"), (pushed[0] / "report.html").read_text()
    means = [row["interquartile_mean"] for row in rows]
    assert [row["teacher"] for row in rows] == ["odm", "uniform"] and means == sorted(means)  # the best first
    for row in rows:
        value, low, high = (row[f"interquartile_mean{end}"] for end in ("", "_low", "_high"))
        cells = (row["teacher"], row["lifetimes"], f"{value:.3f} [{low:.3f}, {high:.3f}]")
        assert "".join(f"<td>{cell}</td>" for cell in cells) in page
        assert (row["suites"], row["lifetimes"]) == (2, 6)


def test_a_report_pushes_nothing_unless_it_is_told_to_and_again_into_the_same_run(logged):
    done = ended("report", "out", cwd=logged[0])
    assert done.returncode == 0 and "W&B" not in done.stdout and not list(logged[0].glob("out/wandb*"))
    for _ in range(2):
        done = ended("report", "out", "--wandb", "offline", cwd=logged[0])
        assert done.returncode == 0, done.stderr
    runs = [list(records(path)) for path in logged[0].glob("out/wandb/offline-run-*/run-*.wandb")]
    assert len(runs) == 2 and len({only(run, "run")[0].run_id for run in runs}) == 1
    names = " ".join(key for run in runs for rows in history(run) for key in rows)
    assert "report/teachers" in names and "report/all_suites" not in names  # of one suite and student there is none


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

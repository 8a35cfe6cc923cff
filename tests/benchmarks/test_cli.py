"""The command line as its user meets it: what it prints, and one clear line with exit code 2 for each mistake."""

import json
import subprocess
import sys

import pytest
from tests_support import command

from benchmarks.cli import main
from benchmarks.settings import STUDENTS, SUITES, TEACHERS
from benchmarks.store import UserError
from benchmarks.studies.records.table import Tables
from benchmarks.terminal import from_command_line
from envs.progress import SIGNALS


def test_list_shows_everything_there_is(paceline):
    shown = paceline("list")
    assert shown.returncode == 0
    lines = shown.stdout.splitlines()
    for name in (*TEACHERS, *STUDENTS, *SUITES, *SIGNALS):
        assert any(line.split()[:1] == [name] for line in lines), name
    at = lines.index("    addition digits=2")
    inputs, targets = (line[8:] for line in lines[at + 1 : at + 3])
    left, right = inputs.split("=")[0].split("+")
    assert targets == "....." + f"{int(left) + int(right):03}"[::-1]  # least digit first
    assert inputs.split("=")[1] == targets[5:-1]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exp3s", "alpha"),
        ("PG", "eq. 6"),
        ("addition-small", "Worked example"),
        ("lstm", "--lstm.learning-rate 0.002"),
        ("LabelNoise", "1611.03530"),
        ("hf", "Hugging Face data set"),
    ],
)
def test_list_tells_more_of_one(paceline_here, name, words):
    assert words in paceline_here("list", name).stdout


def test_profile_shows_each_arm_and_writes_it_down(paceline_here, tmp_path):
    arguments = ("addition-small", "--student", "lstm", "--batch-size", 8, "--repeats", 1, "--arms", 2)
    shown = paceline_here("profile", *arguments, "--out", tmp_path / "p.json")
    assert shown.returncode == 0, shown.stderr
    rows = json.loads((tmp_path / "p.json").read_text())["arms"]
    assert [row["arm"] for row in rows] == ["addition digits=1", "addition digits=3"]
    assert rows[0]["length"] == 5 and rows[1]["length"] == 11
    assert all(row["generate_ms"] > 0 and row["tokens_per_second"] > 0 for row in rows)
    # The embedding, the states of four gates and the read-out of twice the positions take about twice the memory.
    assert 1.5 < rows[1]["memory_mib"] / rows[0]["memory_mib"] < 3
    assert "digits=3" in shown.stdout and "2 of 3 arms" in shown.stdout
    assert "changed" not in shown.stdout  # nothing is modified


def test_profile_tells_what_modifiers_change_and_cover(paceline_here, tmp_path):
    arguments = ("--batch-size", 64, "--repeats", 1, "--out", tmp_path / "p.json", "--noisy-addition.digits", 1)
    assert "changed" in paceline_here("profile", "noisy-addition", *arguments).stdout
    rows = json.loads((tmp_path / "p.json").read_text())["arms"]
    assert [row["changed"] for row in rows] == pytest.approx([0.0, 0.1, 0.3]) and rows[0]["coverage"] is None
    (tmp_path / "tail.py").write_text("import envs\nsuite = envs.Suite([envs.RareEvents(envs.Copy(lengths=(2, 4)))])\n")
    shown = paceline_here("profile", "tail:suite", "--repeats", 1, "--batch-size", 16, "--out", tmp_path / "p.json")
    rows = json.loads((tmp_path / "p.json").read_text())["arms"]
    assert "covered" in shown.stdout and rows[0]["coverage"] > rows[2]["coverage"] > 0  # even against zipf-2


def test_help_names_the_hyper_parameters(paceline_here):
    shown = paceline_here("bench", "--help")
    assert "--exp3s.eta" in shown.stdout and "--lstm.width" in shown.stdout and "--gru.width" not in shown.stdout
    named = paceline_here("bench", "text", "--students", "gru,tcn", "--help").stdout
    assert "--text.source" in named and "--gru.width" in named and "--tcn.kernel" in named


def test_help_says_what_a_component_is_and_leaves_its_attributes_to_their_flags(paceline_here):
    shown = " ".join(paceline_here("bench", "--teachers", "exp3s", "--help").stdout.replace("│", " ").split())
    assert "exp3s options" in shown and "EXP3 that forgets" in shown.partition("exp3s options")[2][:200]
    assert "--exp3s.eta" in shown and "Attributes:" not in shown


QUICK = ("--budget", "20", "--wandb", "disabled")
HUGE = "99999999999999999999"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("run", "nonsense", *QUICK),
            "unknown suite 'nonsense'; there are: addition, addition-small, addition-reordered",
        ),
        (("run", "--teacher", "guru", *QUICK), "unknown teacher 'guru'; there are: uniform"),
        (
            ("run", "--student", "mlp", *QUICK),
            "unknown student 'mlp'; there are: lstm, lstm-experienced, gru, rnn, transformer",
        ),
        (("profile", "nonsense"), "unknown suite 'nonsense'"),
        (("profile", "addition", "--repeats", "0"), "--repeats must be at least 1; got 0"),
        (("list", "nonsense"), "nothing is called 'nonsense'; there are: addition"),
        (
            ("run", "--tokens-per-update", "64", "--redraw", "sequence", *QUICK),
            "tokens_per_update needs updates of one arm",
        ),
        (("run", "--weighting", "loss", *QUICK), "weighting='loss' weighs the sequences of an update"),
        (("run", "--student", "seq2seq", *QUICK), "student seq2seq needs tasks of one question_length"),
        (("run", "--budget", "0", "--wandb", "disabled"), "budget must be at least 1; got 0"),
        (("run", "--seed", "-1", *QUICK), "seeds must not be negative; got -1"),
        (("run", "--seed", HUGE, *QUICK), f"seeds must be below 2^63; got {HUGE}"),
        (("bench", "--first-seed", str(2**63 - 2), "--seeds", "3", *QUICK), f"seeds must be below 2^63; got {2**63}"),
        (("bench", "--seeds", HUGE, *QUICK), f"seeds must be at most 100,000; got {HUGE}"),
        (("meta-train", "--seed", HUGE), f"seed must be below 2^32; got {HUGE}"),
        (("bench", "--seeds", "0", *QUICK), "seeds must be at least 1; got 0"),
        (("bench", "--workers", "0", *QUICK), "workers must be at least 1; got 0"),
        (("run", "--signal", "MPG", *QUICK), "signal MPG credits one arm per decision: it needs redraw='decision'"),
        (("run", "--exp3.gamma", "0.5", *QUICK), "--exp3.gamma is set, and exp3 is not in this run"),
        (
            ("run", "text", "--student", "transformer", "--text.source", "empty", *QUICK),
            "text source empty holds no files",
        ),
        (("run", "text", "--student", "transformer", "--text.source", "nowhere", *QUICK), "nowhere is not a folder"),
        (("run", "own:nothing", *QUICK), "cannot load 'own:nothing' (expected package.module:name)"),
        (("run", "own:make_student", *QUICK), "own:make_student"),
        (("run", "--student", "missing:make", *QUICK), "cannot load 'missing:make'"),
        (("report", "nowhere"), "nowhere is not a folder of results"),
        (("run", "--checkpoint-every", "0", *QUICK), "checkpoint_every must be at least 1; got 0"),
        (("run", "--student", "own:nothing_made", *QUICK), "must make an nn.Module, or a student of 1 learners"),
        (("run", "--student", "own:broken", *QUICK), "ZeroDivisionError"),
        (("doctor", "own:missing"), "cannot load 'own:missing'"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_line_and_exit_code_2(paceline_here, tmp_path, arguments, message):
    (tmp_path / "empty").mkdir()
    said = paceline_here(*arguments)
    assert said.returncode == 2
    assert message in said.stderr and said.stderr.count("\n") == 1, said.stderr
    assert not list(tmp_path.glob("runs/*/cells"))


@pytest.mark.parametrize(
    "arguments", [("run", "--exp3s.speed", "1"), ("run", "--exp3s.eta", "fast"), ("fly",)], ids=str
)
def test_unknown_flags_and_values_exit_with_2(paceline_here, arguments):
    said = paceline_here(*arguments)
    assert said.returncode == 2 and "Traceback" not in said.stderr


def test_an_out_of_range_hyper_parameter_is_said(paceline_here):
    said = paceline_here("run", "--teacher", "exp3", "--exp3.gamma", "0", *QUICK)
    assert said.returncode == 2 and "gamma must be in (0, 1]; got 0.0 (0 never updates a weight)" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_closed_pipe_is_said_and_the_run_is_complete(tmp_path, paceline):
    arguments = ("run", "own:suite", "--student", "own:make_student", *QUICK, "--out", "out")
    process = subprocess.Popen(
        command(*arguments), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()  # the reader has gone before the first line
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0
    assert "the output was closed before its end; files are complete" in said and "Traceback" not in said
    assert (tmp_path / "out/report.html").exists()


def test_a_closed_pipe_behind_list_is_said_too(tmp_path):
    process = subprocess.Popen(command("list"), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0 and "the output was closed before its end" in said and "Traceback" not in said


def test_a_full_device_behind_standard_output_is_said(tmp_path):
    with open("/dev/full", "w") as full:
        said = subprocess.run(command("list"), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, cwd=tmp_path)
    assert said.returncode == 2 and "No space left on device" in said.stderr and "Traceback" not in said.stderr


def test_a_full_disk_in_the_middle_of_a_run_is_said_and_the_run_goes_on_later(tmp_path, paceline):
    """The operating system's limit on the size of files: the first checkpoint does not fit."""
    arguments = command("run", "--lstm.width", "64", "--batch-size", "8", "--budget", "40", "--wandb", "disabled")
    arguments += ["--checkpoint-every", "1", "--out", "out"]
    limited = (
        "import resource, sys, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        "sys.argv[1:] = sys.argv[1:]; runpy.run_module('benchmarks', run_name='__main__')"
    )
    said = subprocess.run(
        [sys.executable, "-c", limited, *arguments[3:]], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert said.returncode == 2 and "cannot write" in said.stderr and "free space" in said.stderr, said.stderr
    assert "Traceback" not in said.stderr and not list(tmp_path.glob("out/**/*.tmp"))
    assert paceline(*arguments[3:]).returncode == 0


def test_an_interrupt_says_how_to_go_on(monkeypatch, capsys):
    from benchmarks import terminal

    def stop():
        raise KeyboardInterrupt

    assert terminal.guarded(stop) == 130
    assert "goes on where it was" in capsys.readouterr().err


def test_doctor_prints_every_law_and_what_is_wrong(paceline, tmp_path):
    (tmp_path / "models.py").write_text(
        "import torch\n"
        "import student\n"
        "def good(vocab_size):\n    return student.LSTM(vocab_size, 16)\n"
        "class Leaky(torch.nn.Module):\n"
        "    def __init__(self, v):\n"
        "        super().__init__(); self.e = torch.nn.Embedding(v, 8)\n"
        "        self.l = torch.nn.LSTM(8, 8, batch_first=True, bidirectional=True); self.o = torch.nn.Linear(16, v)\n"
        "    def forward(self, x):\n        return self.o(self.l(self.e(x))[0])\n"
        "def leaky(vocab_size):\n    return Leaky(vocab_size)\n"
    )
    good = paceline("doctor", "models:good")
    assert good.returncode == 0 and "14 of 14 laws hold: models:good is ready to be taught" in good.stdout
    assert "pass  stop_and_resume_is_exact" in good.stdout
    bad = paceline("doctor", "models:leaky")
    assert bad.returncode == 1 and "FAIL  no_leak_from_the_future: later tokens change the scores" in bad.stdout


def test_a_users_own_suite_student_and_teacher_run_by_reference(paceline, tmp_path):
    (tmp_path / "mine.py").write_text("from teacher import Uniform\ndef make_teacher():\n    return Uniform()\n")
    done = paceline(
        *("run", "own:suite", "--student", "own:make_student", "--teacher", "mine:make_teacher", *QUICK, "--out", "out")
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/cells/own.suite/own.make_student/mine.make_teacher/seed-0/summary.json").exists()
    assert "report: out/report.html" in done.stdout


@pytest.mark.parametrize("flag", ["--results", "--runs", "--pages"])
def test_nor_is_one_of_a_program_of_its_own(monkeypatch, flag):
    monkeypatch.setattr(sys, "argv", ["records", "table", flag, ""])
    with pytest.raises(UserError, match=f"{flag} is empty"):
        from_command_line({"table": Tables}, "records")


@pytest.mark.parametrize("words", [["--out", ""], ["--out="]])
def test_a_folder_without_a_name_is_not_the_working_folder(capsys, words):
    with pytest.raises(SystemExit) as end:
        main(["run", "copy", *words])
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert said.startswith("paceline: --out is empty") and said.count("\n") == 1
